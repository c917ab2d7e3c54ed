"""The state of the tree: one hash over names and times of all that the book is made from."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from book import project

TOOL = Path(__file__).parent
SETTINGS = ("mkdocs.yml", "package.json", "requirements.txt")


def state() -> str:
    """Hash names and times of all sources; cheap enough for every page."""
    return _hash([*_code(), *_stamps(project.DOCS, (".md", ".py"))])


def code() -> str:
    """Hash names and times of all sources but the pages."""
    return _hash(_code())


def _code() -> Iterator[str]:
    yield from (f"{file} {file.stat().st_mtime_ns}" for file in (project.ROOT / name for name in SETTINGS))
    yield from _stamps(project.SNIPPETS, (".py", ".json"))
    yield from _stamps(project.TESTS, (".py",))
    yield from _stamps(TOOL, (".py", ".mjs", ".json"))


def _stamps(folder: Path, endings: tuple[str, ...]) -> Iterator[str]:
    """Yield name and time of each file of a kind."""
    return (f"{file.path} {file.stat().st_mtime_ns}" for file in _files(folder) if file.name.endswith(endings))


def made() -> str:
    """Hash the names of all that was made from the sources."""
    return _hash(file.path for file in _files(project.GENERATED))


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _files(folder: Path | str) -> Iterator[os.DirEntry]:
    """Yield the files of a folder and of those in it; pathlib would take several times as long, at every page."""
    if not os.path.isdir(folder):
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file():
                yield entry
            elif entry.name != "__pycache__":
                yield from _files(entry.path)
