"""What Lighthouse says of pages on its simulated phone, and of one chapter that MathJax typesets in the browser.

Reads `site/`, so build the site first; it is served compressed. Fetches Lighthouse and MathJax from npm, once, into
`bench/lighthouse/`. Needs Chromium. The numbers depend on the machine, which Lighthouse rates, too (more is faster, a
quiet laptop has 1,000 to 2,000): compare rows of one run.
"""

import functools
import gzip
import html
import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from book import npm, project
from press import paper
from press.edition import FORMULA

SITE = project.ROOT / "site"
TOOLS = Path(__file__).parent / "lighthouse"
CHAPTERS = ("linear-algebra/span/", "linear-algebra/eigenvectors/", "linear-networks/equivariance/")
PAGES = ("", *CHAPTERS, "reference/claims/", "reference/claims/linear-networks/")
TYPESET = CHAPTERS[1]  # also by MathJax
RUNS = 3
PACKED = (".html", ".css", ".js", ".json", ".svg")
QUIET = ("background-networking", "component-update", "sync", "gpu")
FLAGS = " ".join(["--headless=new --no-sandbox", *(f"--disable-{name}" for name in QUIET)])
AUDITS = {
    "LCP, s": ("largest-contentful-paint", 1e-3),
    "TBT, ms": ("total-blocking-time", 1),
    "CLS": ("cumulative-layout-shift", 1),
    "work, s": ("mainthread-work-breakdown", 1e-3),
    "KB": ("total-byte-weight", 1e-3),
}
TEX = re.compile(r'<annotation encoding="application/x-tex">(.*?)</annotation>', re.DOTALL)


class Packed(http.server.SimpleHTTPRequestHandler):
    """Serves as a web server is set up to: text compressed, without a line a request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with a file, or with what MathJax needs."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if self.path.startswith("/mathjax/"):
            path = TOOLS / "node_modules" / self.path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        if path.suffix in PACKED:
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def by_mathjax(page: str) -> str:
    """Return a page with the TeX of its formulas, and the script that typesets them when the page is there."""
    macros = json.loads((project.ROOT / "book" / "macros.json").read_text())
    numbers = {name: max(map(int, re.findall(r"#(\d)", text)), default=0) for name, text in macros.items()}
    known = {name[1:]: [text, numbers[name]] if numbers[name] else text for name, text in macros.items()}
    settings = json.dumps({"tex": {"macros": known}, "svg": {"fontCache": "global"}})
    scripts = f'<script>MathJax = {settings}</script><script async src="/mathjax/es5/tex-chtml.js"></script>'

    def tex(formula: re.Match) -> str:
        text = html.unescape(TEX.search(formula[1])[1])
        return html.escape(rf"\[{text}\]" if "katex-display" in formula[1] else rf"\({text}\)")

    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    return FORMULA.sub(tex, page).replace("</head>", f"{scripts}</head>")


def audit(address: str) -> dict[str, float]:
    """Let Lighthouse look at an address once."""
    command = [*npm.node(), str(TOOLS / "node_modules" / "lighthouse" / "cli" / "index.js"), address, "--quiet"]
    options = ["--output=json", "--only-categories=performance", f"--chrome-flags={FLAGS}"]
    chromium = paper.chromium()
    if not chromium:
        raise SystemExit("bench: Lighthouse needs Chromium: install it (Debian: apt-get install chromium)")
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, env={**os.environ, "CHROME_PATH": chromium}
    )
    if done.returncode:
        raise SystemExit(f"bench: Lighthouse failed:\n{done.stderr[-2000:]}")
    report = json.loads(done.stdout)
    found = {name: scale * report["audits"][audit]["numericValue"] for name, (audit, scale) in AUDITS.items()}
    score = 100 * report["categories"]["performance"]["score"]
    return {"score": score, **found, "machine": report["environment"]["benchmarkIndex"]}


def row(name: str, address: str) -> None:
    """Print the medians of some visits."""
    found = [audit(address) for _ in range(RUNS)]
    middle = {key: statistics.median(run[key] for run in found) for key in found[0]}
    cells = (f"{middle[key]:9.2f}" if key in ("LCP, s", "CLS", "work, s") else f"{middle[key]:9.0f}" for key in middle)
    print(f"{name:<34}{''.join(cells)}", flush=True)


def main(pages: tuple[str, ...] = PAGES) -> None:
    """Print a line a page."""
    if not (SITE / "index.html").exists():
        raise SystemExit("bench: there is no site: run 'make build' first")
    if not (TOOLS / "node_modules" / "lighthouse").is_dir():
        done = subprocess.run([*npm.npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=TOOLS)
        if done.returncode:
            raise SystemExit(f"bench: npm cannot fetch Lighthouse: connect to the network and run 'npm ci' in {TOOLS}")
    with tempfile.TemporaryDirectory() as folder:
        served = Path(folder, "site")
        shutil.copytree(SITE, served)
        other = served / "by-mathjax" / TYPESET / "index.html"
        other.parent.mkdir(parents=True)
        page = by_mathjax((served / TYPESET / "index.html").read_text())
        other.write_text(page.replace('="../../', '="../../../'))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Packed, directory=served)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            root = f"http://127.0.0.1:{server.server_address[1]}/"
            print(f"{'page':<34}" + "".join(f"{name:>9}" for name in ("score", *AUDITS, "machine")))
            for page in pages:
                row(page or "home", root + page)
            if pages == PAGES:
                row("the same with MathJax", f"{root}by-mathjax/{TYPESET}")
            server.shutdown()


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or PAGES)
