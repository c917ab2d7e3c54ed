"""Every playground in a real browser, alone on a page: one contract for all."""

import functools
import http.server
import json
import os
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from book import prepare, project

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MODULES = project.DOCS / "playgrounds"
NAMES = sorted(path.stem for path in MODULES.glob("*.js") if "export const start =" in path.read_text())
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
FIGURE = "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='150'><rect width='300' height='150' fill='#888'/></svg>"
PAGE = """<!doctype html><html lang="en" data-md-color-scheme="{scheme}"><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><link rel="stylesheet" href="colours.css"><link rel="stylesheet" href="playgrounds/play.css">
<link rel="stylesheet" href="page.css"><main><h1>A page</h1><div id="above"></div>
<figure><play-ground data-play="{name}" data-key="x"><img src="figure.svg" width="300" height="150" alt="The figure"></play-ground>
<figcaption><p>What the figure shows, in as many words as a caption of this book has: two or three lines on a wide page, four or
five on a phone, where each line holds about forty letters.</p></figcaption></figure><div id="below"></div></main><script type="module" src="playgrounds/page.js"></script></html>"""
STYLE = """html { font-size: 125%; --sans: sans-serif; } body { margin: 0; background: var(--paper); color: var(--ink); font-family: serif; }
main { max-width: 708px; margin: 0 auto; padding: 0 16px; } figure { margin: 0; } #above { height: 1800px; } #below { height: 1200px; }"""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"),
    reason="no Chromium on this machine: install it (Debian: apt-get install chromium) to test the playgrounds in a browser",
)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the pages under the policy that the site recommends."""

    def log_message(self, *args):
        """Say nothing."""

    def end_headers(self):
        """Forbid everything that is not the site's own."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Lay out one page a playground and scheme; yield its address."""
    prepare.ensure()
    folder = tmp_path_factory.mktemp("playgrounds")
    shutil.copytree(MODULES, folder / "playgrounds")
    shutil.copytree(project.GENERATED / "data", folder / "assets" / "generated" / "data")
    shutil.copy(project.DOCS / "assets" / "css" / "colours.css", folder)
    (folder / "page.css").write_text(STYLE)
    (folder / "figure.svg").write_text(FIGURE)
    for name in NAMES:
        for scheme in ("default", "slate"):
            (folder / f"{name}-{scheme}.html").write_text(PAGE.format(name=name, scheme=scheme))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, root):
    """Open pages whose console must stay silent."""
    opened, said = [], []

    def visit(name, query="", scheme="default", width=760, scroll=True, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{root}/{name}-{scheme}.html{query}")
        if scroll:
            open_it(page)
        return page

    yield visit
    for context in opened:
        context.close()
    assert said == []


def open_it(page):
    page.locator("play-ground").scroll_into_view_if_needed()
    page.wait_for_selector("play-ground.is-open")
    page.wait_for_timeout(60)


def picture(page):
    """Return all that a playground shows: its readings, its drawing and its pictures."""
    page.wait_for_timeout(60)
    return page.evaluate("""() => [
      ...[...document.querySelectorAll("play-ground output")].map((o) => o.textContent),
      ...[...document.querySelectorAll("play-ground svg :is(path, circle, rect, text, g)")].map((e) => [...e.attributes].filter((a) => a.name !== 'class').map((a) => a.value).join() + e.textContent),
      ...[...document.querySelectorAll("play-ground canvas")].map((c) => c.toDataURL()),
    ].join("|")""")


def query(page):
    return page.evaluate("new URL(location.href).searchParams.get('play-x')")


@pytest.mark.parametrize("name", NAMES)
def test_it_waits_for_its_reader_and_moves_nothing_when_it_comes(visit, name):
    for width in (760, 390):
        page = visit(name, width=width, scroll=False)
        asked = page.evaluate("performance.getEntriesByType('resource').map((r) => r.name)")
        assert not any(f"{name}.js" in address for address in asked), "loaded before anybody scrolled to it"
        assert page.locator("play-ground img").is_visible()
        before = page.locator("#below").evaluate("(e) => e.getBoundingClientRect().top + scrollY")
        open_it(page)
        assert page.locator("#below").evaluate("(e) => e.getBoundingClientRect().top + scrollY") == before, (
            f"the page moved at {width} px"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not page.locator("play-ground img").is_visible()
        assert page.locator(".play-task").inner_text().startswith("Try: ")
        assert "What the figure shows" not in page.locator("figcaption").inner_text()
        page.get_by_role("button", name="Show the figure").click()
        assert page.locator("play-ground img").is_visible()
        assert "What the figure shows" in page.locator("figcaption").inner_text()
        page.get_by_role("button", name="Try it yourself").click()
        assert page.locator("play-ground .play").is_visible()
        assert page.locator("#below").evaluate("(e) => e.getBoundingClientRect().top + scrollY") == before


@pytest.mark.parametrize("name", NAMES)
def test_keys_change_the_picture_and_the_address_which_brings_it_back(visit, name):
    page = visit(name)
    first = picture(page)
    controls = page.locator("play-ground :is(input[type=range], input[type=number], .play-handle, .play-text)")
    assert controls.count() > 0
    for index in range(min(controls.count(), 6)):
        control = controls.nth(index)
        if not control.is_visible():
            continue
        before = picture(page)
        control.focus()
        if control.evaluate("(e) => e.matches('.play-text')"):
            control.fill("(1 2)(3 4)")
        for key in ("ArrowUp", "ArrowDown", "ArrowDown", "Shift+ArrowUp", "ArrowRight"):
            control.press(key)
            if picture(page) != before:
                break
        assert picture(page) != before, f"control {index} does not answer to keys"
    page.keyboard.press("Tab")  # a field that is left shows its number as it is kept
    changed, address = picture(page), query(page)
    assert address
    assert changed != first
    again = visit(name, query=f"?play-x={address}")
    assert picture(again) == changed
    again.get_by_role("button", name="Reset").click()
    assert picture(again) == first
    assert query(again) is None


@pytest.mark.parametrize("name", NAMES)
def test_points_are_dragged_by_mouse_and_by_finger(visit, name):
    page = visit(name)
    handles = page.locator("play-ground .play-handle")
    moved = 0
    for index in range(handles.count()):
        if not handles.nth(index).is_visible():
            continue
        before = picture(page)
        box = handles.nth(index).locator(".play-dot").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for share in (0.4, 0.7, 1):
            page.mouse.move(x - 26 * share, y - 21 * share)
        during = picture(page)
        page.mouse.up()
        assert during != before, f"handle {index} cannot be dragged"
        assert picture(page) == during
        moved += 1
    assert moved or not handles.count()

    phone = visit(name, width=390, has_touch=True, is_mobile=True)
    session = phone.context.new_cdp_session(phone)
    finger = phone.locator("play-ground .play-handle:visible .play-dot")
    if finger.count():
        before, top = picture(phone), phone.evaluate("scrollY")
        box = finger.first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        touch(session, [(x, y), (x - 10, y - 8), (x - 22, y - 18)])
        assert picture(phone) != before
        assert phone.evaluate("scrollY") == top, "the page scrolled away under the point"
    phone.locator(".play-task").scroll_into_view_if_needed()
    words = phone.locator(".play-task").bounding_box()
    before, top = picture(phone), phone.evaluate("scrollY")
    touch(session, [(words["x"] + 40, words["y"] + 10 - 25 * k) for k in range(5)])
    phone.wait_for_timeout(100)
    assert phone.evaluate("scrollY") != top, "a swipe beside the points does not scroll the page"
    assert picture(phone) == before


def touch(session, points):
    for index, (x, y) in enumerate(points):
        session.send(
            "Input.dispatchTouchEvent",
            {"type": "touchStart" if index == 0 else "touchMove", "touchPoints": [{"x": x, "y": y}]},
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("name", NAMES)
def test_wrong_input_says_why_and_keeps_the_last_good_picture(visit, name):
    first = picture(visit(name))
    page = visit(name, query="?play-x=nonsense=1,,%3Cb%3E")
    assert "not understood" in page.get_by_role("alert").filter(has_text="address").inner_text()
    assert picture(page) == first
    fields = page.locator("play-ground input[type=number]:visible")
    if fields.count():
        for wrong, word in (("1e9", "outside"), ("-1e9", "outside"), ("", "no number")):
            fields.first.fill(wrong)
            assert word in page.locator(".play-problem").all_inner_texts()[-1]
            assert fields.first.get_attribute("aria-invalid") == "true"
            assert picture(page) == first
        fields.first.blur()
        assert fields.first.get_attribute("aria-invalid") is None
    words = page.locator("play-ground .play-text")
    if words.count():
        for wrong in ("(1 2", "(1 1)", "(0 1)", "(1 2 12)", "one"):
            words.fill(wrong)
            assert "last good" in words.locator("xpath=..").get_by_role("alert").inner_text()
            assert picture(page) == first


@pytest.mark.parametrize("name", NAMES)
def test_anybody_can_use_it_in_light_and_dark(visit, name):
    axe = (project.ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
    for scheme in ("default", "slate"):
        page = visit(name, scheme=scheme, reduced_motion="reduce")
        page.evaluate(axe)
        found = page.evaluate("axe.run('figure', { resultTypes: ['violations'] })")["violations"]
        assert [(problem["id"], problem["nodes"][0]["html"][:120]) for problem in found] == []
        sizes = page.evaluate(
            "[...document.querySelectorAll('play-ground svg text')].filter((t) => t.textContent).map((t) => t.getBoundingClientRect().height)"
        )
        assert all(size >= 9 for size in sizes)
    page.emulate_media(media="print")
    assert page.locator("play-ground img").is_visible()
    assert not page.locator("play-ground .play").is_visible()
    assert "What the figure shows" in page.locator("figcaption").inner_text()


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_with_its_page_and_comes_back(visit, name):
    page = visit(name)
    first = picture(page)
    page.evaluate(
        "window.kept = document.querySelector('play-ground'); window.place = document.querySelector('figcaption'); kept.remove()"
    )
    assert page.evaluate("!kept.querySelector('.play') && !kept.classList.contains('is-open')")
    page.evaluate("place.before(kept)")
    open_it(page)
    assert picture(page) == first
    assert page.locator("play-ground .play").count() == page.locator(".play-caption").count() == 1


def test_without_scripts_the_figure_stays(browser, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{root}/{NAMES[0]}-default.html")
    assert page.locator("play-ground img").is_visible()
    context.close()


def test_bytes_of_each_playground_stay_small():
    """Own code and data, compressed, beside what all share."""
    import gzip

    weigh = lambda path: len(gzip.compress(path.read_bytes()))  # noqa: E731
    data = {"shift": "home/networks.json", "ranks": "mnist/exact/network.json"}
    prepare.ensure()
    for name in NAMES:
        own = weigh(MODULES / f"{name}.js") + (weigh(project.GENERATED / "data" / data[name]) if name in data else 0)
        assert own < 60_000, (name, own)
    shared = [MODULES / name for name in ("page.js", "frame.js", "space.js", "pictures.js", "play.css")]
    assert sum(map(weigh, shared)) < 12_000


def test_there_are_the_playgrounds_that_pages_ask_for():
    from book import pages

    asked = {
        block.options["play"].split("?")[0]
        for name in pages.names()
        for block in pages.read(name).blocks
        if "play" in block.options
    }
    assert asked == set(NAMES), json.dumps([sorted(asked), NAMES])
    assert all((Path(MODULES) / f"{name}.js").exists() for name in asked)
