"""How fast playgrounds answer, from a change of a control to the painted frame, in a browser slowed down four times.

Beside it what each brings over the network, compressed: its own module and data, and once what all share. Reads
`site/`, so build the site first.
"""

import functools
import gzip
import http.server
import re
import shutil
import statistics
import threading
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

SITE = Path(__file__).resolve().parent.parent / "site"
SLOWER = 4
CHANGES = 40
SHARED = ("page.js", "frame.js", "space.js", "pictures.js", "play.css")
FRAMES = """async ([selector, changes]) => {
  const control = document.querySelector(selector);
  const times = [];
  for (let i = 0; i < changes; i += 1) {
    await new Promise(requestAnimationFrame);
    const start = performance.now();
    const key = i % 20 < 10 ? "ArrowUp" : "ArrowDown";
    if (control.matches("input[type=range]")) {
      control[key === "ArrowUp" ? "stepUp" : "stepDown"]();
      control.dispatchEvent(new Event("input", { bubbles: true }));
    } else control.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await new Promise(requestAnimationFrame);
    const { port1, port2 } = new MessageChannel();
    await new Promise((done) => { port1.onmessage = done; port2.postMessage(0); });
    times.push(performance.now() - start);
  }
  return times;
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves without a line a request."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def weight(*files: Path) -> int:
    """Return the bytes of files, each compressed."""
    return sum(len(gzip.compress(path.read_bytes())) for path in files)


def measure(page: Page, address: str, key: str) -> tuple[float, float]:
    """Return milliseconds from a page's load to an open playground, and the median from a change to its frame."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address)
    ground = f"play-ground[data-key='{key}']"
    start = page.evaluate("performance.now()")
    page.locator(ground).scroll_into_view_if_needed()
    page.wait_for_selector(f"{ground}.is-open")
    opened = page.evaluate("performance.now()") - start
    control = f"{ground} :is(.play-handle, input[type=range])"
    return opened, statistics.median(page.evaluate(FRAMES, [control, CHANGES]))


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
    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as driver:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        modules = SITE / "playgrounds"
        print(f"shared: {weight(*(modules / name for name in SHARED)) / 1000:.1f} KB")
        print(f"{'playground':<14}{'own KB':>8}{'opens, ms':>11}{'frame, ms':>11}   at {SLOWER} x slower")
        for folder, play, key in found():
            page = browser.new_page()
            opened, frame = measure(page, f"http://127.0.0.1:{server.server_address[1]}/{folder}/", key)
            data = re.findall(r'load\("([\w/]+)"', (modules / f"{play}.js").read_text())
            own = weight(modules / f"{play}.js", *(SITE / "assets/generated/data" / f"{name}.json" for name in data))
            print(f"{play:<14}{own / 1000:>8.1f}{opened:>11.0f}{frame:>11.1f}", flush=True)
            page.close()
        browser.close()
        server.shutdown()
