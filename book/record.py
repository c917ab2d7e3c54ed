"""The one record of what was made and what passed: a line of JSON for each, appended as soon as it is done.

So nothing is lost where a build is killed. The last line of a key counts; one that is damaged counts as absent. Of what
was computed or measured twice from the same the first counts: rounding differs from run to run, and pages are to agree.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from book import project

Entry = dict[str, Any]


def file() -> Path:
    """Return the file of the record."""
    return project.CACHE / "record.jsonl"


def entries() -> dict[str, Entry]:
    """Return the entry of each key that counts."""
    found: dict[str, Entry] = {}
    for entry in filter(None, map(_read, _lines())):
        before = found.get(entry["key"], {"digest": None})
        if before["digest"] != entry["digest"] or not entry["digest"] or "files" in entry:
            found[entry["key"]] = entry
    return found


def _lines() -> list[bytes]:
    return file().read_bytes().splitlines() if file().is_file() else []


def _read(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
        return entry if isinstance(entry["key"], str) and isinstance(entry["digest"], str) else None
    except (ValueError, KeyError, TypeError):
        return None


def note(key: str, digest: str, **made: Any) -> None:
    """Append an entry in one piece; the break before it ends a line that was cut off."""
    file().parent.mkdir(exist_ok=True)
    line = "\n" + json.dumps({"key": key, "digest": digest, **made}) + "\n"
    with file().open("ab", buffering=0) as record:
        record.write(line.encode())


def shorten() -> None:
    """Drop the lines that do not count any more, once there are many of them."""
    kept = entries().values()
    if len(_lines()) > 1000 + 4 * len(kept):
        project.write_atomically(file(), "".join(json.dumps(entry) + "\n" for entry in kept))


def hash_of(*parts: str | bytes) -> str:
    """Hash texts or the contents of files."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()[:20]


def hashes(paths: Iterable[Path]) -> dict[str, str]:
    """Hash files that were made, by their names under the root."""
    return {str(path.relative_to(project.ROOT)): hash_of(path.read_bytes()) for path in paths}


def fresh(made: dict[str, Entry], key: str, digest: str) -> bool:
    """Tell whether something was made from what is there now, and its files are there as they were made."""
    entry = made.get(key, {"digest": None})
    return entry["digest"] == digest and all(_is_as_made(*file) for file in entry.get("files", {}).items())


def touched(made: dict[str, Entry]) -> list[str]:
    """Name the files that are there, but not as they were made."""
    files = [file for entry in made.values() for file in entry.get("files", {}).items()]
    return [name for name, digest in files if (project.ROOT / name).is_file() and not _is_as_made(name, digest)]


def _is_as_made(name: str, digest: str) -> bool:
    path = project.ROOT / name
    return path.is_file() and hash_of(path.read_bytes()) == digest


def write(made: dict[str, Entry], key: str, digest: str, path: Path, text: Callable[[], str]) -> None:
    """Write and note a file, unless it is there as it was made from the same."""
    if not fresh(made, key, digest):
        project.write_atomically(path, text())
        note(key, digest, files=hashes([path]))
