"""The hooks save time and change nothing: tried on the small book, with MkDocs itself."""

import json
import logging
import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.pages import Page

from book import depends, prepare

HOOKS = Path(__file__).parents[2] / "book" / "hooks.py"


@pytest.fixture
def settings(tree):
    """Give the small book the search plugin, with and without the hooks."""
    text = (tree.root / "mkdocs.yml").read_text()
    plain = text.replace("plugins: []", "plugins: [material/search]") + "validation: {anchors: warn}\n"
    tree.write("plain.yml", plain)
    tree.write("mkdocs.yml", plain + f"hooks: [{HOOKS}]\n")
    return tree


def built(tree, file="mkdocs.yml", command="build"):
    """Build the small book in this process and return the folder of the site."""
    site = tree.root / f"site-{file}"
    config = load_config(str(tree.root / file), site_dir=str(site))
    config.plugins.on_startup(command=command, dirty=False)
    build(config)
    return site


@pytest.fixture
def rendered(monkeypatch):
    """List the pages that MkDocs renders."""
    names, render = [], Page.render
    monkeypatch.setattr(Page, "render", lambda page, *rest: names.append(page.file.src_uri) or render(page, *rest))
    return names


def entries(site):
    """Return the texts of the search index without spaces, which say nothing."""
    index = json.loads((site / "search" / "search_index.json").read_text())
    return [(entry["location"], re.sub(r"\s", "", entry["text"])) for entry in index["docs"]]


def test_pages_and_search_are_those_that_come_without_hooks(settings):
    with_hooks, without = built(settings), built(settings, "plain.yml")
    page = (with_hooks / "part/toy/index.html").read_text()
    assert page == (without / "part/toy/index.html").read_text()
    assert page.count("katex-html") > 1
    assert "lifted" not in page
    assert entries(with_hooks) == entries(without)
    assert any("Theliney=2x." in text for _, text in entries(with_hooks))
    assert any("defdouble(" in text for _, text in entries(with_hooks))


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


def test_a_build_renders_every_page(settings, rendered):
    built(settings)
    built(settings)
    assert rendered.count("part/toy.md") == 2


def test_while_serving_only_what_changed_is_rendered_again(settings, rendered):
    built(settings, command="serve")
    first = (settings.root / "site-mkdocs.yml/part/toy/index.html").read_text()
    rendered.clear()
    assert (built(settings, command="serve") / "part/toy/index.html").read_text() == first
    assert rendered == []
    settings.edit("docs/reference/bibliography.md", "A title.", "Another title.")
    built(settings, command="serve")
    assert rendered == ["reference/bibliography.md"]


def test_a_snippet_that_changed_is_shown_while_serving(settings, rendered):
    built(settings, command="serve")
    rendered.clear()
    settings.edit("snippets/part/toy.py", "return FACTOR * x", "return x * FACTOR")
    page = built(settings, command="serve") / "part/toy/index.html"
    assert "part/toy.md" in rendered
    assert "x * FACTOR" in re.sub(r"<[^>]*>", "", page.read_text())


def test_a_new_claim_reaches_the_ledger_while_serving(settings, rendered):
    built(settings, command="serve")
    rendered.clear()
    settings.edit("docs/part/toy.md", "/// theorem | Doubling $x$ is linear", "/// theorem | To double $x$ is linear")
    ledger = built(settings, command="serve") / "reference/claims/index.html"
    assert set(rendered) == {"part/toy.md", "reference/claims.md"}
    assert "To double" in ledger.read_text()


def test_links_are_checked_also_from_pages_that_are_kept(settings, rendered, caplog):
    settings.edit("docs/part/toy.md", "That is all.", "That is all, [and more](../reference/bibliography.md#more).")
    settings.edit("docs/reference/bibliography.md", "# Bibliography", "# Bibliography\n\n## More")
    built(settings, command="serve")
    rendered.clear()
    settings.edit("docs/reference/bibliography.md", "## More", "## Less")
    with caplog.at_level(logging.WARNING, logger="mkdocs"):
        built(settings, command="serve")
    assert rendered == ["reference/bibliography.md"]
    assert "does not contain an anchor '#more'" in caplog.text


def test_after_an_edit_pages_and_search_are_those_of_a_new_build(settings):
    built(settings, command="serve")
    settings.edit("docs/part/toy.md", "# A toy", "# A plaything")
    served = built(settings, command="serve")
    new = built(settings, "plain.yml")
    pages = [page.relative_to(new) for page in sorted(new.rglob("*.html"))]
    assert len(pages) >= 3
    for page in pages:
        assert (served / page).read_text() == (new / page).read_text(), page
    assert "A plaything" in (served / "reference/claims/index.html").read_text()  # in the navigation
    assert entries(served) == entries(new)


def test_only_what_changed_is_put_into_its_template_and_searched_again(settings, monkeypatch):
    from material.plugins.search.plugin import SearchIndex

    built(settings, command="serve")
    read, add = [], SearchIndex.create_entry_for_section
    monkeypatch.setattr(SearchIndex, "create_entry_for_section", lambda self, *of: read.append(of[2]) or add(self, *of))
    settings.edit("docs/part/toy.md", "Two is", "In the beginning\n\nTwo is")  # the claims move down, the ledger stays
    settings.edit("docs/part/toy.md", "That is all.", "That is nearly all.")
    served = built(settings, command="serve")
    assert set(read) == {"part/toy/"}
    assert sorted(entries(served)) == sorted(entries(built(settings, "plain.yml")))
    assert "That is nearly all." in (served / "part/toy/index.html").read_text()


def test_a_build_that_failed_midway_leaves_no_empty_page(settings, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("mkdocs.commands.build.get_context", lambda *given, **named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            built(settings, command="serve")
    assert "A toy" in (built(settings, command="serve") / "part/toy/index.html").read_text()


def serve(settings, monkeypatch):
    """Have the hooks meet a server as MkDocs makes one; return its observer and the thread that was started."""
    config = load_config(str(settings.root / "mkdocs.yml"))
    server = LiveReloadServer(builder=None, host="127.0.0.1", port=0, root=".")
    server.watch(config.docs_dir)
    server.watch(config.config_file_path)
    started = []
    monkeypatch.setattr("threading.Thread.start", lambda thread: started.append(thread))
    config.plugins.on_serve(server, config=config, builder=None)
    for item in config.watch:
        server.watch(item)
    server.server_close()
    return server.observer, started


def test_the_first_edit_finds_the_sources_read(settings, monkeypatch):
    built(settings, command="serve")
    depends.parse_text.cache_clear()
    depends._parsed.clear()
    monkeypatch.setattr(prepare, "_fresh_code", None)  # as in a process that finds all made
    _, (thread,) = serve(settings, monkeypatch)
    thread.run()
    assert settings.root / "snippets/part/toy.py" in depends._parsed


def test_the_server_watches_what_is_written_by_hand(settings, monkeypatch):
    settings.edit("mkdocs.yml", "site_name: Toy", "site_name: Toy\nwatch: [snippets]")
    built(settings, command="serve")
    (settings.root / "snippets/part/__pycache__").mkdir(exist_ok=True)
    observer, _ = serve(settings, monkeypatch)
    watched = {(Path(e.watch.path).relative_to(settings.root), e.watch.is_recursive) for e in observer.emitters}
    folders = {"docs", "docs/part", "docs/reference", "docs/assets", "snippets", "snippets/part"}
    assert watched == {(Path(folder), False) for folder in folders} | {(Path(), False)}  # the last for mkdocs.yml
    assert {emitter.timeout for emitter in observer.emitters} == {0.1}
