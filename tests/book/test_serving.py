"""What a page says while the book is served and something is wrong."""

import html
import logging
import re
import threading
from unittest.mock import Mock

import pytest
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, ConfigurationError
from mkdocs.livereload import LiveReloadServer

from book import pages, prepare
from book.catalogue import Catalogue
from book.writing import serving
from tests.book.test_hooks import TOY, built, settings  # noqa: F401

FAULTS = {
    "the preparation": ("docs/part/toy.md", "    id: LA-101", "    id: LA-999", r"docs/part/toy\.md:\d+: .*LA-999"),
    "a listing": ("docs/part/toy.md", "double(2.5)]", "double(2.5]", r"docs/part/toy\.md:\d+: "),
    "an output": ("docs/part/toy.md", "[2.0, 5.0]", "[2.0, 6.0]", r"docs/part/toy\.md:\d+: .*record"),
    "a formula": ("docs/part/toy.md", "$y=2x$", r"$y=\frac{2x$", r"docs/part/toy\.md:9: KaTeX parse error"),
    "an anchor": ("docs/part/toy.md", "That is all.", "[All](#nowhere).", "part/toy.md.*'#nowhere'"),
    "a snippet": ("snippets/part/toy.py", "return FACTOR", "return (FACTOR", r"snippets/part/toy\.py:\d+: "),
    "the settings": ("mkdocs.yml", "site_name: Toy", "site_name: [Toy", r"mkdocs\.yml.* line \d+"),
    "a plugin": ("mkdocs.yml", "material/search", "material/serach", "serach"),
}


@pytest.fixture
def server(settings):  # noqa: F811
    """Serve the small book, without a network."""
    tree = settings
    root = built(tree, command="serve", dirty=True)
    here = LiveReloadServer(lambda: built(tree, command="serve", dirty=True), "127.0.0.1", 0, str(root))
    config = load_config(str(tree.root / "mkdocs.yml"))
    here.watch(config.docs_dir)
    config.plugins.on_serve(here, config=config, builder=here.builder)
    for name in ("mkdocs.yml", "snippets"):
        here.watch(str(tree.root / name))
    prepare.then = None  # tests run before the pages, as in a build
    yield here
    here.server_close()


def shown(server, address="/part/toy/"):
    """Return a page as a browser gets it, and what it says of the build."""
    answer = []
    body = b"".join(server.get_app()({"PATH_INFO": address}, lambda *given: answer.extend(given)))
    status, headers = answer
    assert dict(headers).get("Content-Length", str(len(body))) == str(len(body))
    alert = re.search(r'<div role="alert".*?</div></body>', body.decode(), re.DOTALL)
    return status, body.decode(), html.unescape(re.sub("<[^>]*>", "", alert[0])) if alert else ""


@pytest.mark.parametrize(("file", "old", "new", "said"), FAULTS.values(), ids=FAULTS)
def test_page_says_what_is_wrong_until_it_is_mended(server, settings, file, old, new, said):  # noqa: F811
    """The builder does not raise, so that the server goes on; the page is there, and the site holds nothing of it."""
    settings.edit(file, old, new)
    server.builder()
    status, page, alert = shown(server)
    assert status == "200 OK"
    assert "A toy" in page
    assert re.search(said, alert, re.DOTALL), alert
    assert 'role="alert"' not in (settings.root / "site-mkdocs.yml" / TOY).read_text()
    settings.edit(file, new, old)
    server.builder()
    assert shown(server)[2] == ""


@pytest.mark.parametrize(
    ("error", "trace", "message"),
    [
        (RuntimeError("a fault of the tool"), True, "\na fault of the tool"),
        (ValueError(), True, "\nValueError"),
        (ConfigurationError("no such setting"), False, "\nno such setting"),
        (Abort("Error: read-only"), False, "\nError: read-only"),
    ],
)
def test_terminal_has_a_trace_of_what_nobody_explained(server, capsys, error, trace, message):
    """The page has the message of either, or else its name; what was heard before stands above it, but for an abort."""
    server.builder = Mock(side_effect=error)
    serving.tell(server)
    server.builder()
    said = capsys.readouterr().err
    assert str(error) in said
    assert ("Traceback" in said) == trace
    assert shown(server)[2] == f"{serving.FAILED}{message}"
    headers = []
    index = {"PATH_INFO": "/search/search_index.json"}
    server.get_app()(index, lambda status, given: headers.extend(given)).close()
    assert ("Content-Type", "text/html") not in headers

    def warns():
        logging.getLogger("mkdocs.build").warning("before it")
        raise error

    server.builder = warns
    serving.tell(server)
    server.builder()
    assert shown(server)[2].endswith("before it" if isinstance(error, Abort) else f"before it{message}")


def test_page_comes_before_the_tests_are_done_and_says_so(server, settings):  # noqa: F811
    """When they are, the file is touched that the server watches, so that it builds once more."""
    done, go = threading.Event(), threading.Event()
    test = prepare._test

    def waits(tests):
        assert go.wait(60)
        return test(tests)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "_test", lambda tests: waits(tests) if tests else {})
        patch.setattr(prepare, "then", done.set)
        settings.edit("snippets/part/toy.py", "Double x.", "Double it.")
        server.builder()
        status, page, alert = shown(server)
        assert status == "200 OK"
        assert "Double it." in page
        assert "tests of claims still run, 1 of them" in alert
        assert not done.is_set()
        go.set()
        assert done.wait(60)
        prepare._behind.join()
        settings.write(".book/tested/done", "")
        server.builder()
        assert shown(server)[2] == ""


@pytest.mark.parametrize("kind", ["ledger", "numbers", "errata", "code", "chapters", "note"])
def test_a_page_that_is_made_of_all_changes_with_any(server, settings, kind):  # noqa: F811
    settings.write("docs/part/toy.md", f"# A toy\n\n/// {kind}\n///\n")
    page, known = pages.read("part/toy.md"), Catalogue()
    assert (serving._state(page, known, "before") == serving._state(page, known, "after")) == (kind == "note")


@pytest.mark.parametrize(
    ("name", "is_edit"),
    [
        (None, False),
        ("snippets/part/__pycache__/toy.pyc", False),
        ("snippets/part/__pycache__/toy.pyc.1234", False),
        ("docs/assets/generated/figures/a.svg", False),
        ("snippets/part/toy.py", True),
        ("snippets/new/first.py", True),
        ("docs/part/toy.md", True),
        ("docs/assets/a.png", True),
        ("mkdocs.yml", True),
        (".book/tested/done", True),
    ],
)
def test_bytecode_is_no_edit(server, settings, name, is_edit):  # noqa: F811
    """A run of the tests leaves it behind, and the server looks at all files of a folder; the first build is done."""
    (settings.root / "snippets/part/gone.py").symlink_to("gone.py")
    build, config = Mock(), load_config(str(settings.root / "mkdocs.yml"))
    new = LiveReloadServer(build, "127.0.0.1", 0, str(settings.root))
    config.watch = [str(settings.root / "snippets")]
    for path in (config.docs_dir, config.config_file_path):
        new.watch(path)
    config.plugins.on_serve(new, config=config, builder=build)
    if name:
        settings.write(name, "x")
    new.builder()
    new.builder()
    new.server_close()
    assert build.call_count == is_edit


def test_what_the_server_complains_of_is_not_told(server):
    """A request for what is not there is no fault of the build."""
    build = server.builder
    server.builder = lambda: (build(), logging.getLogger("mkdocs.livereload").warning("code 404"))
    serving.tell(server)
    server.builder()
    assert shown(server)[2] == ""
    assert shown(server, "/nowhere/")[0].startswith("404")
