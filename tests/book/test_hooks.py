"""What MkDocs tells the book: tried on the small book, with MkDocs itself."""

import json
import logging
import os
import re
import shutil
import types
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.pages import Page

from book import extension, hooks, prepare, work
from book.reading import policy, search

HOOKS = Path(__file__).parents[2] / "book" / "hooks.py"
TOY = "part/toy/index.html"


@pytest.fixture
def settings(tree):
    """Give the small book the search plugin, with the hooks, and with no more of them than tells the page."""
    text = (tree.root / "mkdocs.yml").read_text()
    plain = text.replace("plugins: []", "plugins: [material/search]") + "validation: {anchors: warn}\n"
    tree.write("plain.yml", plain + "hooks: [tell.py]\n")
    tree.write("tell.py", "from book.hooks import on_page_markdown\n")
    tree.write("mkdocs.yml", plain + f"hooks: [{HOOKS}]\n")
    return tree


@pytest.fixture
def rendered(monkeypatch):
    """List the pages that MkDocs renders."""
    names, render = [], Page.render
    monkeypatch.setattr(Page, "render", lambda page, *rest: names.append(page.file.src_uri) or render(page, *rest))
    return names


def built(tree, file="mkdocs.yml", command="build", dirty=False, strict=False):
    """Build the small book in this process and return the folder of the site."""
    site = tree.root / f"site-{file}"
    config = load_config(str(tree.root / file), site_dir=str(site), strict=strict)
    config.plugins.on_startup(command=command, dirty=dirty)
    build(config, dirty=dirty)
    assert config.site_dir == str(site)
    return site


def entries(site):
    """Return the texts of the search index without spaces, which say nothing."""
    index = json.loads((site / "search" / "search_index.json").read_text())
    return [(entry["location"], re.sub(r"\s", "", entry["text"])) for entry in index["docs"]]


def test_pages_and_search_are_those_that_come_without_hooks(settings):
    with_hooks, without = built(settings), built(settings, "plain.yml")
    page = (with_hooks / TOY).read_text()
    assert re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n', "", page, count=1) == policy.without_indents(
        (without / TOY).read_text()
    )
    assert page.count("katex-html") > 1
    assert "lifted" not in page
    assert entries(with_hooks) == entries(without)
    assert any("Theliney=2x." in text for _, text in entries(with_hooks))
    assert any("defdouble(" in text for _, text in entries(with_hooks))


def test_a_letter_in_a_style_of_its_own_is_found_with_and_without_it(settings):
    settings.edit("docs/part/toy.md", "That is all.", r"The loss $\mathcal{E}$ of $\mathfrak{s}$ and $\mathcal{D}$.")
    text = "".join(text for _, text in entries(built(settings)))
    for signs in ("Eℰ", "s𝔰", "D𝒟"):
        assert signs in text


def test_indents_go_around_the_article_and_nowhere_else():
    page = "<head>\n\n    <title>\n  </head>\n <article>\n  <pre>\n  a\n</pre></article>\n\n </body>"
    tight = "<head>\n<title>\n</head>\n<article>\n  <pre>\n  a\n</pre></article>\n</body>"
    assert policy.without_indents(page) == tight
    assert policy.without_indents("<pre>\n  a</pre>") == "<pre>\n  a</pre>"


def test_the_sheet_of_the_site_has_no_rule_that_nothing_asks_for(settings):
    sheet = "assets/generated/site.css"
    site = built(settings)
    for folder, unused in ((settings.root / "docs", True), (site, False)):
        css = (folder / sheet).read_text()
        assert ".md-typeset{" in css
        assert (".md-gone{" in css) == unused


def test_every_file_of_the_site_can_be_read_by_a_web_server(settings):
    before = os.umask(0o077)
    try:
        site = built(settings)
    finally:
        os.umask(before)
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in [site, *site.rglob("*")]}
    assert modes == {(True, 0o755), (False, 0o644)}


def test_search_reads_neither_layout_nor_colours(settings, monkeypatch):
    from material.plugins.search.plugin import SearchIndex

    read = []
    add = SearchIndex.add_entry_from_context
    monkeypatch.setattr(
        SearchIndex, "add_entry_from_context", lambda self, page: read.append(page.content) or add(self, page)
    )
    built(settings)
    toy = next(text for text in read if "double" in text)
    assert "katex" not in toy
    assert not re.search(r'<code[^>]*>[^\0]*?<span class="k">', toy)


def test_the_book_is_looked_at_once_a_build(settings, monkeypatch):
    looks, current = [], prepare._current
    monkeypatch.setattr(prepare, "_current", lambda: looks.append(1) or current())
    built(settings)
    assert len(looks) == 1
    settings.edit("snippets/figures/part/toy.py", "12345", "54321")
    assert "54,321" in (built(settings) / TOY).read_text()
    assert len(looks) == 2


FAULTS = {
    "a loose end": ("id: LA-101", "id: LA-111", Abort, "claim 'LA-111' has no test"),
    "a formula": ("$y=2x$", r"$y=\frac{2x$", Abort, r"docs/part/toy\.md:9: KaTeX parse error"),
    "a warning": ("That is all.", "[All](nowhere.md).", Abort, "nowhere.md"),
}


@pytest.mark.parametrize(("old", "new", "error", "message"), FAULTS.values(), ids=FAULTS)
def test_a_build_that_fails_leaves_the_last_site(settings, caplog, old, new, error, message):
    """Before, while and after pages are rendered; what the preparation finds is not put on a page."""
    before = (built(settings, strict=True) / TOY).read_text()
    settings.edit("docs/part/toy.md", old, new)
    with caplog.at_level(logging.WARNING, logger="mkdocs"), pytest.raises(error):
        built(settings, strict=True)
    assert re.search(message, caplog.text)
    assert ("Error reading page" in caplog.text) == ("KaTeX" in message)
    site = settings.root / "site-mkdocs.yml"
    assert (site / TOY).read_text() == before
    assert (site / "search/search_index.json").exists()
    settings.edit("docs/part/toy.md", new, old)
    assert (built(settings, strict=True) / TOY).read_text() == before


def test_a_full_disk_leaves_the_last_site_and_one_line(settings, monkeypatch):
    before = (built(settings) / TOY).read_text()

    def full(*given):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("mkdocs.utils.write_file", full)
        with pytest.raises(Abort, match=r"^Error: the site is not built: .*No space left on device$"):
            built(settings)
    assert (settings.root / "site-mkdocs.yml" / TOY).read_text() == before
    built(settings)


@pytest.mark.parametrize("locked", ["site-mkdocs.yml", ""], ids=["the site", "the folder around it"])
def test_a_folder_that_cannot_be_written_is_named_before_anything_is_made(settings, monkeypatch, locked):
    before = (built(settings) / TOY).read_text()
    folder, made = settings.root / locked, []
    with monkeypatch.context() as broken:
        broken.setattr(os, "access", lambda path, mode: Path(path) != folder)  # root may write anywhere
        broken.setattr(prepare, "begin", lambda: made.append("something"))
        with pytest.raises(Abort, match=rf"^Error: the site is not built: the folder {folder} is read-only: "):
            built(settings)
    assert made == []
    assert (settings.root / "site-mkdocs.yml" / TOY).read_text() == before
    built(settings)


def test_with_dirty_what_shows_a_change_is_rendered_again_and_nothing_else(settings, rendered):
    """A page whose text changed, or its code, its numbers or, in the ledger, the claims of others."""

    def after(file, old, new):
        settings.edit(file, old, new)
        rendered.clear()
        built(settings, command="serve", dirty=True)
        return set(rendered)

    site = built(settings, command="serve", dirty=True)
    assert after("docs/part/toy.md", "That is all.", "That is nearly all.") == {"part/toy.md"}
    assert after("snippets/part/toy.py", "return FACTOR * x", "return x * FACTOR") == {"part/toy.md"}
    assert "x * FACTOR" in re.sub(r"<[^>]*>", "", (site / TOY).read_text())
    assert after("docs/part/toy.md", "theorem | Doubling $x$ is", "theorem | To double $x$ is") == {
        "part/toy.md",
        "reference/claims.md",
        "reference/errata.md",
    }
    assert "To double" in (site / "reference/claims/index.html").read_text()
    assert after("tests/part/test_toy.py", "Double.", "Twice.") == {
        "part/toy.md",
        "reference/claims.md",
        "reference/errata.md",
    }
    assert after("snippets/figures/part/toy.py", "12345", "54321") >= {"part/toy.md"}
    rendered.clear()
    built(settings, command="serve", dirty=True)
    assert rendered == []


def test_the_server_watches_what_is_written_by_hand(settings, monkeypatch):
    """Also in folders that are made later, but for a new part; and not what the build makes. It is ready for work."""
    ready = []
    monkeypatch.setattr(work, "await_work", lambda: ready.append("ready"))
    settings.edit("mkdocs.yml", "site_name: Toy", "site_name: Toy\nwatch: [snippets]")
    built(settings, command="serve")
    config = load_config(str(settings.root / "mkdocs.yml"))
    server = LiveReloadServer(builder=None, host="127.0.0.1", port=0, root=".")
    server.watch(config.docs_dir)
    config.plugins.on_serve(server, config=config, builder=None)
    for item in config.watch:
        server.watch(item)
    server.server_close()
    assert ready == ["ready"]
    watched = {
        (str(Path(e.watch.path).relative_to(settings.root)), e.watch.is_recursive) for e in server.observer.emitters
    }
    prepare.then()
    assert [file.name for file in (settings.root / ".book" / "tested").iterdir()] == ["done"]
    assert watched == {
        (".book/tested", True),
        ("docs", False),
        ("docs/assets", False),
        ("docs/part", True),
        ("docs/reference", True),
        ("snippets", True),
    }


def test_a_site_that_was_never_built_or_was_removed_is_built(settings):
    shutil.rmtree(built(settings))
    assert (built(settings) / TOY).exists()


@pytest.mark.parametrize("address", ["github.com/owner/name", "https://", "a b"])
def test_an_address_that_is_none_is_refused(address):
    config = MkDocsConfig()
    config.extra = {"repository": address}
    with pytest.raises(Abort, match=f"REPOSITORY '{address}' is no address: write https://github.com/owner/name"):
        hooks.on_config(config)


def test_an_address_or_none_at_all_will_do():
    config = MkDocsConfig()
    for address in ("", None, "https://github.com/owner/name", "https://example.org/group/sub/name/"):
        config.extra = {"repository": address}
        hooks.on_config(config)


def test_only_the_page_for_what_is_not_there_gets_a_policy_among_templates(monkeypatch):
    monkeypatch.setattr(hooks, "_serving", False, raising=False)
    page = "<head></head>"
    for name, changed in (("404.html", True), ("403.html", False), ("main.html", False), ("sitemap.xml", False)):
        assert (hooks.on_post_template(page, template_name=name, config=None) != page) == changed


def test_letters_in_a_style_are_found_as_their_signs():
    """A letter is looked up in its style, and stays as it is where Unicode has none."""
    found = {
        style: search._styled(re.match(r"(.+) (.)", f"{style} E")) for style in ("script", "fraktur", "double-struck")
    }
    assert found == {"script": "ℰ", "fraktur": "𝔈", "double-struck": "𝔼"}
    assert search._styled(re.match(r"(.+) (.)", "wavy E")) == "E"


def test_labs_lose_what_their_converter_adds():
    """Pilcrows and buttons of another kind go, and the book's own copy button comes."""
    html = (
        '<h2>Two<a class="anchor-link" href="#Two">¶</a></h2><div class="highlight-ipynb hl-python highlight">x</div>'
    )
    page = types.SimpleNamespace(file=types.SimpleNamespace(src_uri="labs/toy.py"))
    shown = hooks.on_page_content(html, page=page, config=None, files=None)
    assert shown == f'<h2>Two</h2><div class="highlight-ipynb hl-python highlight">{extension.COPY}x</div>'
