"""The built site in a real browser, as a reader has it: light and dark, wide and narrow, with and without scripts."""

import base64
import functools
import gzip
import http.server
import io
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as etree
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from book.project import DOCS, ROOT, nav
from book.reading import glossary, sheets
from press import edition, epub, offline, paper, parts, shelf
from tests.browser import CHROMIUM, FLAGS, UNMOVED, needed

WIDE, NARROW, SMALLEST = {"width": 1280, "height": 900}, {"width": 390, "height": 844}, {"width": 320, "height": 568}
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
MAX_TRANSFER = 250_000
LATER = ("playgrounds/", "assets/generated/data/")  # come when a reader does; tests/playgrounds weighs them

pytestmark = needed


def address(page: str) -> str:
    """Map a file of the nav to its address."""
    stem = re.sub(r"\.(md|py)$", "", page)
    return "" if stem == "index" else f"{stem.removesuffix('/index')}/"


SITE = "http://book.localhost/"  # each process serves the one site at a port of its own, and its browser finds it here
ADDRESSES = [address(page) for page in nav()]
CHAPTER_ADDRESSES = [
    address(page) for page in nav() if page.endswith(".md") and not page.startswith(("index", "reference"))
]
ONE_OF_A_KIND = ["", CHAPTER_ADDRESSES[0], "labs/linear_algebra/", "reference/notation/"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the site without a line a request, the book's own 404, and fonts and scripts as late as the visitor asks."""

    def log_message(self, *args):
        """Say nothing."""

    def do_GET(self):
        """Hold a font or a script of the book's own back for the seconds that the visitor's header names."""
        if self.path.endswith(".woff2"):
            time.sleep(float(self.headers.get("X-Fonts-Late", 0)))
        if self.path.endswith("ledger.js"):
            time.sleep(float(self.headers.get("X-Ledger-Late", 0)))
        super().do_GET()

    def send_error(self, code, message=None, explain=None):
        """Answer what is not there with the site's page."""
        body = (self.site / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def built(folder):
    """Build the site strictly, in the first of the processes that test side by side; the others take what it made."""
    whole = folder.parent / "site-is-built"
    with FileLock(folder.parent / "site.lock"):
        if not whole.exists():
            done = subprocess.run(
                [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "SITE_URL": SITE},
            )
            assert done.returncode == 0, done.stdout + done.stderr
            whole.touch()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Build the site once for all processes and serve it on this machine; yield the port."""
    base = tmp_path_factory.getbasetemp()
    Quiet.site = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site"
    built(Quiet.site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=Quiet.site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="session")
def browser(site):
    """Start the browser once."""
    here = f"--host-resolver-rules=MAP book.localhost:80 127.0.0.1:{site}"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, here])
        yield running
        running.close()


@functools.cache
def weight(file):
    """Return what a file weighs on the wire, text compressed."""
    body = file.read_bytes()
    return len(body) if file.suffix in (".woff2", ".png", ".jpg") else len(gzip.compress(body))


class Visit:
    """A page in the browser with everything that it asked for and complained about."""

    def __init__(self, browser, **settings):
        """Open an empty tab that listens."""
        self.context = browser.new_context(**{"viewport": WIDE, "color_scheme": "light", **settings})
        self.context.add_init_script(UNMOVED)
        self.page = self.context.new_page()
        self.complaints, self.requests = [], []
        self.page.on(
            "console", lambda message: message.type in ("error", "warning") and self.complaints.append(message.text)
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))

    def sizes(self):
        """Return what each file that came from the site weighs."""
        paths = {urlsplit(url).path.removeprefix("/") for url in self.requests if url.startswith(SITE)}
        files = [Quiet.site / (path + "index.html" if path.endswith("/") or not path else path) for path in paths]
        return {str(file.relative_to(Quiet.site)): weight(file) for file in files if file.is_file()}

    def open(self, address):
        """Go to a page of the site and let it settle."""
        self.page.goto(SITE + address, wait_until="networkidle")
        return self.page

    def foreign(self):
        """List the requests that left the site."""
        return [url for url in self.requests if not url.startswith((SITE, "data:", "blob:"))]


@pytest.fixture
def visit(browser):
    """Open tabs with settings of one's own, and close them afterwards."""
    opened = []

    def make(**settings):
        opened.append(Visit(browser, **settings))
        return opened[-1]

    yield make
    for tab in opened:
        tab.context.close()


@pytest.fixture(scope="session")
def desk(browser):
    """Open the tab in which one reader goes from page to page, without a cache, and with fonts that come late."""
    tab = Visit(browser, extra_http_headers={"X-Fonts-Late": "0.6"})
    tools = tab.context.new_cdp_session(tab.page)
    tools.send("Network.enable")
    tools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    tab.page.add_init_script(f"({SHIFTS})()")
    yield tab
    tab.context.close()


@pytest.fixture
def reader(desk):
    """Clear the desk: a tab that shows nothing, wide and in the light, and has heard nothing."""
    desk.page.goto("about:blank")
    desk.page.emulate_media(color_scheme="light")
    desk.page.set_viewport_size(WIDE)
    desk.complaints.clear()
    desk.requests.clear()
    return desk


SHIFTS = """() => { window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shift += entry.value }).observe({type: 'layout-shift', buffered: true}) }"""
LOAD_ALL = """async () => { for (const image of document.images) { image.loading = 'eager' }
    await Promise.all([...document.images].filter(i => getComputedStyle(i).display != 'none').map(i => i.decode())) }"""
BAD_IMAGES = """() => [...document.images].filter(i => !i.alt.trim() ||
    (getComputedStyle(i).display != 'none' && i.naturalWidth == 0)).map(i => i.src)"""


FORMULAS = ".katex-html"
REST = re.compile(rf"(faces/whole|katex/fonts)/({'|'.join(sheets.CORE)})\.")  # signs that the book hardly has
RAW = ("\\(", "\\[", "$$", "{{", "///", "--8<--", "[@")
TEXT = """main => { const copy = main.cloneNode(true)
    copy.querySelectorAll('code, annotation, pre').forEach(e => e.remove()); return copy.textContent }"""


@pytest.mark.parametrize("address", ADDRESSES)
def test_page(reader, address):
    """One visit: the page comes wide and in the light, then the window becomes a phone in the dark.

    Wide: no complaint, no foreign request, no raw formula, images described and loaded, no id twice. Nothing moves,
    although the fonts arrive late, and the text that waited for them shows in the end. A chapter weighs under 250 KB
    and asks for no face twice.
    Narrow: see `fits_a_phone`. Axe finds nothing on the phone in the dark that colours and widths decide, and
    nothing at all wide in the light.
    """
    page = reader.open(address)
    assert page.evaluate("window.shift") == 0
    assert page.locator("h1").first.is_visible()
    if address in CHAPTER_ADDRESSES:
        sizes = reader.sizes()
        sizes = {file: size for file, size in sizes.items() if not file.startswith(LATER)}
        assert [file for file in sizes if REST.search(file)] == []
        assert sum(sizes.values()) < MAX_TRANSFER, sorted(sizes.items(), key=lambda item: -item[1])[:6]
        html = (Quiet.site / address / "index.html").read_text()
        assert page.locator(FORMULAS).count() == html.count('class="katex-html"') > 0
        assert html.count("<figure") > 0
        assert html.count("<pre") > 0
    page.evaluate(LOAD_ALL)
    text = page.locator("main").evaluate(TEXT)
    assert [raw for raw in RAW if raw in text] == []
    assert page.locator(".katex-error").count() == 0
    assert page.evaluate(BAD_IMAGES) == []
    assert page.evaluate(TWICE) == []
    assert page.locator("meta[name=description]").get_attribute("content")

    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(NARROW)
    fits_a_phone(page)
    page.evaluate(LOAD_ALL)
    assert page.evaluate(BAD_IMAGES) == []
    page.evaluate(FLATTEN)
    looks = page.evaluate(THIN, list(LOOKED_AT))
    page.evaluate(FOLDS, False)  # when little is left to lay out
    page.set_viewport_size(NARROW)
    assert violations(page, "color-contrast", "scrollable-region-focusable") == []

    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    assert violations(page) == []
    LOOKED_AT.update(looks)
    assert reader.complaints == []
    assert reader.foreign() == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("address", ["reference/claims/linear-networks/", "reference/errata/"])
def test_filters_that_come_late_find_their_room(visit, address, size):
    """When their script comes after the page has been painted, nothing moves."""
    tab = visit(viewport=size, extra_http_headers={"X-Ledger-Late": "0.8"})
    tab.page.add_init_script(f"({SHIFTS})()")
    page = tab.open(address)
    expect(page.locator(".ledger-filters select")).to_have_count(2)
    assert page.evaluate("window.shift") == 0


def test_nothing_moves_when_all_faces_are_at_hand(visit):
    """A reader who comes again sees the text at once: what is on the first screen has its room then, too."""
    tab = visit()
    tab.page.add_init_script(f"({SHIFTS})()")
    for address in [*ONE_OF_A_KIND, "lie-groups/clifford/", "reference/building/", "reference/claims/"]:
        for _ in range(2):
            assert tab.open(address).evaluate("window.shift") == 0, address


WHEN_THERE = """() => { const look = () => { const title = document.querySelector('h1')
    if (title) window.first = getComputedStyle(title).visibility
    else requestAnimationFrame(look) }; look() }"""


def test_text_shows_without_the_fonts(visit):
    """Fonts that fail do not keep the reader waiting; fonts that never come do so for three seconds."""
    tab = visit()
    tab.page.route("**/*.woff2", lambda route: route.abort())
    assert tab.open(CHAPTER_ADDRESSES[0]).locator("h1").is_visible()
    tab = visit(extra_http_headers={"X-Fonts-Late": "8"})
    tab.page.add_init_script(f"({WHEN_THERE})()")
    tab.page.goto(SITE + CHAPTER_ADDRESSES[0], wait_until="commit")
    tab.page.locator("h1").wait_for(state="visible", timeout=7000)
    assert tab.page.evaluate("window.first") == "hidden"


FLATTEN = """() => {
    for (const part of document.querySelectorAll('.katex-html, .katex-mathml semantics')) part.textContent = part.textContent
    for (const code of document.querySelectorAll('pre code')) {
        const seen = new Set()
        for (const token of code.querySelectorAll('span[class]')) {
            if (token.firstElementChild) continue
            if (seen.has(token.className)) token.replaceWith(token.textContent)
            else seen.add(token.className)
        }
        code.normalize()
    }
}"""


# Of rows, items, paragraphs, figures, boxes and listings those go in which every element, with its place, classes and attributes, and
# whether it has words, is like one that stays, or like one of an earlier page (known by the hash of all that): axe
# would say the same of them, as all pages have one style sheet. The hashes of what stays are returned.
THIN = """known => {
    const seen = new Set(known), fresh = new Set(), kept = new Set()
    const hash = text => { let h = 7; for (let k = 0; k < text.length; k++) h = Math.imul(h ^ text.charCodeAt(k), 16777619); return h }
    const look = e => [e.tagName, e.getAttribute('class'), ...e.getAttributeNames(), !e.textContent.trim(),
        ...['alt', 'title', 'aria-label'].map(name => !e.getAttribute(name)?.trim())].join(' ')
    for (const part of [...document.querySelectorAll('main :is(tr, li, p, figure, details, .box, .highlight), nav li')].reverse()) {
        if (kept.has(part)) continue
        let place = ''
        for (let e = part.parentElement; e; e = e.parentElement) place += e.tagName + e.getAttribute('class') + ' '
        const looks = [part, ...part.querySelectorAll('*')].map(e => hash(place + look(e.parentElement) + look(e)))
        if (looks.every(one => seen.has(one))) part.remove()
        else {
            looks.forEach(one => { seen.add(one); fresh.add(one) })
            for (let e = part; e; e = e.parentElement) kept.add(e)
        }
    }
    return [...fresh]
}"""
LOOKED_AT = set()  # of the pages before, in this process


# Everything is laid out, and colours have arrived where a change of mode leads them.
ALL_THERE = """async () => {
    document.querySelectorAll('[data-room]').forEach(part => part.removeAttribute('data-room'))
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame)
    for (const animation of document.getAnimations())
        if (animation.effect.getComputedTiming().endTime < Infinity) animation.finish()
}"""


def violations(page, *rules):
    """Run axe, with all of its rules or a few, and return what it finds, with the elements."""
    page.evaluate(ALL_THERE)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text() + "; undefined")
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [(item["id"], [node["html"][:200] for node in item["nodes"][:3]]) for item in found["violations"]]


FOLDS = """open => { document.querySelectorAll('main details:not(.ledger-row)').forEach(part => part.open = open) }"""
# Brackets and commas that stand on another line than the end of the formula to which they belong.
TORN = r"""() => [...document.querySelectorAll('.arithmatex:not(div)')].filter(formula => formula.getClientRects().length).flatMap(formula => {
    const parts = [...formula.querySelectorAll('.base')], inline = 'em, strong, a, .formula-held'
    const beside = to => { let at = formula; while (!at[to] && at.parentElement.matches(inline)) at = at.parentElement
        return at[to]?.nodeType == Node.TEXT_NODE ? at[to] : null }
    const place = (text, from) => { const sign = document.createRange()
        sign.setStart(text, from); sign.setEnd(text, from + 1); return sign.getBoundingClientRect() }
    const after = beside('nextSibling'), before = beside('previousSibling'), torn = []
    if (after && /^[,.;:!?)\]’”]/.test(after.data) && place(after, 0).left < parts.at(-1).getBoundingClientRect().left) torn.push(after.data)
    if (before && /[([“‘]$/.test(before.data) && place(before, before.length - 1).left > parts[0].getBoundingClientRect().left) torn.push(before.data)
    return torn.map(sign => `${sign.slice(-20)} at ${formula.querySelector('annotation').textContent}`)
})"""


TWICE = """() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id)
    return ids.filter((id, at) => ids.indexOf(id) < at) }"""
WIDER = """() => [...document.querySelectorAll('main p, main li, main h1, main h2, main figure, main .box')]
    .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > 391 && !e.closest('pre, table, .arithmatex, nav'))
    .map(e => e.outerHTML.slice(0, 120))"""
HIDDEN = "images => images.map(image => getComputedStyle(image).display == 'none')"


def fits_a_phone(page):
    """At 390 px, and at 320, with all folded parts open, nothing scrolls sideways; no sign is torn from its formula.

    The page is left so. Dark figures replace the light ones.
    """
    page.evaluate(FOLDS, True)
    page.evaluate(ALL_THERE)  # what is out of sight and not laid out hides how wide it is
    assert page.evaluate(TORN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert page.evaluate(WIDER) == []
    page.set_viewport_size(SMALLEST)
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"]
    assert all(page.locator(':not(play-ground.is-open) > img[src$="#only-light"]').evaluate_all(HIDDEN))
    assert not any(page.locator(':not(play-ground.is-open) > img[src$="#only-dark"]').evaluate_all(HIDDEN))


@pytest.mark.parametrize("address", ONE_OF_A_KIND)
def test_page_that_comes_on_a_phone(visit, address):
    """A page of each kind that is opened on a phone in the dark is what it becomes there after a resize; axe looks at all."""
    tab = visit(viewport=NARROW, color_scheme="dark", has_touch=True)
    page = tab.open(address)
    fits_a_phone(page)
    page.add_style_tag(
        content="html { font-size: 250% !important }"
    )  # text twice as large as the theme's, on half of WIDE
    page.set_viewport_size({**WIDE, "width": WIDE["width"] // 2})
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDE["width"] // 2
    page.add_style_tag(content="html { font-size: 125% !important }")
    page.set_viewport_size(NARROW)
    page.evaluate(FOLDS, False)
    page.evaluate(FLATTEN)
    assert violations(page) == []
    assert tab.complaints == []


@pytest.mark.parametrize("address", ONE_OF_A_KIND[:3])
def test_page_needs_no_script(visit, address):
    """Formulas, figures and code show without scripts; that they are in the file, `test_page` finds for each chapter."""
    page = visit(java_script_enabled=False).open(address)
    assert page.locator("h1").first.is_visible()
    if address in CHAPTER_ADDRESSES:
        assert page.locator(FORMULAS).first.bounding_box()["height"] > 5
    assert page.locator("main figure img:visible").count() > 0 or address.startswith("labs")
    assert page.locator("main pre:visible").count() > 0 or address == ""


SETTLED = 300  # milliseconds; the theme notes the place on the page a tenth of a second after the last movement


def test_instant_navigation_keeps_formulas_and_figures(visit):
    """A click exchanges the page without reloading it, and what is on the new one is complete."""
    tab = visit()
    page = tab.open(CHAPTER_ADDRESSES[0])
    with page.expect_response("**/sitemap.xml"):  # for which the theme's script asks, at the reader's first movement
        page.mouse.move(5, 5)
    page.evaluate("window.here = true")
    following = page.locator(".md-footer__link--next")
    following.scroll_into_view_if_needed()
    page.wait_for_timeout(SETTLED)
    following.click()
    page.wait_for_url(f"**/{CHAPTER_ADDRESSES[1]}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.here")
    expect(page.locator("h1")).to_be_in_viewport()
    assert page.locator(".katex-html:visible").first.bounding_box()["height"] > 5
    page.evaluate(LOAD_ALL)
    assert page.evaluate(BAD_IMAGES) == []
    assert tab.complaints == []


# After going back the theme leads to where the reader was, at a moment of its own; whoever looks for the playground scrolls again.
SCROLL_UNTIL_OPEN = """() => {
  const ground = document.querySelector("play-ground[data-play=span]");
  ground?.scrollIntoView({ behavior: "instant", block: "center" });
  return ground?.classList.contains("is-open");
}"""


def test_playgrounds_come_with_their_page_and_come_back(visit):
    """Opened under instant navigation, left by a click and found again as it was; other pages load nothing of them."""
    tab = visit()
    page = tab.open("linear-algebra/linear-maps/")
    with page.expect_response("**/sitemap.xml"):  # for which the theme's script asks, at the reader's first movement
        page.mouse.move(5, 5)
    page.evaluate("window.here = true")
    page.locator(".md-footer__link--prev").click()
    page.wait_for_url("**/span/**")
    ground = page.locator("play-ground[data-play=span]")
    ground.scroll_into_view_if_needed()
    ground.locator(".play-handle").first.press("Shift+ArrowUp")
    reading = ground.locator("output").first.inner_text()
    page.wait_for_url("**/span/?*play-*")
    page.wait_for_timeout(SETTLED)
    page.locator(".md-footer__link--next").click()
    page.wait_for_url("**/linear-maps/**")
    page.wait_for_timeout(SETTLED)
    page.go_back()
    page.wait_for_url("**/span/**")
    page.wait_for_function(SCROLL_UNTIL_OPEN)
    expect(ground.locator("output").first).to_have_text(reading)
    assert page.evaluate("window.here"), "the page was loaded anew"
    assert tab.complaints == []


def test_pages_without_a_playground_load_nothing_of_one(site):
    """Script and style sheet of the playgrounds are linked where there is one, and nowhere else."""
    asks = {str(file): "<play-ground" in file.read_text() for file in Quiet.site.rglob("*.html")}
    assert 10 < sum(asks.values()) < len(asks)
    for file, has_one in asks.items():
        assert bool(re.search(r"playgrounds/(page\.js|play\.css)", Path(file).read_text())) == has_one, file


LAID_OUT = """() => { document.querySelectorAll('[data-room]').forEach(e => e.style.contentVisibility = 'visible')
    return document.documentElement.scrollHeight }"""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_what_is_out_of_sight_has_its_room(visit, size):
    """The page is nearly as long before it is laid out as after; an address far down leads there, and opens what is folded."""
    tab = visit(viewport=size)
    page = tab.open(CHAPTER_ADDRESSES[0])
    before, after = page.evaluate("document.documentElement.scrollHeight"), page.evaluate(LAID_OUT)
    assert 0.85 < before / after < 1.15, (before, after)
    folded = page.locator("details.box-solution p, details.box-proof p").last
    last = page.locator("h2").last.get_attribute("id")
    folded.evaluate("part => part.id = 'inside'")
    page.evaluate("location.hash = 'inside'")
    expect(folded).to_be_in_viewport()
    page = visit(viewport=size).open(f"{CHAPTER_ADDRESSES[0]}#{last}")
    expect(page.locator(f'[id="{last}"]')).to_be_in_viewport()


@pytest.fixture(scope="session")
def searching(browser):
    """Open the search of the home page, and return what types into it when its list is empty."""
    tab = Visit(browser)
    page = tab.open("")
    page.locator(".md-search__input").click()

    def look_for(words):
        page.locator(".md-search__input").fill("")
        expect(page.locator(".md-search-result__item")).to_have_count(0)
        page.keyboard.type(words, delay=20)
        page.keyboard.press("End")  # the search listens to keys, and a sign like ℰ comes without one
        return page

    yield look_for
    assert tab.complaints == []
    tab.context.close()


SOUGHT = {  # what is typed: a page that has it, and what its entry shows once
    "so3": ("lie-groups/exponential", "so3"),
    "ED degree": ("linear-networks/", "ED degree counts"),
    "ℰ": ("linear-networks/equivariance", "ℰ"),
    "𝔰𝔬": ("lie-groups/algebra", "𝔰𝔬"),
    "hat(omega)": ("labs/lie_groups", "def hat(omega):"),
    "knapsack": ("labs/mnist", "This is the knapsack problem."),
}


@pytest.mark.parametrize(("words", "found"), SOUGHT.items(), ids=list(SOUGHT))
def test_search_finds_signs_names_and_words_of_a_lab(searching, words, found):
    """What a reader types of a name of code, a sign of a formula or a lab leads to the page that has it; code shows once."""
    address, once = found
    page = searching(words)
    page.wait_for_selector(f'.md-search-result__item a[href*="{address}"]', state="attached")
    texts = page.locator(".md-search-result__item").all_inner_texts()
    assert not any(noise in text for text in texts for noise in ("¶", "Copied", "Copy this")), texts
    shown = page.locator(f'.md-search-result__item:has(a[href*="{address}"])').all_inner_texts()
    assert any(once in text for text in shown), shown
    assert not any(text.count(once) > 1 for text in shown if once.startswith("def")), shown


@pytest.mark.parametrize("term", ["orbit", "equivariant", "null space", "Lie algebra"])
def test_search_finds_a_term_where_it_is_defined_first(searching, term):
    """The first that a reader sees is the sentence of the glossary, or the section to which that leads."""
    page = searching(term)
    page.wait_for_selector(".md-search-result__item a")
    known = next(known for known in glossary.terms() if known.name.lower().startswith(term.lower()))
    places = [address(place.page) for place in known.places]
    first = page.locator(".md-search-result__item a").first.evaluate("link => link.href")
    assert urlsplit(first).path.removeprefix("/") in [*places, address(glossary.PAGE)]


# Of the selectors of one sheet those which another has not and which match something, whatever the mouse and the keyboard do.
MATCHED = r"""([whole, rest]) => {
    const list = css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css)
        const inside = rules => [...rules].flatMap(rule => rule.conditionText ? inside(rule.cssRules) : rule.selectorText ?? [])
        return new Set(inside(sheet.cssRules).flatMap(text => text.split(/,(?![^(]*\))/)).map(text => text.trim())) }
    const kept = list(rest), gone = [...list(whole)].filter(selector => !kept.has(selector))
    const passing = /::[\w-]+|:(hover|focus|focus-visible|focus-within|active|checked|target)(?![\w-])/g
    const still = selector => selector.replace(passing, (all, name, at) => /[\s>+~]/.test(selector[at - 1] ?? ' ') ? '*' : '')
    return [gone.length, gone.filter(selector => document.querySelector(still(selector)))]
}"""


def test_no_page_has_what_the_sheet_leaves_out(visit):
    """The rules that the build left out match nothing on a page of each kind, nor in the search and its results."""
    name, tab = sheets.sheet().relative_to(DOCS), visit()
    sheet = [(DOCS / name).read_text(), (Quiet.site / name).read_text()]
    for address in ["", "linear-algebra/svd/", "labs/mnist/", "reference/claims/", "404.html"]:
        page = tab.open(address)
        if not address:
            page.locator(".md-search__input").click()
            page.keyboard.type("eigenvectors", delay=20)
            page.wait_for_selector(".md-search-result__item a")
        number, matched = page.evaluate(MATCHED, sheet)
        assert number > 500
        assert matched == [], address


def test_pages_allow_nothing_from_elsewhere(site):
    """Each page has its policy, the same everywhere, without a script that has no hash."""
    policies = set()
    for address in ["", "404.html", *CHAPTER_ADDRESSES[:3], "labs/mnist/"]:
        file = Quiet.site / address
        html = (file / "index.html" if file.is_dir() else file).read_text()
        policies |= set(re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', html))
    (policy,) = policies
    scripts = re.search("script-src ([^;]*)", policy)[1].split()
    assert scripts[0] == "'self'"
    assert all(re.fullmatch(r"'sha256-[\w+/]{43}='", script) for script in scripts[1:])
    assert len(scripts) == 6


def test_switch_swaps_the_figures(visit):
    """The switch in the header goes from the system's scheme to light to dark, and the figures follow."""
    page = visit().open(CHAPTER_ADDRESSES[0])
    dark = page.locator('figure > img[src$="#only-dark"]').first
    light = page.locator('figure > img[src$="#only-light"]').first
    assert light.is_visible()
    for _ in range(3):
        if dark.is_visible():
            break
        page.locator(".md-header__option label:visible").first.click()
    assert dark.is_visible()
    assert not light.is_visible()


def test_search_finds_a_chapter(searching):
    """A word of a title leads to its chapter."""
    page = searching("eigenvectors")
    page.wait_for_selector(".md-search-result__item a")
    links = page.locator(".md-search-result__item a").evaluate_all("links => links.map(link => link.href)")
    assert any("linear-algebra/eigenvectors" in link for link in links)


def test_mark_of_a_claim_leads_to_its_test(visit):
    """The mark on a box leads to the row of the claims page that holds the test."""
    page = visit().open(CHAPTER_ADDRESSES[0])
    mark = page.locator("a.box-mark").first
    id = re.search(r"[A-Z]{2}-\w+", mark.inner_text())[0]
    mark.scroll_into_view_if_needed()
    page.wait_for_timeout(SETTLED)
    mark.click()
    row = page.locator(f'[id="{id}"]')
    expect(row).to_be_in_viewport(
        timeout=30_000
    )  # the address names the section above as soon as the page has scrolled there
    assert f'"{id}"' in row.locator("pre").first.inner_text()


def test_number_of_a_claim_leads_to_its_row_and_filters_choose_among_them(visit):
    """The page of all numbers goes on to the row that an address names; of the rows there a choice shows some."""
    id = visit().open("reference/claims/").locator(".claim-number").last.inner_text()
    page = visit().open(f"reference/claims/#{id}")
    page.wait_for_url(f"**/reference/claims/*/#{id}")
    expect(page.locator(f'[id="{id}"] pre').first).to_be_in_viewport()
    rows, chosen = page.locator(".ledger-row"), page.locator('.ledger-row[data-evidence="measured"]')
    assert 0 < chosen.count() < rows.count()
    page.get_by_label("Show by evidence").select_option("measured")
    assert page.locator(".ledger-row:visible").count() == chosen.count()
    assert page.locator(".ledger-found").inner_text() == f"{chosen.count()} of {rows.count()}"


def test_solution_opens_by_keyboard(visit):
    """A folded solution opens with the keyboard."""
    page = visit().open(CHAPTER_ADDRESSES[0])
    summary = page.locator("details.box-solution summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.box-solution[open]").count() == 1


def test_term_of_an_earlier_chapter_says_its_sentence_and_leads_to_it(visit):
    """The mouse has the title; the keyboard finds it below the line, where it moves nothing."""
    page = visit(viewport=NARROW).open("lie-groups/rotary/")
    term = page.locator("a.term").first
    height = page.evaluate("document.documentElement.scrollHeight")
    page.keyboard.press("Tab")
    term.focus()
    shown = term.evaluate("link => JSON.parse(getComputedStyle(link, '::after').content)")
    assert shown == term.get_attribute("title").strip() != ""
    assert page.evaluate("document.documentElement.scrollHeight") == height
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    page.keyboard.press("Enter")
    page.wait_for_url("**/lie-groups/attention/#*")
    expect(page.locator(":target, [id='what-attention-computes']").first).to_be_visible()


def test_copy_button_copies_code(visit):
    """Each listing has a button that copies it."""
    tab = visit(permissions=["clipboard-read", "clipboard-write"])
    page = tab.open(CHAPTER_ADDRESSES[0])
    block = page.locator(".language-python.highlight:visible").first
    block.hover()
    block.locator("button").first.click()
    assert page.evaluate("navigator.clipboard.readText()").strip() == block.locator("code").inner_text().strip()


def test_unknown_address_has_a_page_of_its_own(visit):
    """The 404 page is the book's and leads back."""
    tab = visit()
    page = tab.open("nothing/here/")
    assert page.locator("main a[href]").count() >= 3
    assert page.locator("main h1").inner_text() == "This page is not in the book"


def test_print_shows_no_navigation(visit):
    """On paper there is the chapter alone."""
    page = visit().open(CHAPTER_ADDRESSES[0])
    page.emulate_media(media="print")
    for part in (".md-header", ".md-sidebar", ".md-footer__link"):
        assert page.locator(f"{part}:visible").count() == 0


PARTS = {
    "headings and boxes": r'<(?:h\d|div|details|tr)\b[^>]* id="([^"]+)"',
    "formulas": r'<annotation encoding="application/x-tex">([^<]*)<',
    "figures": r'<img[^>]* alt="([^"]+)"[^>]* src="[^"]*?([^/"]+)"',
    "links": r'<a\b[^>]* href="[^"#]*#([^"]*)"',
    "marks": r'<a class="box-mark[^"]*"[^>]*>([^<]*)<',
    "code": r"<pre id=\"code-\d+\"><span></span><code[^>]*>(.*?)</code></pre>",
}


def content(html):
    """Return a page's text without its template, and what it is made of."""
    main = re.search(r"<article.*?</article>", html, re.DOTALL)[0]
    return {name: re.findall(pattern, main, re.DOTALL) for name, pattern in PARTS.items()}


def test_zensical_builds_the_same_chapters(site, tmp_path):
    """The successor of MkDocs gives the same headings, formulas, figures, listings, boxes and anchors."""
    for name in ("docs", "overrides"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "snippets").symlink_to(ROOT / "snippets")
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--clean"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for address in CHAPTER_ADDRESSES:
        ours, theirs = (
            content((folder / address / "index.html").read_text()) for folder in (Quiet.site, tmp_path / "site")
        )
        assert all(ours[part] for part in PARTS), {part: len(ours[part]) for part in PARTS}
        for part in PARTS:
            assert ours[part] == theirs[part], (address, part)


EDITION = [
    "index.md",
    "linear-algebra/span.md",
    "lie-groups/exponential.md",
    "reference/bibliography.md",
    "labs/mnist.py",
]
XHTML = "{http://www.w3.org/1999/xhtml}"
MATH = "{http://www.w3.org/1998/Math/MathML}math"


@pytest.fixture
def dist(site, tmp_path, monkeypatch):
    """Make editions of a few chapters of the site into a folder of their own."""
    monkeypatch.setattr(edition, "SITE", Quiet.site)
    monkeypatch.setattr(edition, "DIST", tmp_path)
    monkeypatch.setattr(edition, "nav", lambda: EDITION)
    return tmp_path


def test_epub_is_whole(dist):
    """Each file is XML, formulas are MathML, no picture is missing, every link inside leads somewhere; epubcheck agrees."""
    made = epub.make()
    with zipfile.ZipFile(made) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        files = {name.removeprefix("book/"): archive.read(name) for name in archive.namelist()}
    pages = {name: etree.fromstring(text) for name, text in files.items() if name.endswith(".xhtml")}
    assert set(pages) == {
        "nav.xhtml",
        "linear-algebra--span.xhtml",
        "lie-groups--exponential.xhtml",
        "reference--bibliography.xhtml",
    }
    anchors = {
        (name, part.get("id", "")) for name, page in pages.items() for part in [*page.iter(), etree.Element("x")]
    }
    for name, page in pages.items():
        links = [link.get("href") for link in page.iter(f"{XHTML}a")]
        for target, _, inside in (link.partition("#") for link in links if ":" not in link):
            assert (target or name, inside) in anchors, (name, target, inside)
        assert all(image.get("src") in files and image.get("alt") for image in page.iter(f"{XHTML}img"))
        text = "".join(page.itertext())
        assert b"katex-html" not in files[name]
        assert [raw for raw in (*RAW, "\ue000") if raw in text] == []
    drawn = [
        base64.b64decode(found)
        for text in files.values()
        for found in re.findall(rb"data:image/png;base64,([^\"]+)", text)
    ]
    assert drawn
    assert all(Image.open(io.BytesIO(picture)).format == "PNG" for picture in drawn)
    assert [name for name, text in files.items() if b"image/webp" in text] == []
    span = pages["linear-algebra--span.xhtml"]
    whole = (Quiet.site / "linear-algebra/span/index.html").read_text()
    assert len(list(span.iter(MATH))) == whole.count("<math") > 100
    assert "combine(B, c)" in "".join(span.itertext())
    if checker := shutil.which("epubcheck"):
        done = subprocess.run([checker, str(made)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


LEADS = re.compile(r'<(?:a|img|script|link)\b[^>]* (?:href|src)="(?![a-z]+:|//)([^"#?]+)')


def test_site_opens_from_the_disk(dist, browser):
    """Without a server links lead to files: pages with their formulas and figures, notebooks; the search finds a chapter."""
    with zipfile.ZipFile(offline.make()) as archive:
        archive.extractall(dist)
    pages = [*(dist / edition.NAME).rglob("*.html")]
    assert len(pages) >= len(ADDRESSES)
    leads = {(page.parent / link).resolve() for page in pages for link in LEADS.findall(page.read_text())}
    assert any(file.suffix == ".ipynb" for file in leads)
    assert [file for file in leads if not file.is_file()] == []
    context = browser.new_context(viewport=WIDE)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((dist / edition.NAME / "index.html").as_uri())
    page.get_by_role("link", name="Start with linear algebra").click()
    page.wait_for_url("**/linear-algebra/span/index.html")
    assert page.locator(".katex-html").first.bounding_box()["height"] > 5
    page.evaluate(LOAD_ALL)
    assert page.evaluate(BAD_IMAGES) == []
    page.locator(".md-search__input").click()
    page.keyboard.type("eigenvectors", delay=20)
    page.wait_for_selector(".md-search-result__item a")
    links = page.locator(".md-search-result__item a").evaluate_all("links => links.map(link => link.href)")
    assert any("linear-algebra/eigenvectors/index.html" in link for link in links)
    assert said == []
    context.close()


def test_pdf_is_whole(dist, browser):
    """The page that is printed has every picture and target; the file has pages, links and bookmarks."""
    whole = paper.whole()
    ids = re.findall(r' id="([^"]+)"', whole)
    assert len(ids) == len(set(ids))
    assert {link for link in re.findall(r'href="#([^"]+)"', whole)} <= set(ids)
    images = re.findall(r'<img[^>]* src="/([^"]+)"', whole)
    assert images
    assert all((Quiet.site / image).is_file() for image in images)
    assert "1.1 Span" in whole
    made = paper.printed(whole, browser)
    assert made.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", made)) > 20
    assert made.count(b"/Link") > 50
    assert b"/Outlines" in made


def test_home_page_names_what_was_made(dist):
    """Made once or twice, each edition has one link; the bill of materials names KaTeX and PyTorch with their versions."""
    before = (Quiet.site / "index.html").read_text()
    try:
        bill = parts.make().read_text()
        for _ in range(2):
            shelf.fill()
        home = (Quiet.site / "index.html").read_text()
        assert re.findall(r'href="downloads/([^"]+)"', home) == [f"{edition.NAME}-parts.cdx.json"]
        assert (Quiet.site / "downloads" / f"{edition.NAME}-parts.cdx.json").read_text() == bill
    finally:
        (Quiet.site / "index.html").write_text(before)
        shutil.rmtree(Quiet.site / "downloads", ignore_errors=True)
    assert re.search(r'"purl": "pkg:npm/katex@[\d.]+"', bill)
    assert re.search(r'"purl": "pkg:pypi/torch@[\d.]+"', bill)


def test_editions_say_what_they_need(dist, monkeypatch):
    """Without a site, or without Chromium, there is one line with the command that mends it."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(edition.MissingError, match="apt-get install chromium"):
        paper.make()
    monkeypatch.setattr(edition, "SITE", dist / "none")
    for maker in (epub, offline):
        with pytest.raises(edition.MissingError, match="run 'make build' first"):
            maker.make()
