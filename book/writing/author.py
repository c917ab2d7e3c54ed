"""What an author asks for: free numbers, a new chapter that passes, all that is wrong with one, the layout of code."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from book import catalogue, lint, listings, pages, prepare, project
from book.catalogue import Catalogue
from book.project import BookError, figures_path, module_of, module_path, nav, nearest, tests_path, write_atomically
from book.record import entries

NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
OWN = 100  # the book's own claims have numbers above
TEMPLATE = Path(__file__).parent / "template"  # the files of a new chapter, with an example that passes


def record(names: list[str]) -> None:
    """Run pages and write their outputs into them."""
    for path in map(Path, names):
        name = str(path.resolve().relative_to(project.DOCS))
        body = listings.record(pages.read(name).text, name)
        write_atomically(path, pages.FRONT_MATTER.match(path.read_text())[0] + body)


def ids(prefix: str) -> None:
    """Print which numbers of a prefix are taken, and which comes next for a claim of the book's own."""
    taken = _taken()
    if prefix not in taken:
        raise BookError(
            f"no claim begins with '{prefix}'{nearest(prefix, taken)}; there are {', '.join(sorted(taken))}"
        )
    ranges: list[list[int]] = []
    for number in sorted(set(taken[prefix])):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    spans = [f"{a:02}" if a == b else f"{a:02}-{b:02}" for a, b in ranges]
    print(f"{prefix}: taken are {', '.join(spans)}\nThe next of the book's own is {next_own(prefix)}")


def next_own(prefix: str) -> str:
    """Return the first number of the book's own behind all that are taken."""
    return f"{prefix}-{max([OWN, *_taken().get(prefix, [])]) + 1}"


def _taken() -> dict[str, list[int]]:
    """Map each prefix to the numbers that pages use, those outside the nav too."""
    found: dict[str, list[int]] = {}
    for page in pages.written():
        for box in page.blocks:
            if box.id and pages.ID.fullmatch(box.id):
                prefix, number = re.match(r"([A-Z]+)-(\d+)", box.id).groups()
                found.setdefault(prefix, []).append(int(number))
    return found


def new(chapter: str) -> None:
    """Write the four files of a chapter, with an example that passes, and its line into the nav."""
    page = page_of(chapter)
    part, _, name = page.removesuffix(".md").partition("/")
    pages_in_parts = [entry for entry in nav() if entry.endswith(".md") and "/" in entry]
    parts = [name for name in dict.fromkeys(entry.split("/")[0] for entry in pages_in_parts) if name != "reference"]
    if part not in parts:
        raise BookError(f"there is no part '{part}'{nearest(part, parts)}; the parts are {', '.join(parts)}")
    if not NAME.fullmatch(name):
        raise BookError(f"'{name}' is no name of a chapter: use small letters, digits and hyphens, as in dot-products")
    files = files_of(page)
    there = [path for path in files if path.exists()]
    if there or page in nav():
        raise BookError(
            f"there is {(there or [project.DOCS / page])[0].relative_to(project.ROOT)} already: take another name"
        )
    prefixes = Counter(box.id[:2] for box in pages.claims() if box.page.startswith(f"{part}/"))
    prefix = max(prefixes, key=prefixes.get, default=part[:2].upper())
    first, second = next_own(prefix), f"{prefix}-{int(next_own(prefix)[3:]) + 1}"
    title = name.replace("-", " ").capitalize()
    words = {"TITLE": title, "PAGE": page, "MODULE": module_of(page), "FILE": module_of(page).replace(".", "/")}
    words |= {"DEFINITION": first, "CLAIM": second}
    for path, name in zip(files, ("page", "snippet", "figures", "test"), strict=True):
        text = (TEMPLATE / f"{name}.txt").read_text()
        for key, word in words.items():
            text = text.replace(f"@{key}@", word)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(f"wrote {path.relative_to(project.ROOT)}")
    settings = project.ROOT / "mkdocs.yml"
    settings.write_text(_with_line(settings.read_text(), part, f"{title}: {page}"))
    project.look_again()


def _with_line(settings: str, part: str, entry: str) -> str:
    """Return the settings with an entry of the nav behind the last chapter of its part."""
    lines = settings.splitlines()
    last = max(index for index, line in enumerate(lines) if re.search(rf"[\s\[]{part}/[\w-]+\.md", line))
    found = re.match(r"(\s*- )\S.*: ", lines[last])
    if found is None:
        raise BookError(f"mkdocs.yml:{last + 1}: the nav is not one chapter a line: enter '{entry}' by hand")
    return "\n".join([*lines[: last + 1], found[1] + entry, *lines[last + 1 :]]) + "\n"


def page_of(chapter: str) -> str:
    """Return the page that somebody means by linear-algebra/norms, its file, or the file of its snippet or test."""
    name = re.sub(r"^(docs|snippets/figures|snippets|tests)/|\.(md|py)$", "", chapter.strip("/"))
    return name.replace("/test_", "/").replace("_", "-") + ".md"


def files_of(page: str) -> tuple[Path, ...]:
    """Return the four files of a chapter: words, code, drawing and tests."""
    module = module_of(page)
    return project.DOCS / page, module_path(module), figures_path(module), tests_path(module)


def check(chapter: str) -> bool:
    """Print all that continuous integration would say of one chapter; tell whether nothing is wrong."""
    page = page_of(chapter)
    if page not in nav():
        raise BookError(f"no chapter '{page.removesuffix('.md')}' is in the nav of mkdocs.yml{nearest(page, nav())}")
    python = [str(path) for path in files_of(page) if path.suffix == ".py" and path.exists()]
    if not python:
        name = page.removesuffix(".md")
        raise BookError(f"'{name}' is in the nav, but no chapter: it has no code and no tests to check")
    good = True
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", str(files_of(page)[-1])],
        cwd=project.ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as tests:
        for name, problems in _stages(page, python):
            start = time.perf_counter()
            said = list(problems)
            print(f"{'✗' if said else '✓'} {name} ({time.perf_counter() - start:.1f} s)", *said, sep="\n  ", flush=True)
            good = good and not said
        said = tests.communicate()[0].strip()
    sign, whole = ("✗", [said]) if tests.returncode else ("✓", [])
    print(f"{sign} tests: {said.splitlines()[-1] if said else 'none'}", *whole, sep="\n", flush=True)
    return good and not tests.returncode


def _stages(page: str, python: list[str]) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield each thing that is looked at, with what is wrong with it."""
    yield "code style", _ruff(python)
    yield "loose ends", _loose_ends(page)
    yield "figures, numbers, outputs", prepare.make_page(page)
    yield "quoted numbers", _numbers(page)


def _ruff(python: list[str]) -> Iterator[str]:
    style = ["check", "--quiet", "--output-format", "concise"]
    layout = ["format", "--check", "--quiet", "--output-format", "concise"]
    for command in (style, layout):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *python], cwd=project.ROOT, capture_output=True, text=True
        )
        if done.returncode:
            yield from done.stdout.splitlines()
            yield "mend it with: make format"


def _loose_ends(page: str) -> Iterator[str]:
    own = tuple(f"{path.relative_to(project.ROOT)}:" for path in files_of(page))
    return (line for line in lint.loose_ends() + lint.unfinished() if line.startswith(own))


def _numbers(page: str) -> Iterator[str]:
    known = {"book": {}, **catalogue.numbers(entries())}
    return (line for line in lint.numbers(Catalogue(values=known)) if line.startswith(f"docs/{page}:"))


def format_all() -> None:
    """Lay out all code of the book anew."""
    for command in (["check", "--fix", "--quiet"], ["format"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=project.ROOT)
        if done.returncode:
            raise BookError("ruff has more to say than it can mend by itself; see above")
