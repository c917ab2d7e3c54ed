"""How fast playgrounds answer in a browser slowed down four times, and what they weigh.

For each: its own modules and data over the network, compressed; the time from coming into view to being open, at full
speed, and how much of it the page's main thread computes; for a frame while a point or slider is dragged what that
thread computes, times four, and the time that passes from frame to frame with the processor throttled, at least
16.7 ms as the screen has it. Work is processor time, and the least disturbed of several batches of frames counts, so
that it hardly depends on what else the machine does; the times that pass do. An exclamation mark: more than 20 ms of
work a frame (33 in space), 300 ms of it to open, or 60 KB. Reads `site/`, so build the site first.
"""

import functools
import gzip
import http.server
import re
import statistics
import sys
import threading
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

from press import paper

SITE = Path(__file__).resolve().parent.parent / "site"
SLOWER = 4
BATCHES, CHANGES, STEP = 7, 10, 4
SHARED = ("page.js", "frame.js", "space.js", "pictures.js", "play.css")
LIMITS = {"KB": 60, "opens": 300, "plane": 20, "space": 33}
IN_SPACE = ("rotation", "sphere")
OPEN = """async (selector) => {
  const ground = document.querySelector(selector);
  const start = performance.now();
  ground.scrollIntoView({ behavior: "instant", block: "center" });
  while (!ground.classList.contains("is-open")) await new Promise((done) => setTimeout(done, 1));
  return performance.now() - start;
}"""
FRAME = """() => new Promise((done) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => done(performance.now());
  port2.postMessage(0);
}))"""
HELD = ":is(.play-handle:visible .play-dot, .is-draggable canvas, input[type=range]:visible)"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves without a line a request."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def weight(*files: Path) -> int:
    """Return the bytes of files, each compressed."""
    return sum(len(gzip.compress(path.read_bytes())) for path in files)


def computed(session: CDPSession) -> float:
    """Return the milliseconds of processor time that the page's main thread has worked so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def measure(page: Page, address: str, key: str) -> tuple[float, float, float, float]:
    """Return milliseconds until it is open, of work for that, of work a frame (slowed down), and that pass a frame."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address)
    ground = f"play-ground[data-key='{key}']"
    before = computed(session)
    opened = page.evaluate(OPEN, ground)
    opening = computed(session) - before
    page.wait_for_timeout(300)
    box = page.locator(f"{ground} {HELD}").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def frames(far: float) -> list[float]:
        times = [page.evaluate(FRAME)]
        for change in range(CHANGES):
            way = abs((change + 5) % 10 - 5)
            page.mouse.move(x - far * way, y - far * way)
            times.append(page.evaluate(FRAME))
        return [after - before for before, after in pairwise(times)]

    def work(far: float) -> float:
        before = computed(session)
        frames(far)
        return (computed(session) - before) / CHANGES

    page.mouse.move(x, y)
    idle = min(work(0) for _ in range(3))  # what it takes to ask
    page.mouse.down()
    work(STEP)
    busy = min(work(STEP) for _ in range(BATCHES))
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    passed = statistics.median(frames(STEP))
    page.mouse.up()
    return opened, opening, SLOWER * (busy - idle), passed


def found() -> list[tuple[str, str, str]]:
    """List address, name and key of each playground of the site."""
    places = []
    for file in sorted(SITE.rglob("index.html")):
        for tag in re.findall(r"<play-ground[^>]*>", file.read_text()):
            key, play = (re.search(rf'data-{name}="([^"]+)"', tag)[1] for name in ("key", "play"))
            places.append((str(file.parent.relative_to(SITE)), play, key))
    return places


def main() -> None:
    """Print a line a playground."""
    if not (places := found()):
        sys.exit("bench: no playground in site/: build the site first (make build)")
    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as driver:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = driver.chromium.launch(executable_path=paper.chromium(), args=flags)
        modules = SITE / "playgrounds"
        print(f"shared: {weight(*(modules / name for name in SHARED)) / 1000:.1f} KB; at {SLOWER} x slower")
        print(f"{'playground':<14}{'own KB':>8}{'opens, ms':>11}{'work, ms':>10}{'frame work':>12}{'passed':>9}")
        for folder, play, key in places:
            page = browser.new_page()
            opened, opening, work, passed = measure(page, f"http://127.0.0.1:{server.server_address[1]}/{folder}/", key)
            text = (modules / f"{play}.js").read_text()
            data = re.findall(r'load\("([\w/]+)"', text)
            maths = re.findall(r'from "\./(maths/[\w.]+)"', text)
            own = (
                weight(
                    modules / f"{play}.js",
                    *(modules / name for name in maths),
                    *(SITE / "assets/generated/data" / f"{name}.json" for name in data),
                )
                / 1000
            )
            slow = work > LIMITS["space" if play in IN_SPACE else "plane"] or own > LIMITS["KB"]
            marks = " !" if slow or opening > LIMITS["opens"] else ""
            print(f"{play:<14}{own:>8.1f}{opened:>11.0f}{opening:>10.0f}{work:>12.1f}{passed:>9.1f}{marks}", flush=True)
            page.close()
        browser.close()
        server.shutdown()
