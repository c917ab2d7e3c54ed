"""How long the site takes to build: nothing changed, nothing made yet, and while serving.

The warm build is compared with MkDocs on the same Markdown without the book's own extension, in alternating runs, by
the seconds that pass and by those of work, which can be compared on a machine that does other things, too.
"""

import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5
FOLDERS = ("book", "docs", "overrides", "snippets", "tests")
FILES = ("mkdocs.yml", "package.json", "requirements.txt", "pyproject.toml")


def copy_of_the_book(target: Path, *, made: bool) -> None:
    """Copy the sources, with or without what was made from them."""
    skip = shutil.ignore_patterns("__pycache__", *([] if made else ["generated"]))
    for name in FOLDERS:
        shutil.copytree(ROOT / name, target / name, ignore=skip)
    for name in FILES:
        shutil.copy2(ROOT / name, target)
    (target / "node_modules").symlink_to(ROOT / "node_modules")
    if made:
        shutil.copytree(ROOT / ".book", target / ".book")


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which a copy of the book uses its own packages."""
    return {**os.environ, "PYTHONPATH": str(folder), "NO_MKDOCS_2_WARNING": "1"}


class Time(NamedTuple):
    """How long something took, and how long processors worked at it."""

    wall: float
    cpu: float


def worked() -> float:
    """Return the seconds that the processes which this one has started, and theirs, have worked."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def build(folder: Path, *options: str) -> Time:
    """Build the site of a folder in a process of its own and return the seconds."""
    command = [sys.executable, "-m", "mkdocs", "build", "-q", *options]
    start, before = time.perf_counter(), worked()
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the build failed:\n{done.stdout}{done.stderr}")
    return Time(time.perf_counter() - start, worked() - before)


def warm(folder: Path) -> None:
    """Compare a build in which nothing changed with plain MkDocs."""
    text = (folder / "mkdocs.yml").read_text()
    (folder / "plain.yml").write_text(re.sub(r"^(  - book|hooks: .*)\n", "", text, flags=re.MULTILINE))
    times: dict[str, list[Time]] = {"mkdocs.yml": [], "plain.yml": []}
    for settings in times:
        build(folder, "-f", settings)
    for _ in range(RUNS):
        for settings, found in times.items():
            found.append(build(folder, "-f", settings))
    for name, at in (("nothing changed", 0), ("… at work", 1)):
        ours, plain = (statistics.median(time[at] for time in found) for found in times.values())
        print(
            f"{name:20} {ours:6.2f} s   plain MkDocs {plain:.2f} s   ratio {ours / plain:.2f}   (goal 1.1)", flush=True
        )


OTHERS = r"^      - .*: (?!linear-algebra/|mnist/exact|reference/|labs/linear_algebra)(\S+)\n"
EMPTY = r"^  - .*:\n(?!      )"


def cold(folder: Path) -> None:
    """Build with nothing made, figures, numbers, outputs, claims and pages: one part with one chapter, then all."""
    settings = folder / "mkdocs.yml"
    whole = settings.read_text()
    part = re.sub(EMPTY, "", re.sub(OTHERS, "", whole, flags=re.MULTILINE), flags=re.MULTILINE)
    others = "".join(f"  /{page}\n" for page in re.findall(OTHERS, whole, flags=re.MULTILINE))
    settings.write_text(f"{part}\nexclude_docs: |\n{others}")
    said("nothing made yet", build(folder).wall, "first part and exact MNIST   (goal 60 s)")
    settings.write_text(whole)
    for made in (".book", ".cache", "docs/assets/generated", "site"):
        shutil.rmtree(folder / made, ignore_errors=True)
    said("", build(folder).wall, "the whole book")


def said(name: str, seconds: float, what: str) -> None:
    """Print a line of the table; how long workers worked is not known, as they are no children of the build."""
    print(f"{name:20} {seconds:6.1f} s   {what}", flush=True)


def free_port() -> int:
    """Find a port that is free on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, text: str, limit: float) -> float:
    """Ask for a page until it holds a text and return the seconds that took."""
    start = time.perf_counter()
    while time.perf_counter() - start < limit:
        try:
            with urllib.request.urlopen(url, timeout=limit) as response:
                if text in response.read().decode():
                    return time.perf_counter() - start
        except OSError:
            time.sleep(0.2)
        time.sleep(0.02)
    raise SystemExit(f"{url} did not show '{text}' within {limit} s")


def serving(folder: Path) -> None:
    """Edit a chapter and a snippet while the book is served, and wait for the change."""
    port = free_port()
    command = [sys.executable, "-m", "mkdocs", "serve", "--dirty", "-q", "-a", f"127.0.0.1:{port}"]
    url = f"http://127.0.0.1:{port}/linear-algebra/span/"
    page, snippet = folder / "docs/linear-algebra/span.md", folder / "snippets/linear_algebra/span.py"
    with subprocess.Popen(command, cwd=folder, env=environment(folder), stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(url, "</html>", 120)
            times = []
            for number in range(3):
                page.write_text(page.read_text() + f"\nAn edit, number {number}.\n")
                times.append(wait_for(url, f"An edit, number {number}.", 60))
            print(f"an edit of a chapter {statistics.median(times):6.2f} s   (goal 2 s)", flush=True)
            snippet.write_text(snippet.read_text().replace('"""', '"""A word more. ', 1))
            page.write_text(page.read_text() + "\nA last edit.\n")
            print(f"… and of a snippet   {wait_for(url, 'A last edit.', 120):6.2f} s   (goal 3 s)", flush=True)
        finally:
            server.terminate()


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        made, bare = Path(name) / "made", Path(name) / "bare"
        made.mkdir()
        bare.mkdir()
        build(ROOT, "--site-dir", str(Path(name) / "site"))
        copy_of_the_book(made, made=True)
        copy_of_the_book(bare, made=False)
        build(made)
        warm(made)
        serving(made)
        cold(bare)


if __name__ == "__main__":
    main()
