"""What a reader gets who drags a point of a playground, in a browser slowed down four times, and what it weighs.

A mouse sends places faster than the screen shows them, and the page notes when its frames come. For each playground:
its own modules and data over the network, compressed; the time from the request for its module until it is open, at
full speed, where a reader comes to it from what stands above it; the median time from frame to frame while a point or
slider is dragged, slowed down; the floor, which is what the same browser takes on the same page, slowed down as much,
for frames in which nothing but one circle moves; and all that the main thread computes for a frame (scripts, style,
layout, painting, and finding what is under the mouse), in processor time at full speed, times four, and which part of
it is the playground's script.

The slowing down is work that Chromium gives its main thread, so it needs a processor to itself. Where others work on
the machine, frames come late for that reason, of the floor as well, and processor time is the fairer measure; so of
several stretches the least disturbed one counts. An exclamation mark: more than 20 ms from frame to frame (33 in
space) where the floor is not above that, as much work for a frame, 300 ms until it is open, or 60 KB. Reads `site/`,
so build the site first. `python -m bench playgrounds` takes about four minutes.
"""

import asyncio
import functools
import gzip
import http.server
import math
import re
import statistics
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from press import paper

SITE = Path(__file__).resolve().parent.parent / "site"
SLOWER = 4
STRETCHES, SECONDS = 6, 0.5
RADIUS, TURN, PAUSE = 40, 0.15, 0.008  # the mouse goes around a circle: pixels, radians a step, seconds between steps
SHARED = ("page.js", "frame.js", "space.js", "pictures.js", "play.css")
LIMITS = {"KB": 60, "opens": 300, "plane": 20, "space": 33}
IN_SPACE = ("rotation", "sphere")
OPENED = """() => {
  window.opened = {};
  const note = (all) => all.forEach(({ target }) => {
    if (target.matches("play-ground.is-open")) window.opened[target.dataset.key] ??= performance.now();
  });
  new MutationObserver(note).observe(document, { attributeFilter: ["class"], subtree: true });
}"""
OPENING = """([key, play]) => {
  const asked = performance.getEntriesByType("resource").find(({ name }) => name.endsWith(`/playgrounds/${play}.js`));
  return window.opened[key] - asked.startTime;
}"""
ABOVE = """(selector) => {
  const { top } = document.querySelector(selector).getBoundingClientRect();
  scrollTo({ top: scrollY + top - innerHeight - 500, behavior: "instant" });
}"""
NOTE = """() => {
  const mine = (window.came = []);
  const frame = (time) => {
    if (window.came !== mine) return;
    mine.push(time);
    window.still?.setAttribute("cx", 20 + (mine.length % 20));
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
NOTED = "() => { const { came } = window; window.came = null; return came; }"
CIRCLE = """() => {
  const layer = document.createElement("div");
  layer.style = "position: fixed; left: 0; top: 200px; z-index: 9; will-change: transform";
  layer.innerHTML = "<svg width='60' height='60'><circle cx='20' cy='20' r='8'/></svg>";
  document.body.append(layer);
  window.still = layer.querySelector("circle");
}"""
WATCH = """(selector) => {
  window.changes = 0;
  const watcher = new MutationObserver(() => (window.changes += 1));
  const all = { attributes: true, characterData: true, childList: true, subtree: true };
  watcher.observe(document.querySelector(selector), all);
  window.unwatch = () => { watcher.disconnect(); return window.changes; };
}"""
HELD = ":is(.play-handle:visible .play-dot, .is-draggable canvas, input[type=range]:visible)"


class Stretch(NamedTuple):
    """Half a second of frames: the median time between them, and what thread and scripts compute for one."""

    passed: float
    work: float
    script: float


class Measured(NamedTuple):
    """What is printed of a playground: milliseconds until it is open, and of frames."""

    opened: float
    passed: float
    floor: float
    work: float
    script: float


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves without a line a request."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def weight(*files: Path) -> int:
    """Return the bytes of files, each compressed."""
    return sum(len(gzip.compress(path.read_bytes())) for path in files)


async def computed(session: CDPSession) -> list[float]:
    """Return the milliseconds of processor time that the page's main thread, and its scripts, have worked so far."""
    metrics = {metric["name"]: metric["value"] for metric in (await session.send("Performance.getMetrics"))["metrics"]}
    return [1000 * metrics[name] for name in ("TaskDuration", "ScriptDuration")]


async def stretch(page: Page, session: CDPSession, x: float, y: float, radius: float = RADIUS) -> Stretch:
    """Let the held mouse go around a circle through a place, as fast as a mouse does, and count frames."""
    before = await computed(session)
    await page.evaluate(NOTE)
    start, sent = asyncio.get_running_loop().time(), []
    while asyncio.get_running_loop().time() < start + SECONDS:
        if radius:  # nobody waits for an answer: a mouse does not
            turn = TURN * len(sent)
            place = {"x": x - radius * (1 - math.cos(turn)), "y": y - radius * math.sin(turn)}
            event = {"type": "mouseMoved", "button": "left", "buttons": 1, **place}
            sent.append(asyncio.create_task(session.send("Input.dispatchMouseEvent", event)))
        await asyncio.sleep(PAUSE)
    await asyncio.gather(*sent)
    times = await page.evaluate(NOTED)
    work, script = ((after - was) / len(times) for was, after in zip(before, await computed(session), strict=True))
    return Stretch(statistics.median(after - was for was, after in pairwise(times)), work, script)


async def measure(page: Page, address: str, play: str, key: str) -> Measured:
    """Open a playground, drag what it has first, and measure; then the same browser with nothing but a circle."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    await page.add_init_script(f"({OPENED})()")
    await page.goto(address)
    ground = f"play-ground[data-key='{key}']"
    await page.evaluate(ABOVE, ground)
    await page.wait_for_timeout(700)
    await page.locator(ground).evaluate("(e) => e.scrollIntoView({ behavior: 'instant', block: 'center' })")
    await page.wait_for_selector(f"{ground}.is-open")
    await page.wait_for_timeout(300)
    opened = await page.evaluate(OPENING, [key, play])
    box = await page.locator(f"{ground} {HELD}").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.evaluate(WATCH, ground)
    await stretch(page, session, x, y)
    if await page.evaluate("unwatch()") < 5:
        sys.exit(f"bench: {key} does not follow the mouse")
    full = [await stretch(page, session, x, y) for _ in range(STRETCHES)]
    least = min(full, key=lambda one: one.work)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    passed = min([(await stretch(page, session, x, y)).passed for _ in range(STRETCHES)])
    await page.mouse.up()
    await page.wait_for_timeout(300)
    await page.evaluate(CIRCLE)
    floor = min([(await stretch(page, session, x, y, radius=0)).passed for _ in range(STRETCHES)])
    return Measured(opened, passed, floor, SLOWER * least.work, SLOWER * least.script)


def found() -> list[tuple[str, str, str]]:
    """List address, name and key of each playground of the site."""
    places = []
    for file in sorted(SITE.rglob("index.html")):
        for tag in re.findall(r"<play-ground[^>]*>", file.read_text()):
            key, play = (re.search(rf'data-{name}="([^"]+)"', tag)[1] for name in ("key", "play"))
            places.append((str(file.parent.relative_to(SITE)), play, key))
    return places


def own_weight(play: str) -> float:
    """Return the kilobytes of a playground's own modules and data, compressed."""
    modules = SITE / "playgrounds"
    text = (modules / f"{play}.js").read_text()
    maths = [modules / name for name in re.findall(r'from "\./(maths/[\w.]+)"', text)]
    data = [SITE / "assets/generated/data" / f"{name}.json" for name in re.findall(r'load\("([\w/]+)"', text)]
    return weight(modules / f"{play}.js", *maths, *data) / 1000


def line(play: str, own: float, one: Measured) -> str:
    """Return what is printed of a playground; an exclamation mark where it misses a goal."""
    limit = LIMITS["space" if play in IN_SPACE else "plane"]
    late = one.passed > limit >= one.floor
    missed = late or one.work > limit or own > LIMITS["KB"] or one.opened > LIMITS["opens"]
    times = f"{one.passed:>16.1f}{one.floor:>8.1f}{one.work:>15.1f}{one.script:>15.1f}"
    return f"{play:<13}{own:>7.1f}{one.opened:>11.0f}{times}{' !' if missed else ''}"


async def each(browser: Browser, address: str) -> None:
    """Print a line a playground."""
    for folder, play, key in found():
        page = await browser.new_page()
        print(line(play, own_weight(play), await measure(page, f"{address}/{folder}/", play, key)), flush=True)
        await page.close()


async def run(address: str) -> None:
    """Measure all in one browser."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=paper.chromium(), args=flags)
        await each(browser, address)
        await browser.close()


def main() -> None:
    """Serve the site, and print a line a playground."""
    if not found():
        sys.exit("bench: no playground in site/: build the site first (make build)")
    shared = weight(*(SITE / "playgrounds" / name for name in SHARED)) / 1000
    print(f"shared: {shared:.1f} KB; frames slowed down {SLOWER} times, in ms")
    print("playground    own KB  opens, ms  frame to frame   floor   work a frame   of it script")
    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        asyncio.run(run(f"http://127.0.0.1:{server.server_address[1]}"))
        server.shutdown()
