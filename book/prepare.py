"""Everything that is made before pages are rendered, and only where something that it is made from changed."""

import json
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from book import catalogue, depends, ledger, lint, listings, marked, pages, project, record, work
from book.catalogue import Catalogue
from book.project import BookError, chapters, figures_path, module_of, nav
from book.reading import chart, code, notebooks, sheets

SETTINGS = ("mkdocs.yml", "package.json", "requirements.txt", "pyproject.toml")
SOURCES = (".md", ".py", ".json", ".mjs", ".css")
LINES = 40  # that a failing test may say
BODIES = {ledger.ERRATA: ledger.cases, code.PAGE: code.listing, chart.PAGE: chart.lines}  # made of all other pages

_announced = False  # by an engine that says when a build begins
_last: tuple[str, Catalogue | BookError] | None = None  # the tree as it was last looked at, and what was made of it
then: Callable[[], None] | None = None  # while serving: tests run behind the build, and what follows when they are done
_behind = threading.Thread()  # in which they do
_failed: dict[tuple[marked.Check, str], str] = {}  # which tests failed there, made from what, and why


class Job(NamedTuple):
    """Something to make: its key in the record, the hash of what it is made from, and what a worker is to do."""

    key: str
    digest: str
    request: tuple[str, ...]


def begin() -> Catalogue:
    """Prepare for a build that begins now, and leave it at that until the next begins."""
    global _announced, _last
    _announced, _last = True, None
    return ensure()


def ensure() -> Catalogue:
    """Return what was made of the tree as it is; without an engine that announces builds, look at it each time."""
    global _last
    if _last is None or not (_announced or _last[0] == _stamp()):
        stamp = _stamp()
        try:
            _last = (stamp, _current())
        except OSError as error:
            _last = (stamp, BookError(f"the book cannot be prepared: {error}"))
        except BookError as error:
            _last = (stamp, error)
    if isinstance(_last[1], BookError):
        raise _last[1]
    return _last[1]


def _current() -> Catalogue:
    project.look_again()
    known = catalogue.load(_tree())
    if known is None:
        # Two builds at once, a server and a test run say, would do the same work twice.
        with locked("preparing the book"):
            known = catalogue.load(_tree()) or _prepare()
    for line in known.stale:
        print(f"book: {line}", flush=True)
    return known


def locked(doing: str, name: str = "lock") -> AbstractContextManager:
    """Take a lock, and say so where another build holds it."""
    project.CACHE.mkdir(exist_ok=True)
    lock = FileLock(project.CACHE / name)
    try:
        return lock.acquire(timeout=1)
    except Timeout:
        print(f"book: another build is {doing}; waiting for it", flush=True)
        return lock.acquire()


def _sources() -> Iterator[Path]:
    """Yield the files that the book is made from."""
    yield from (project.ROOT / name for name in SETTINGS)
    for folder in (project.DOCS, project.SNIPPETS, project.TESTS, depends.TOOL):
        for inner, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name not in ("__pycache__", project.GENERATED.name)]
            yield from (Path(inner, name) for name in names if name.endswith(SOURCES))


def _stamp() -> str:
    """Hash names and times of all sources: cheap enough for every page."""
    return record.hash_of(*sorted(f"{path} {path.stat().st_mtime_ns}" for path in _sources()))


def _source_tree() -> str:
    """Hash the contents of all sources, and the versions of the libraries."""
    return record.hash_of(depends.versions(), *map(_content, sorted(_sources())))


def _content(path: Path) -> str:
    return f"{path} {record.hash_of(path.read_bytes())}"


def _tree() -> str:
    """Hash the contents of all sources and of all that was made from them."""
    made = (path for path in project.GENERATED.rglob("*") if path.is_file())
    return record.hash_of(_source_tree(), *map(_content, sorted(made)))


def _prepare() -> Catalogue:
    """Make what is stale, and again where somebody edited meanwhile."""
    before, known = "", Catalogue()
    while before != _source_tree():
        before = _source_tree()
        project.look_again()
        sheets.write()
        for lab in (name for name in nav() if name.endswith(".py")):
            depends.parse(project.DOCS / lab)  # which stops at a syntax error
        _stop("the book has loose ends:", lint.loose_ends())
        for name in record.touched(record.entries()):
            print(f"book: {name} is not as it was made: it is made again", flush=True)
        whole = _make([*_jobs_of_figures(), *_jobs_of_pages()], {check: check.digest() for check in marked.checks()})
        made = record.entries()
        record.shorten()
        known = catalogue.gather(made)
        _write_results(made)
        _stop("pages ask for numbers that no snippet computes:", lint.numbers(known))
        known.bodies = {page: list(body(known)) for page, body in BODIES.items() if page in pages.names()}
        ledger.write_files(known)
        notebooks.write_all(known, made)
    if whole:
        catalogue.save(_tree(), known)
    return known


def _stop(heading: str, errors: list[str]) -> None:
    if errors:
        raise BookError("\n".join([heading, *errors]))


def _jobs_of_figures() -> Iterator[Job]:
    offered = {"figure": sorted(marked.figures()), "results": marked.results(), "data": marked.data()}
    for kind, keys in offered.items():
        yield from (job(kind, *key) for key in keys)


def job(kind: str, module: str, function: str) -> Job:
    """Say how a figure is drawn, numbers are computed, or the data of a playground are gathered."""
    digest = depends.digest([figures_path(module), depends.TOOL / "work.py", depends.TOOL / "style.py"], function)
    return Job(f"{kind} {module}:{function}", digest, (kind, module, function))


def _jobs_of_pages() -> Iterator[Job]:
    tool = [depends.TOOL / "work.py", depends.TOOL / "listings.py"]
    for page in map(pages.read, chapters()):
        used = {file for code in listings.modules(page) for file in code.imports}
        digest = depends.digest([*used, *tool], repr(listings.listings(page.text)))
        yield Job(f"page {page.name}", digest, ("page", page.name, page.text))


def make_page(page: str) -> Iterator[str]:
    """Make in this process what is stale of one page, its figures, numbers and outputs, and yield what is wrong."""
    made = record.entries()
    for job in [*_jobs_of_figures(), *_jobs_of_pages()]:
        if job.request[1] in (page, module_of(page)) and not record.fresh(made, job.key, job.digest):
            yield from keep(job, work.do(*job.request))


def _make(jobs: list[Job], checks: dict[marked.Check, str]) -> bool:
    """Do stale jobs in worker processes and stale tests in pytest, at the same time; note each when it is done.

    Return whether all is done: while serving, tests go on behind the build.
    """
    made, start = record.entries(), time.perf_counter()
    stale = [job for job in jobs if not record.fresh(made, job.key, job.digest)]
    tests = {check: digest for check, digest in checks.items() if not record.fresh(made, check.node, digest)}
    if not stale and not tests:
        return True
    names = ", ".join(job.key for job in stale[:4]) + (f" and {len(stale) - 4} more" if len(stale) > 4 else "")
    print(f"book: {names or 'no figure, number or page'}; {len(tests)} tests of claims", flush=True)
    stale.sort(key=lambda job: job.request[0] != "results")
    with ThreadPoolExecutor(1) as beside:
        tested = beside.submit(_test, {} if then else tests)
        errors = [problem for job, answer in _run(stale, os.cpu_count() or 1) for problem in keep(job, answer)]
        failed = tested.result()
    if then:
        failed = {check: _failed[check, digest] for check, digest in tests.items() if (check, digest) in _failed}
    _stop("what the book shows is not what its code does:", [*errors, *failed.values()])
    print(f"book: made in {time.perf_counter() - start:.1f} s", flush=True)
    if then and tests:
        _test_behind(tests, then)
    return not (then and tests)


def _test(tests: dict[marked.Check, str]) -> dict[marked.Check, str]:
    """Run tests of claims in a process of their own, in which shapes are checked; return what is wrong with which."""
    testing = [Job("the tests of claims", "", ("test", *(check.node for check in tests)))] if tests else []
    said = "".join(answer.get("said", answer.get("error", "")) for _, answer in _run(testing, 1))
    made, failed = record.entries(), {}
    for check, digest in tests.items():
        if not record.fresh(made, check.node, digest):
            why = (made.get(check.node, {}).get("message") or said).rstrip().splitlines()
            claims = f"claim {', '.join(check.ids)} fails: {check.file}:{check.line} {check.function}"
            failed[check] = "\n".join([claims, *why[-LINES:]])
    return failed


def _test_behind(tests: dict[marked.Check, str], then: Callable[[], None]) -> None:
    """Run tests while the pages can be read already, one lot at a time: the next build looks at what is left."""
    global _behind

    def test() -> None:
        _failed.update({(check, tests[check]): why for check, why in _test(tests).items()})
        then()

    logging.getLogger("mkdocs.book").warning(
        f"tests of claims still run, {len(tests)} of them; until they are done, marks say nothing of this edit"
    )
    if not _behind.is_alive():
        _behind = threading.Thread(target=test, daemon=True)
        _behind.start()


def _run(jobs: list[Job], workers: int) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Do jobs side by side; where a process dies, do those that it may have been doing again, each by itself."""
    waiting, running = deque(jobs), {}
    try:
        with work.pool(workers) as pool:
            while waiting or running:
                while waiting and len(running) < workers:
                    running[pool.submit(work.do, *waiting[0].request)] = waiting[0]
                    waiting.popleft()
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    answer = done.result()
                    yield running.pop(done), answer
    except BrokenProcessPool:
        if len(jobs) == 1:
            yield jobs[0], {"error": "the process that worked on it died"}
        else:
            for job in running.values():
                yield from _run([job], 1)
            yield from _run([*waiting], workers)


def keep(job: Job, answer: dict[str, Any]) -> list[str]:
    """Note what was made and return what went wrong."""
    if "error" in answer:
        return [f"{job.key}: {answer['error']}"]
    if not answer.get("problems"):
        record.note(job.key, job.digest, **answer)
    return answer.get("problems", [])


def _write_results(made: dict[str, record.Entry]) -> None:
    """Write the numbers of each module with what made them."""
    files: dict[str, dict[str, Any]] = {}
    versions = {name: version(name) for name in ("torch", "numpy")}
    for module, function in marked.results():
        if entry := made.get(f"results {module}:{function}"):
            snippet = str(figures_path(module).relative_to(project.ROOT))
            made_by = {"snippet": snippet, "hash": entry["digest"], "seed": entry["seed"], "device": entry["device"]}
            files.setdefault(module, {})[function] = {"values": entry["values"], "made_by": made_by | versions}
    for module, content in files.items():
        text = json.dumps(content, indent=2) + "\n"
        path, digest = catalogue.results_file(module), record.hash_of(text)
        record.write(made, f"numbers {module}", digest, path, lambda text=text: text)
