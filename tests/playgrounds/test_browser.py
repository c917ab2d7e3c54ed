"""Every playground in a real browser, alone on a page: one contract for all, read in two visits to each."""

import functools
import gzip
import http.server
import json
import re
import shutil
import threading

import numpy
import pytest
import torch
from playwright.sync_api import sync_playwright

from book import pages, prepare, project
from snippets.lie_groups.exponential import exp_so3
from tests.browser import CHROMIUM, FLAGS, needed

MODULES = project.DOCS / "playgrounds"
NAMES = sorted(path.stem for path in MODULES.glob("*.js") if "export const start =" in path.read_text())
AXE = project.ROOT / "node_modules" / "axe-core" / "axe.min.js"
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
FIGURE = "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='150'><rect width='300' height='150' fill='#888'/></svg>"
HEAD = """<!doctype html><html lang="en" data-md-color-scheme="default"><meta charset="utf-8"><title>Playgrounds</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><link rel="stylesheet" href="colours.css"><link rel="stylesheet" href="playgrounds/play.css">
<link rel="stylesheet" href="page.css"><main><h1>A page</h1><div id="above"></div>"""
PLACE = """<figure><play-ground data-play="{name}" data-key="{key}"><img src="figure.svg" width="300" height="150" alt="The figure"></play-ground>
<figcaption><p>What the figure shows, in as many words as a caption of this book has: two or three lines on a wide page, four or
five on a phone, where each line holds about forty letters.</p></figcaption></figure>"""
FOOT = '<div id="below"></div></main><script type="module" src="playgrounds/page.js"></script></html>'
STYLE = """html { font-size: 125%; --sans: sans-serif; } body { margin: 0; background: var(--paper); color: var(--ink); font-family: serif; }
main { max-width: 708px; margin: 0 auto; padding: 0 16px; } figure { margin: 0; } #above { height: 1800px; } #below { height: 1200px; }"""
DONE = {  # a state in which the task of each is done; the rotation has a test of its own, two follow from data
    "attention": "which=centred,angle=50,right=0.5,up=0",
    "brackets": "t=0.3,first=turn",
    "circle": "g315=315",
    "digits": "a=-1.5,b=-0.4",
    "distance": "x=0,y=2.2,b=1.5",
    "dot": "vx=2.5,vy=0,wx=0,wy=2.2",
    "exponential": "angle=180,n=102",
    "fields": "w1=1,w2=2,w3=1,w4=2,w5=-9,w6=2,w7=1,w8=2,w9=1",
    "linear-map": "mode=steps,a=0,b=1,c=1,d=0",
    "pca": "angle=31",
    "permutation": "cycles=(1 2 3);(2 3 4),points=4",
    "span": "bx=2,by=0.5,cx=2,cy=0.45,tx=0,ty=2",
    "sphere": "stroke=1700:900;1730:900;1760:900;1790:900;-1790:900;-1760:900;-1730:900;-1700:900;-1670:900",
    "torus": "charts=3",
    "valley": "a=1.8,b=-1.8,target=1",
}
MODES_DONE = [
    "mode=area,a=1,c=1,b=2,d=2",
    "mode=eigen,a=0.8,b=-0.6,c=0.6,d=0.8",
    "mode=powers,a=0.7,b=-0.5,c=0.5,d=0.7",
]

pytestmark = needed


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
    """Lay out a page with each playground, and one with all of them twice; yield the address."""
    prepare.ensure()
    folder = tmp_path_factory.mktemp("playgrounds")
    shutil.copytree(MODULES, folder / "playgrounds")
    shutil.copytree(project.GENERATED / "data", folder / "assets" / "generated" / "data")
    shutil.copy(project.DOCS / "assets" / "css" / "colours.css", folder)
    (folder / "page.css").write_text(STYLE)
    (folder / "figure.svg").write_text(FIGURE)
    (folder / "elsewhere.html").write_text(HEAD)
    for name in NAMES:
        (folder / f"{name}.html").write_text(HEAD + PLACE.format(name=name, key="x") + FOOT)
    both = [PLACE.format(name=name, key=f"{name}-{number}") for name in NAMES for number in (1, 2)]
    (folder / "all.html").write_text(HEAD + "".join(both) + FOOT)
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


@pytest.fixture(scope="module")
def desks(browser):
    """Keep a tab for each kind of screen: a new one takes the browser as long as what is looked at in it."""
    kept = {}
    yield kept
    for page, _ in kept.values():
        page.context.close()


@pytest.fixture
def tab(browser, root, desks):
    """Show an empty page on a screen; its console must stay silent."""
    used = []

    def tab(width=760, **options):
        kind = (width, *options)
        if kind not in desks:
            page = browser.new_context(viewport={"width": width, "height": 900}, **options).new_page()
            said = []
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            desks[kind] = page, said
        page, said = desks[kind]
        page.goto("about:blank")
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="screen")
        said.clear()
        used.append(desks[kind])
        return page

    yield tab
    for page, said in used:
        page.unroute_all()
        assert said == []


def open_it(page, address=None):
    if address:
        page.goto(address)
    page.locator("play-ground").scroll_into_view_if_needed()
    page.wait_for_selector("play-ground.is-open")
    painted(page)


def painted(page, settled=False):
    """Wait for the next frame, or until a gesture is over, too."""
    if settled:
        page.wait_for_timeout(200)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def picture(page):
    """Return all that a playground shows: its readings, its drawing and its pictures."""
    painted(page)
    return page.evaluate("""() => [
      ...[...document.querySelectorAll("play-ground output")].map((o) => o.textContent),
      ...[...document.querySelectorAll("play-ground svg :is(path, circle, rect, text, g)")].map((e) => [...e.attributes].filter((a) => a.name !== 'class').map((a) => a.value).join() + e.textContent),
      ...[...document.querySelectorAll("play-ground canvas")].map((c) => c.toDataURL()),
    ].join("|")""")


def query(page):
    painted(page, settled=True)
    return page.evaluate("new URL(location.href).searchParams.get('play-x')")


def reset(page):
    page.get_by_role("button", name="Reset").click()


def top(page):
    return page.locator("#below").evaluate("(e) => e.getBoundingClientRect().top + scrollY")


def comes_quietly(page, name, address):
    """The module is fetched when the figure comes near; it takes the figure's room and moves nothing; both can be seen."""
    page.goto(address)
    asked = page.evaluate("performance.getEntriesByType('resource').map((r) => r.name)")
    assert not any(f"{name}.js" in address for address in asked), "loaded before anybody scrolled to it"
    assert page.locator("play-ground img").is_visible()
    before = top(page)
    open_it(page)
    assert top(page) == before, "the page moved"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the window"
    assert not page.locator("play-ground img").is_visible()
    assert "What the figure shows" not in page.locator("figcaption").inner_text()
    page.get_by_role("button", name="Show the figure").click()
    assert page.locator("play-ground img").is_visible()
    assert "What the figure shows" in page.locator("figcaption").inner_text()
    page.get_by_role("button", name="Try it yourself").click()
    assert page.locator("play-ground .play").is_visible()
    assert top(page) == before


def asks_something(page):
    """A task stands beside it, not done yet, with an answer that is folded away."""
    task = page.locator(".play-task")
    assert task.inner_text().startswith("Try: ")
    assert "✓" not in task.inner_text()
    answer = task.locator("details p")
    assert not answer.is_visible()
    task.locator("summary").press("Enter")
    assert len(answer.inner_text()) > 60
    task.locator("summary").press("Enter")


def tells_its_results_once(page):
    """Readings are outputs with names that do not speak; a sentence is spoken when a gesture ends."""
    outputs = page.locator("play-ground output").evaluate_all("(all) => all.map((o) => [o.ariaLabel, o.ariaLive])")
    assert outputs
    assert all(name and live == "off" for name, live in outputs)
    assert len({name for name, _ in outputs}) == len(outputs)
    page.evaluate("""() => { window.spoken = []; new MutationObserver(() => spoken.push(document.querySelector(".play-spoken").textContent))
      .observe(document.querySelector(".play-spoken"), { childList: true, characterData: true, subtree: true }) }""")


CONTROLS = "play-ground .play :is(input[type=range], input[type=number], .play-handle, .play-text, input[type=radio]:checked, button, summary)"
WHERE = """(e) => e.matches(".play-handle") ? e.getAttribute("transform").match(/-?[\\d.]+/g).map(Number) : [Number(e.value)]"""
LOOKS = """(e) => { const looks = [getComputedStyle(e), getComputedStyle(e.querySelector(".play-reach") ?? e)];
  return looks.map((s) => [s.outlineStyle, s.outlineWidth, s.stroke, s.strokeWidth].join()).join(); }"""


OPPOSITE = {"ArrowUp": "ArrowDown", "ArrowDown": "ArrowUp", "ArrowLeft": "ArrowRight", "ArrowRight": "ArrowLeft"}


def elsewhere(page, control, before):
    """Return where a control is when it has moved; a busy machine may draw that some frames later."""
    for _ in range(20):
        painted(page)
        now = numpy.array(control.evaluate(WHERE))
        if (now != before).any():
            break
    return now


def answers_to_keys(page):
    """Each control can be focused, shows that, and changes the picture by arrow keys, with Shift by more."""
    page.evaluate("document.activeElement.blur()")
    seen = set()
    for control in page.locator(CONTROLS).element_handles():
        if not control.is_visible():
            continue
        kind = control.evaluate("(e) => e.type ?? e.tagName.toLowerCase()")
        if kind not in seen:  # one style sheet for all of a kind
            plain = control.evaluate(LOOKS)
            page.keyboard.press("Tab")
            control.focus()
            assert control.evaluate(LOOKS) != plain, f"{kind}: the focus is not seen"
            seen.add(kind)
        if kind not in ("range", "number", "g"):
            continue
        moves = {}
        for key in ("ArrowUp", "ArrowRight", "ArrowDown", "ArrowLeft"):
            before, shown = numpy.array(control.evaluate(WHERE)), picture(page)
            control.press(key)
            if picture(page) == shown:
                continue
            middle = numpy.array(control.evaluate(WHERE))
            control.press(f"Shift+{key}")
            after = elsewhere(page, control, middle)
            moves[key] = numpy.linalg.norm(middle - before), numpy.linalg.norm(after - middle)
            control.press(f"Shift+{OPPOSITE[key]}")
            elsewhere(page, control, after)
            if moves[key][1] > 2 * moves[key][0] > 0:
                break
        name = control.get_attribute("aria-label")
        assert name, "a control without a name"
        assert moves, f"{name}: no answer to keys"
        assert any(large > 2 * small > 0 for small, large in moves.values()), f"{name}: {moves} with Shift"
        if len(seen) >= 3 and page.locator(CONTROLS).count() > 30 and kind == "number":
            break  # the fields of the fifteen ranks are one loop


def keeps_its_state(page, name, root):
    """The address has the state, and brings it back after a reload and after going back; reset clears it."""
    reset(page)
    first = picture(page)
    assert query(page) is None
    if name == "permutation":
        page.locator(".play-text").fill("(1 2)(3 4)")
    else:
        page.locator("play-ground :is(.play-handle:visible, input[type=range]:visible)").first.press("Shift+ArrowUp")
        page.locator("play-ground :is(.play-handle:visible, input[type=range]:visible)").first.press("ArrowLeft")
    changed = picture(page)
    assert changed != first
    address = query(page)
    assert address
    page.goto(f"{root}/elsewhere.html")
    page.go_back()
    open_it(page)
    assert picture(page) == changed, "going back"
    open_it(page, f"{root}/{name}.html?play-x={address}")
    assert picture(page) == changed, "the address"
    reset(page)
    assert picture(page) == first
    assert query(page) is None
    return first


def follows_the_mouse(page):
    """Each point, or the picture, is dragged; the end of the drag is told once, and what it does not do is told never."""
    reset(page)
    handles = [
        h for h in page.locator("play-ground :is(.play-handle .play-dot, .is-draggable canvas)").all() if h.is_visible()
    ]
    for number, handle in enumerate(handles[:4]):
        before = picture(page)
        painted(page, settled=True)
        page.evaluate("spoken.length = 0")
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for share in (0.4, 0.7, 1):
            page.mouse.move(x - 26 * share, y - 21 * share)
        during = picture(page)
        assert page.evaluate("spoken.length") == 0, "it speaks during a drag"
        page.mouse.up()
        assert during != before, f"handle {number} cannot be dragged"
        assert picture(page) == during
        painted(page, settled=True)
        said = page.evaluate("spoken")
        assert len(said) == 1, said
        assert said[0].strip()
    assert handles or page.locator("play-ground .play-text").count()


def says_what_is_wrong(page, name, root, first):
    """Wrong input is told and keeps the last good picture."""
    open_it(page, f"{root}/{name}.html?play-x=nonsense=1,,%3Cb%3E")
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
        words.fill("(1 2)")
        reset(page)


EXTREMES = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const room = document.querySelector("play-ground .play");
  const wrong = new Set();
  const look = (what) => {
    for (const e of room.querySelectorAll("*")) {
      for (const { name, value } of e.attributes) if (/NaN|Infinity|undefined/.test(value)) wrong.add(`${what}: ${e.tagName} ${name} ${value.slice(0, 60)}`);
      if (!e.children.length && /NaN|Infinity|undefined|null/.test(e.textContent)) wrong.add(`${what}: ${e.textContent}`);
    }
  };
  const radios = [...room.querySelectorAll("input[type=radio]")].slice(0, 4);
  for (const radio of radios.length ? radios : [null]) {
    radio?.click();
    for (const ends of [["min"], ["max"], ["min", "max"], ["max", "min"], ["0"]]) {
      let i = 0;
      for (const input of room.querySelectorAll("input:is([type=range], [type=number])")) {
        const end = ends[(i += 1) % ends.length];
        input.value = end === "0" ? Math.max(0, input.min) : input[end];
        input.dispatchEvent(new Event("input", { bubbles: true }));
        if (i % 8 === 0) await frame();
      }
      await frame();
      look(`${radio?.value ?? ""} ${ends}`);
    }
  }
  for (const button of room.querySelectorAll(".play-presets button")) {
    button.click();
    await frame();
    look(button.textContent);
  }
  return [...wrong];
}"""


def bears_extremes(page):
    """With all numbers at their ends, at nought, and in every mode there is a picture, and no reading is not a number."""
    assert page.evaluate(EXTREMES) == []
    reset(page)


def writes_what_changes(page):
    """A frame in which nothing changes gives no element an attribute again: it would be laid out and painted again."""
    reset(page)
    painted(page, settled=True)
    page.evaluate("""() => { window.written = []; new MutationObserver((all) => written.push(...all.map((one) => `${one.target.outerHTML.slice(0, 80)} ${one.attributeName}`)))
      .observe(document.querySelector("play-ground .play"), { attributes: true, subtree: true }) }""")
    reset(page)
    painted(page, settled=True)
    assert page.evaluate("written") == []


def serves_all(page):
    """Axe finds nothing in light or dark; the scheme is followed live, and the state stays; print has the figure."""
    page.evaluate(AXE.read_text())
    before = picture(page)
    colours = []
    for scheme in ("default", "slate"):
        page.evaluate(f"document.documentElement.dataset.mdColorScheme = '{scheme}'")
        found = page.evaluate("axe.run('figure', { resultTypes: ['violations'] })")["violations"]
        assert [(problem["id"], problem["nodes"][0]["html"][:120]) for problem in found] == [], scheme
        colours.append(
            page.evaluate("""[...document.querySelectorAll("play-ground .play *")].filter((e) => e.checkVisibility())
              .map((e) => { const s = getComputedStyle(e); return [s.fill, s.stroke, s.color, s.backgroundColor, s.filter].join() })""")
        )
    alike = [a for a, b in zip(*colours, strict=True) if a == b]
    assert len(alike) < 0.2 * len(colours[0]), "it does not follow the scheme"
    assert picture(page) == before
    page.emulate_media(media="print")
    assert page.locator("play-ground img").is_visible()
    assert not page.locator("play-ground .play").is_visible()
    assert "What the figure shows" in page.locator("figcaption").inner_text()
    page.emulate_media(media="screen")


def leaves_and_returns(page):
    """Taken out of the page, as instant navigation does, it is gone; put back, it opens again, once."""
    first = picture(page)
    page.evaluate(
        "window.kept = document.querySelector('play-ground'); window.place = document.querySelector('figcaption'); kept.remove()"
    )
    assert page.evaluate("!kept.querySelector('.play') && !kept.classList.contains('is-open')")
    page.evaluate("place.before(kept)")
    open_it(page)
    assert picture(page) == first
    assert page.locator("play-ground .play").count() == page.locator(".play-caption").count() == 1


def task_is_done(page, name, root, state):
    open_it(page, f"{root}/{name}.html?play-x={state}")
    assert page.locator(".play-problem").first.inner_text() == ""
    assert "✓ done" in page.locator(".play-task").inner_text(), state


def solution(name, page):
    """Return a state in which the task is done, from the data where it depends on them."""
    if name == "shift":
        return "by=" + re.search(r"a shift by (\d+) pixels", page.locator(".play-task details p").text_content())[1]
    data = json.loads((project.GENERATED / "data" / "mnist" / "exact" / "network.json").read_text())
    best = data["ranks"]["best"]

    def loss(ranks):
        return data["nothing"] - sum(sum(gains[:rank]) for gains, rank in zip(data["gains"], ranks, strict=True))

    moved = [[*best[: k - 1], best[k - 1] - 1, best[k] + 1, *best[k + 1 :]] for k in range(2, 8)]
    found = next(ranks for ranks in moved if loss(best) < loss(ranks) < 1.01 * loss(best))
    return ",".join(f"r{k}={rank}" for k, rank in enumerate(found))


@pytest.mark.parametrize("name", NAMES)
def test_on_a_wide_page(tab, root, name):
    page = tab()
    comes_quietly(page, name, f"{root}/{name}.html")
    asks_something(page)
    tells_its_results_once(page)
    answers_to_keys(page)
    follows_the_mouse(page)
    first = keeps_its_state(page, name, root)
    says_what_is_wrong(page, name, root, first)
    bears_extremes(page)
    writes_what_changes(page)
    serves_all(page)
    leaves_and_returns(page)
    if name != "rotation":
        task_is_done(page, name, root, DONE.get(name) or solution(name, page))


def touch(session, points):
    for index, (x, y) in enumerate(points):
        session.send(
            "Input.dispatchTouchEvent",
            {"type": "touchStart" if index == 0 else "touchMove", "touchPoints": [{"x": x, "y": y}]},
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def swipe(page, session, x, y):
    """Return how far the page scrolls under a finger that moves up."""
    start = page.evaluate("scrollY")
    touch(session, [(x, y - 25 * k) for k in range(5)])
    page.wait_for_timeout(100)
    return page.evaluate("scrollY") - start


@pytest.mark.parametrize("name", NAMES)
def test_on_a_phone(tab, root, name):
    page = tab(width=390, has_touch=True, is_mobile=True, reduced_motion="reduce")
    comes_quietly(page, name, f"{root}/{name}.html")
    page.evaluate("document.documentElement.dataset.mdColorScheme = 'slate'")
    session = page.context.new_cdp_session(page)
    finger = page.locator("play-ground .play-handle:visible .play-dot")
    page.locator("play-ground .play-board").scroll_into_view_if_needed()
    if finger.count():
        before, start = picture(page), page.evaluate("scrollY")
        box = finger.first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        touch(session, [(x, y), (x - 10, y - 8), (x - 22, y - 18)])
        assert picture(page) != before, "a finger cannot drag it"
        assert page.evaluate("scrollY") == start, "the page scrolled away under the point"
    before = picture(page)
    board = page.locator("play-ground .play-board").bounding_box()
    free = page.evaluate(
        """([left, top, width, height]) => {
      for (let y = 0.97; y > 0.3; y -= 0.03) for (let x = 0.03; x < 1; x += 0.05) {
        const [px, py] = [left + x * width, top + y * height];
        const hit = document.elementFromPoint(px, py);
        if (hit && py < innerHeight && hit.closest(".play-board") && !hit.closest(".play-handle, .is-draggable")) return [px, py];
      }
    }""",
        [board[key] for key in ("x", "y", "width", "height")],
    )
    assert swipe(page, session, *free) != 0, "a swipe beside the points does not scroll the page"
    page.locator(".play-task").scroll_into_view_if_needed()
    words = page.locator(".play-task").bounding_box()
    assert swipe(page, session, words["x"] + 40, words["y"] + 10) != 0, (
        "a swipe over the words does not scroll the page"
    )
    assert picture(page) == before
    sizes = page.evaluate("""[...document.querySelectorAll('play-ground svg text')].filter((t) => t.textContent && t.checkVisibility({ visibilityProperty: true }))
      .map((t) => [t.getBoundingClientRect().height, t.textContent])""")
    assert [text for height, text in sizes if height < 9] == []
    small = page.evaluate("""[...document.querySelectorAll('play-ground .play :is(button, input, summary)')].filter((e) => e.checkVisibility())
      .map((e) => (e.closest('label') ?? e).getBoundingClientRect()).filter((box) => Math.min(box.width, box.height) < 24).length""")
    assert small == 0, "too small for a finger"
    moving = "document.getAnimations().length"
    page.locator("play-ground button").first.click()
    assert page.evaluate(moving) == 0, "it moves by itself"


def test_each_mode_of_the_linear_map_has_a_task(tab, root):
    page = tab()
    for state in MODES_DONE:
        task_is_done(page, "linear-map", root, state)


def test_the_layer_that_is_turned_backwards_has_a_task(tab, root):
    page = tab()
    for group in ("turns", "mirrors"):
        task_is_done(page, "fields", root, f"layer=backwards,angle=180,group={group}")
    for state in ("angle=90", "angle=180,w1=1,w4=1,w7=1", "angle=180,group=mirrors,mirror=yes"):
        open_it(page, f"{root}/fields.html?play-x=layer=backwards,{state}")
        assert "✓" not in page.locator(".play-task").inner_text(), state


def test_a_picture_is_painted_and_a_filter_changed_cell_by_cell(tab, root):
    """A stroke of the pen gives all its cells one colour, however fast; Space does the same where the arrow keys went."""
    page = tab()
    open_it(page, f"{root}/fields.html")
    paper, weights = page.locator(".play-sheet").all()
    empty = "0" * 81

    def drawn():
        return re.search(r"picture=(\w+)", query(page))[1]

    def at(row, column):
        box = paper.locator("rect").first.bounding_box()
        return box["x"] + (column + 0.5) * box["width"] / 9, box["y"] + (row + 0.5) * box["height"] / 9

    page.get_by_role("button", name="empty").click()
    assert drawn() == empty
    page.mouse.move(*at(8, 1))
    page.mouse.down()
    page.mouse.move(*at(8, 7))  # without a stop between
    page.mouse.up()
    assert drawn() == "0" * 73 + "1111111" + "0"
    page.mouse.move(*at(8, 3))
    page.mouse.down()
    page.mouse.move(*at(6, 3))
    page.mouse.up()
    assert drawn() == "0" * 73 + "1101111" + "0", "a stroke that begins on ink takes it away"
    paper.press("Shift+ArrowUp")
    paper.press("ArrowLeft")
    paper.press("Space")
    assert drawn() == "001" + "0" * 70 + "1101111" + "0"
    assert page.locator(".play-spoken").inner_text() == "Row 1, column 3: ink."
    weights.press("ArrowDown")
    for value in ("0", "1", "-1"):  # the second row begins with −1
        weights.press("Space")
        painted(page, settled=True)
        assert page.locator(".play-spoken").text_content() == f"Row 2, column 1: {value.replace('-', '−')}."
        assert f"w4={value}," in query(page)


def test_a_drag_of_the_pen_is_a_stroke_of_its_own(tab, root):
    """A second drag begins anew, wherever the first ended; the arrow keys go on with the stroke."""
    page = tab()
    open_it(page, f"{root}/sphere.html?play-x=stroke=900:900,longitude=20,polar=60")

    def stroke():
        return re.search(r"stroke=([^,]*)", query(page))[1].split(";")

    def drag():
        box = page.locator(".play-handle .play-dot").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(1, 6):
            page.mouse.move(x + 6 * step, y + 3 * step)
        page.mouse.up()
        return stroke()

    first, second = drag(), drag()
    assert "900:900" not in first
    assert len(first) > 3
    assert not set(first[:-1]) & set(second)
    page.locator(".play-handle").press("ArrowDown")
    assert stroke()[: len(second)] == second


@pytest.mark.parametrize("first", ["drive", "turn"])
def test_the_point_of_the_robot_is_the_end_of_its_first_drive(tab, root, first):
    """Also where it has turned before; dragged along that drive, it changes how far this goes."""
    page = tab()
    open_it(page, f"{root}/brackets.html?play-x=t=0.5,first={first}")
    way = page.locator("path.curve:not(.thin)").get_attribute("d")
    corners = [numpy.array([float(v) for v in corner.split()]) for corner in re.split("[ML]", way)[1:]]
    end = corners[1 if first == "drive" else 2]
    place = page.locator(".play-handle").get_attribute("transform")
    assert numpy.abs(end - [float(v) for v in re.findall(r"-?[\d.]+", place)]).max() < 0.11
    box = page.locator(".play-handle .play-dot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - (0 if first == "drive" else 30 * numpy.tan(0.5)))
    page.mouse.up()
    assert float(re.search(r"t=([\d.]+)", query(page))[1]) > 0.6


def test_all_permutations_are_not_the_answer(tab, root):
    page = tab()
    open_it(page, f"{root}/permutation.html")
    page.get_by_role("button", name="everything").click()
    painted(page)
    assert "2 of 25" in page.locator(".play-readings").inner_text()
    assert "✓" not in page.locator(".play-task").inner_text()
    task_is_done(page, "permutation", root, "cycles=(1 2 3 4 5);(2 3 5 4),points=5")


def test_the_cube_does_not_jump_when_the_point_leaves_the_ball(tab, root):
    """Dragged out in small steps, the rotation changes by small steps, though its point changes sides."""
    page = tab()
    open_it(page, f"{root}/rotation.html")
    fields = page.locator("play-ground input[type=number]")
    box = page.locator(".play-handle .play-dot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    points = []
    for step in range(60):
        page.mouse.move(x + 3 * step, y - 0.5 * step)
        painted(page)
        points.append([float(field.input_value()) for field in fields.all()])
    page.mouse.up()
    points = numpy.array(points)
    far = numpy.linalg.norm(numpy.diff(points, axis=0), axis=1)
    assert (far > 3).sum() == 1, "it leaves the ball once"
    rotations = exp_so3(torch.tensor(points)).numpy()
    assert numpy.linalg.norm(numpy.diff(rotations, axis=0), axis=(1, 2)).max() < 0.3
    assert "✓ done" in page.locator(".play-task").inner_text()


def test_two_on_a_page_do_not_disturb_each_other(tab, root):
    """All of them, twice each, on one page: names of their own, and what moves one leaves the other as it is."""
    page = tab()
    page.goto(f"{root}/all.html")
    for place in page.locator("play-ground").all():
        place.scroll_into_view_if_needed()
        place.locator(".play").wait_for()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(set(ids)) == len(ids)
    shown = "(n) => [...document.querySelectorAll(`play-ground[data-key='${n}'] :is(output, svg, canvas, :checked)`)].map((e) => e.outerHTML + (e.toDataURL?.() ?? '')).join()"
    for name in NAMES:
        first, second = f"{name}-1", f"{name}-2"
        before = [page.evaluate(shown, key) for key in (first, second)]
        ground = page.locator(f"play-ground[data-key='{first}']")
        if ground.locator("input[type=radio]").count():
            ground.locator("input[type=radio]").nth(1).check()
        control = ground.locator(":is(.play-handle, input[type=range]):visible").first
        control.press("Shift+ArrowUp")
        control.press("ArrowLeft")
        painted(page)
        after = [page.evaluate(shown, key) for key in (first, second)]
        assert after[0] != before[0], name
        assert after[1] == before[1], name
    painted(page, settled=True)
    kept = page.evaluate("[...new URL(location.href).searchParams.keys()]")
    assert sorted(kept) == sorted(f"play-{name}-1" for name in NAMES)


IN_VIEW = """customElements.whenDefined("play-ground").then(() => new Promise((seen) =>
    new IntersectionObserver(([entry]) => entry.isIntersecting && seen()).observe(document.querySelector("play-ground"))))"""
TIMES = """name => [performance.getEntriesByType("navigation")[0].loadEventStart,
    performance.getEntriesByType("resource").find((one) => one.name.endsWith(name)).startTime]"""


def test_the_words_come_before_a_playground(tab, root):
    """One that is in view from the start is asked for when the page has loaded with its last picture, and not before."""
    page, held = tab(), []
    page.set_viewport_size({"width": 760, "height": 3200})
    page.route("**/figure.svg", lambda route: held.append(route))
    with page.expect_request("**/figure.svg"):
        page.goto(f"{root}/circle.html", wait_until="domcontentloaded")
    page.evaluate(IN_VIEW)
    assert page.evaluate("document.readyState") == "interactive"
    held[0].continue_()
    page.wait_for_selector("play-ground.is-open")
    loaded, asked = page.evaluate(TIMES, "/circle.js")
    assert 0 < loaded <= asked


def test_without_scripts_the_figures_stay(browser, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{root}/all.html")
    assert [place.locator("img").is_visible() for place in page.locator("play-ground").all()] == [True] * 2 * len(NAMES)
    page.emulate_media(media="print")
    assert page.locator("play-ground").first.evaluate("(e) => e.getBoundingClientRect().height") < 200
    context.close()


def weight(path):
    """Return how many bytes a file has, compressed."""
    return len(gzip.compress(path.read_bytes()))


def test_bytes_of_each_playground_stay_small():
    """Own code and data, compressed, beside what all share."""
    prepare.ensure()
    for name in NAMES:
        text = (MODULES / f"{name}.js").read_text()
        own = [MODULES / f"{name}.js", *(MODULES / path for path in re.findall(r'from "\./(maths/[\w.]+)"', text))]
        own += [project.GENERATED / "data" / f"{path}.json" for path in re.findall(r'load\("([\w/]+)"', text)]
        assert sum(map(weight, own)) < 60_000, name
    shared = [MODULES / name for name in ("page.js", "frame.js", "space.js", "pictures.js", "play.css")]
    assert sum(map(weight, shared)) < 12_000


def test_pages_ask_for_each_playground_and_only_their_pages_load_any():
    asked = {
        block.options["play"].split("?")[0]
        for name in pages.names()
        for block in pages.read(name).blocks
        if "play" in block.options
    }
    assert asked == set(NAMES)
    for path in (project.ROOT / "mkdocs.yml", *(project.ROOT / "overrides").rglob("*.html")):
        assert "playgrounds" not in path.read_text(), f"{path.name} would load them on every page"
