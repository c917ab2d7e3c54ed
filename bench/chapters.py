"""What a chapter asks of its reader: words, height, figures, code, outputs that only say true or false, open errata.

Words are those of the prose that stands open; formulas, tables, code and folded parts are not counted. The height is
that at 1280 px with everything folded. Reads `site/`, so build the site first. Needs Chromium.
"""

import functools
import http.server
import statistics
import threading

from playwright.sync_api import sync_playwright

from bench.playgrounds import SITE, Quiet
from book.project import chapters
from press import paper

COLUMNS = ("words", "height", "figures", "code, %", "outputs", "yes/no", "errata, %")
LOOK = """() => {
  document.querySelectorAll("[data-room]").forEach((part) => part.removeAttribute("data-room"));
  const main = document.querySelector("article");
  const tall = (part) => (part.checkVisibility() ? part.getBoundingClientRect().height : 0);
  const height = (parts) => [...parts].reduce((sum, part) => sum + tall(part), 0);
  const outputs = [...main.querySelectorAll(".output code")].map((code) => code.textContent.trim().split(/\\s+/));
  const whole = main.getBoundingClientRect().height;
  const code = height(main.querySelectorAll("pre:not(.output pre)"));
  const errata = height(main.querySelectorAll(".erratum-says"));
  const figures = main.querySelectorAll("figure").length;
  main.querySelectorAll("details, pre, table, script, style, button, .katex").forEach((part) => part.remove());
  const words = main.textContent.match(/[A-Za-z][\\w'’-]*/g).length;
  const answers = outputs.filter((words) => words.every((word) => /^(True|False)$/.test(word))).length;
  return [words, whole, figures, 100 * code / whole, outputs.length, answers, 100 * errata / whole];
}"""


def main() -> None:
    """Print a line a chapter, and the medians."""
    chromium = paper.chromium()
    if not (SITE / "index.html").exists() or not chromium:
        raise SystemExit("bench: this needs Chromium, and a site: run 'make build' first")
    print(f"{'chapter':<42}" + "".join(f"{name:>10}" for name in COLUMNS))
    rows = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE)) as server:
        server.handle_error = lambda *_: None  # a page that is left hangs up
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.route("**/playgrounds/**", lambda route: route.abort())
            for name in chapters():
                page.goto(
                    f"http://127.0.0.1:{server.server_address[1]}/{name.removesuffix('.md')}/", wait_until="networkidle"
                )
                rows.append(page.evaluate(LOOK))
                line(name.removesuffix(".md"), rows[-1])
            browser.close()
        server.shutdown()
    line("median", [statistics.median(column) for column in zip(*rows, strict=True)])


def line(name: str, row: list[float]) -> None:
    """Print what was found of one chapter."""
    print(f"{name:<42}" + "".join(f"{value:10.0f}" for value in row), flush=True)


if __name__ == "__main__":
    main()
