"""The built site in a real browser, as a reader has it: light and dark, wide and narrow, with and without scripts."""

import functools
import gzip
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import pytest
from filelock import FileLock
from playwright.sync_api import expect, sync_playwright

from book.project import CACHE, ROOT, nav

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
MAX_TRANSFER = 250_000

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"),
    reason="no Chromium on this machine: install it (Debian: apt-get install chromium) to test the site in a browser",
)


def address(page: str) -> str:
    """Map a file of the nav to its address."""
    stem = re.sub(r"\.(md|py)$", "", page)
    return "" if stem == "index" else f"{stem.removesuffix('/index')}/"


ADDRESSES = [address(page) for page in nav()]
CHAPTER_ADDRESSES = [address(page) for page in nav() if page.endswith(".md") and not page.startswith(("index", "reference"))]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the site without a line a request, the book's own 404, and fonts as late as the visitor asks."""

    def log_message(self, *args):
        """Say nothing."""

    def do_GET(self):
        """Hold a font back for the seconds that the visitor's header names."""
        if self.path.endswith(".woff2"):
            time.sleep(float(self.headers.get("X-Fonts-Late", 0)))
        super().do_GET()

    def send_error(self, code, message=None, explain=None):
        """Answer what is not there with the site's page."""
        body = (self.site / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Build the site strictly and serve it on this machine; yield its address."""
    folder = tmp_path_factory.mktemp("site")
    Quiet.site = folder
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        with FileLock(CACHE / "site.lock"):  # of processes that test side by side, the first runs the labs
            done = subprocess.run(
                [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "SITE_URL": address},
            )
        assert done.returncode == 0, done.stdout + done.stderr
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield address
        server.shutdown()


@pytest.fixture(scope="session")
def browser(site):
    """Start the browser once."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


class Visit:
    """A page in the browser with everything that it asked for and complained about."""

    def __init__(self, browser, site, **settings):
        """Open an empty tab that listens."""
        self.site = site
        self.context = browser.new_context(**{"viewport": WIDE, "color_scheme": "light", **settings})
        self.page = self.context.new_page()
        self.complaints, self.requests, self.sizes = [], [], {}
        self.page.on("console", lambda message: message.type in ("error", "warning") and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("response", self.weigh)

    def weigh(self, response):
        """Note what a response weighs on the wire, text compressed."""
        if response.status == 200:
            body = response.body()
            text = re.search(r"text|javascript|json|svg", response.headers.get("content-type", ""))
            self.sizes[response.url] = len(gzip.compress(body)) if text else len(body)

    def open(self, address):
        """Go to a page of the site and let it settle."""
        self.page.goto(self.site + address, wait_until="networkidle")
        return self.page

    def foreign(self):
        """List the requests that left the site."""
        return [url for url in self.requests if not url.startswith((self.site, "data:", "blob:"))]


@pytest.fixture
def visit(browser, site):
    """Open tabs with settings of one's own, and close them afterwards."""
    opened = []

    def make(**settings):
        opened.append(Visit(browser, site, **settings))
        return opened[-1]

    yield make
    for tab in opened:
        tab.context.close()


SHIFTS = """() => { window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shift += entry.value }).observe({type: 'layout-shift', buffered: true}) }"""
LOAD_ALL = """async () => { for (const image of document.images) { image.loading = 'eager' }
    await Promise.all([...document.images].filter(i => getComputedStyle(i).display != 'none').map(i => i.decode())) }"""
BAD_IMAGES = """() => [...document.images].filter(i => !i.alt.trim() ||
    (getComputedStyle(i).display != 'none' && i.naturalWidth == 0)).map(i => i.src)"""


FORMULAS = ".katex-html"
RAW = ("\\(", "\\[", "$$", "{{", "///", "--8<--", "[@")
TEXT = """main => { const copy = main.cloneNode(true)
    copy.querySelectorAll('code, annotation, pre').forEach(e => e.remove()); return copy.textContent }"""


@pytest.mark.parametrize("address", ADDRESSES)
def test_page_is_whole_light_and_still(visit, address):
    """No complaint, no foreign request, no raw formula, images described and loaded, axe content; nothing moves.

    The fonts arrive late, and the text that waited for them shows in the end. A chapter weighs under 250 KB.
    """
    tab = visit(extra_http_headers={"X-Fonts-Late": "0.6"})
    tab.page.add_init_script(f"({SHIFTS})()")
    page = tab.open(address)
    assert page.evaluate("window.shift") == 0
    assert page.locator("h1").first.is_visible()
    if address in CHAPTER_ADDRESSES:
        assert sum(tab.sizes.values()) < MAX_TRANSFER, sorted(tab.sizes.items(), key=lambda item: -item[1])[:6]
        assert page.locator(FORMULAS).count() == (Quiet.site / address / "index.html").read_text().count('class="katex-html"') > 0
    page.evaluate(LOAD_ALL)
    assert tab.complaints == []
    assert tab.foreign() == []
    text = page.locator("main").evaluate(TEXT)
    assert [raw for raw in RAW if raw in text] == []
    assert page.locator(".katex-error").count() == 0
    assert page.evaluate(BAD_IMAGES) == []
    assert page.locator("meta[name=description]").get_attribute("content")
    assert violations(page) == []


def test_text_shows_without_the_fonts(visit):
    """Fonts that fail do not keep the reader waiting; fonts that never come do so for three seconds."""
    tab = visit()
    tab.page.route("**/*.woff2", lambda route: route.abort())
    assert tab.open(CHAPTER_ADDRESSES[0]).locator("h1").is_visible()
    tab = visit(extra_http_headers={"X-Fonts-Late": "8"})
    tab.page.goto(tab.site + CHAPTER_ADDRESSES[0], wait_until="domcontentloaded")
    assert not tab.page.locator("h1").is_visible()
    tab.page.locator("h1").wait_for(state="visible", timeout=7000)


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


def violations(page):
    """Run axe and return what it finds, with the elements; a formula counts once, as does a colour of a listing."""
    page.evaluate(FLATTEN)
    page.evaluate(AXE.read_text() + "; undefined")
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [(item["id"], [node["html"][:200] for node in item["nodes"][:3]]) for item in found["violations"]]


FOLDS = """open => { document.querySelectorAll('main details:not(.ledger-row)').forEach(part => part.open = open) }"""
TORN = """() => [...document.querySelectorAll('.formula-held')].filter(held => {
    const last = [...held.querySelectorAll('.base')].at(-1), after = document.createRange()
    after.selectNodeContents(held.lastChild)
    return last && held.getClientRects().length && after.getClientRects()[0].left < last.getBoundingClientRect().left
}).map(held => held.textContent)"""


@pytest.mark.parametrize("address", ADDRESSES)
def test_phone_in_the_dark(visit, address):
    """At 390 px, with all folded parts open, nothing scrolls sideways and no comma is torn from its formula.

    Dark figures replace the light ones, and axe finds no fault in the dark.
    """
    tab = visit(viewport=NARROW, color_scheme="dark", has_touch=True)
    page = tab.open(address)
    page.evaluate(FOLDS, True)
    assert page.evaluate(TORN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    wide = page.evaluate("""() => [...document.querySelectorAll('main p, main li, main h1, main h2, main figure, main .box')]
        .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > 391 && !e.closest('pre, table, .arithmatex')).map(e => e.outerHTML.slice(0, 120))""")
    assert wide == []
    page.evaluate(FOLDS, False)
    for mode, shown in (("light", "none"), ("dark", "inline")):
        styles = page.evaluate(f"() => [...document.querySelectorAll('img[src$=\"#only-{mode}\"]')].map(i => getComputedStyle(i).display)")
        assert all((style == "none") == (shown == "none") for style in styles)
    assert tab.complaints == []
    assert violations(page) == []


@pytest.mark.parametrize("address", CHAPTER_ADDRESSES)
def test_chapter_needs_no_script(visit, address):
    """Formulas, figures and code stand there without scripts."""
    page = visit(java_script_enabled=False).open(address)
    assert page.locator(FORMULAS).first.bounding_box()["height"] > 5
    assert page.locator("figure img:visible").count() > 0
    assert page.locator("pre code:visible").count() > 0


SETTLED = 300  # milliseconds; the theme notes the place on the page a tenth of a second after the last movement


def test_instant_navigation_keeps_formulas_and_figures(visit):
    """A click exchanges the page without reloading it, and what is on the new one is complete."""
    tab = visit()
    page = tab.open(CHAPTER_ADDRESSES[0])
    page.evaluate("window.here = true")
    following = page.locator(".md-footer__link--next")
    following.scroll_into_view_if_needed()
    page.wait_for_timeout(SETTLED)
    following.click()
    page.wait_for_function(f"location.pathname.endsWith('{CHAPTER_ADDRESSES[1]}')")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.here")
    page.wait_for_function("window.scrollY == 0")
    assert page.locator(".katex-html").first.bounding_box()["height"] > 5
    page.evaluate(LOAD_ALL)
    assert page.evaluate(BAD_IMAGES) == []
    assert tab.complaints == []


def test_switch_swaps_the_figures(visit):
    """The switch in the header goes from the system's scheme to light to dark, and the figures follow."""
    page = visit().open(CHAPTER_ADDRESSES[0])
    dark = page.locator('figure img[src$="#only-dark"]').first
    light = page.locator('figure img[src$="#only-light"]').first
    assert light.is_visible()
    for _ in range(3):
        if dark.is_visible():
            break
        page.locator(".md-header__option label:visible").first.click()
    assert dark.is_visible()
    assert not light.is_visible()


def test_search_finds_a_chapter(visit):
    """A word of a title leads to its chapter."""
    tab = visit()
    page = tab.open("")
    page.locator(".md-search__input").click()
    page.keyboard.type("eigenvectors", delay=20)
    page.wait_for_selector(".md-search-result__item a")
    links = page.locator(".md-search-result__item a").evaluate_all("links => links.map(link => link.href)")
    assert any("linear-algebra/eigenvectors" in link for link in links)
    assert tab.complaints == []


def test_mark_of_a_claim_leads_to_its_test(visit):
    """The mark on a box leads to the row of the claims page that holds the test."""
    page = visit().open(CHAPTER_ADDRESSES[0])
    mark = page.locator("a.box-mark").first
    id = re.search(r"[A-Z]{2}-\w+", mark.inner_text())[0]
    mark.scroll_into_view_if_needed()
    page.wait_for_timeout(SETTLED)
    mark.click()
    row = page.locator(f'[id="{id}"]')
    expect(row).to_be_in_viewport(timeout=30_000)  # the address names the section above as soon as the page has scrolled there
    assert f'"{id}"' in row.locator("pre").first.inner_text()


def test_solution_opens_by_keyboard(visit):
    """A folded solution opens with the keyboard."""
    page = visit().open(CHAPTER_ADDRESSES[0])
    summary = page.locator("details.box-solution summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.box-solution[open]").count() == 1


def test_copy_button_copies_code(visit):
    """Each listing has a button that copies it."""
    tab = visit(permissions=["clipboard-read", "clipboard-write"])
    page = tab.open(CHAPTER_ADDRESSES[0])
    block = page.locator(".language-python.highlight").first
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


def test_zensical_builds_the_same_chapters(site, tmp_path):
    """The successor of MkDocs gives the same formulas, figures, listings and boxes."""
    for name in ("docs", "overrides"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "snippets").symlink_to(ROOT / "snippets")
    done = subprocess.run([sys.executable, "-m", "zensical", "build", "--clean"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for address in CHAPTER_ADDRESSES:
        ours = (Quiet.site / address / "index.html").read_text()
        theirs = (tmp_path / "site" / address / "index.html").read_text()
        for part in ('class="katex-html"', '<figure class="book-figure"', 'class="box box-', "highlight", "box-mark"):
            assert ours.count(part) == theirs.count(part), (address, part)
