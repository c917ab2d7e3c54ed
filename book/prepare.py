"""Everything that is made before pages are rendered, and only where something that it uses changed."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from filelock import FileLock

from book import (
    catalogue,
    claims,
    depends,
    ledger,
    lint,
    marked,
    notebooks,
    npm,
    pages,
    project,
    proven,
    regions,
    sources,
)
from book.catalogue import Catalogue
from book.project import BookError, chapters, figures_path, read_json, write_atomically
from book.style import MODES
from book.work import figure_file

TOOL = Path(__file__).parent
_lock = threading.Lock()
_seen: tuple[list[str], Catalogue] | None = None
_fresh_code: tuple[str, str] | None = None  # with these sources, and what was made of them, only pages can be stale


def fingerprint_file() -> Path:
    """Return the file that remembers the tree as it was last prepared."""
    return project.CACHE / "fingerprint.json"


def state_file() -> Path:
    """Return the file that remembers what was made, and from what."""
    return project.CACHE / "state.json"


@dataclass(frozen=True)
class Job:
    """Something to make: its key in the state, the hash of what it depends on, and the worker's request."""

    key: str
    digest: str
    request: tuple[str, ...]


def ensure() -> Catalogue:
    """Prepare once per state of the tree and return what was made; cheap where nothing changed."""
    global _seen
    with _lock:
        fingerprint = _fingerprint()
        if _seen is None or fingerprint != _seen[0]:
            if fingerprint != read_json(fingerprint_file(), None):
                # Two builds at once, a server and a test run say, would overwrite each other's files.
                project.CACHE.mkdir(parents=True, exist_ok=True)
                with FileLock(project.CACHE / "lock"):
                    fingerprint = _prepare_all()
                write_atomically(fingerprint_file(), json.dumps(fingerprint))
            _seen = (fingerprint, catalogue.load())
            for line in _seen[1].stale:
                print(f"book: {line}", flush=True)
    return _seen[1]


def read_ahead() -> None:
    """Look at all sources before the first edit needs it, which then costs no more than those after it."""
    with _lock:
        code = sources.code()
        if not any(_stale(read_json(state_file(), {}))):
            _note_fresh(code)


def _note_fresh(code: str) -> None:
    """Remember that all is made of the code as it was before somebody looked at it."""
    global _fresh_code
    _fresh_code = (code, sources.made())


def _fingerprint() -> list[str]:
    """Hash names and times of all sources, and the names of all that was made from them."""
    return [sources.state(), sources.made()]


def _prepare_all() -> list[str]:
    """Prepare, and again where somebody edited meanwhile; return the fingerprint of what was prepared."""
    state = None
    while state != sources.state():
        state = sources.state()
        _prepare()
    return _fingerprint()


def _prepare() -> None:
    code = sources.code()
    depends.file_of.cache_clear()
    npm.ensure_packages()
    npm.copy_katex()
    _stop("the book has loose ends:", lint.loose_ends())
    state = read_json(state_file(), {})
    jobs, tests = _stale(state)
    if jobs or tests:
        _make(jobs, tests, state)
    catalogue.write(state)
    _stop("pages ask for numbers that no snippet computes:", lint.numbers(catalogue.load()))
    ledger.write_files(catalogue.load())
    notebooks.write_all(catalogue.load())
    _note_fresh(code)


def _stale(state: dict) -> tuple[list[Job], list[claims.Check]]:
    """List what is to be made, and the tests to be run, because something that they depend on changed."""
    code = sources.code()
    pages_alone = (code, sources.made()) == _fresh_code
    jobs = [*_jobs_of_pages(code)] if pages_alone else [*_jobs_of_snippets(), *_jobs_of_pages(code)]
    tests = [] if pages_alone else claims.checks()
    stale_tests = [check for check in tests if state.get(check.node, {}).get("digest") != check.digest()]
    return [job for job in jobs if not _fresh(job, state)], stale_tests


def _stop(heading: str, errors: list[str]) -> None:
    if errors:
        raise BookError("\n".join([heading, *errors]))


def _jobs_of_snippets() -> Iterator[Job]:
    torch, matplotlib = version("torch"), version("matplotlib")
    style = (TOOL / "style.py").read_text()
    for module, function in sorted(marked.figures()):
        digest = depends.digest_of_function(figures_path(module), function, matplotlib, style)
        yield Job(f"figure {module}:{function}", digest, ("draw", module, function))
    for module, function in sorted(marked.results()):
        digest = depends.digest_of_function(figures_path(module), function, torch)
        yield Job(f"results {module}:{function}", digest, ("compute", module, function))


def _jobs_of_pages(code: str) -> Iterator[Job]:
    for page in chapters():
        fences = list(pages.fences(regions.expand(pages.read(page).text)))
        listing = "\n".join(body for syntax, body in fences if syntax == "python")
        yield Job(f"page {page}", _digest_of_page(listing, repr(fences), code), ("check", page))


@lru_cache(maxsize=128)
def _digest_of_page(listing: str, fences: str, code: str) -> str:
    """Hash a page's code with all that it uses, once for each state of the code."""
    return depends.digest_of_text(listing, version("torch"), fences)


def _fresh(job: Job, state: dict) -> bool:
    if state.get(job.key, {}).get("digest") != job.digest:
        return False
    kind, *arguments = job.request
    if kind == "draw":
        return all(figure_file(*arguments, mode).exists() for mode in MODES)
    return kind != "compute" or arguments[1] in read_json(catalogue.results_file(arguments[0]), {})


def _make(jobs: list[Job], tests: list[claims.Check], state: dict) -> None:
    """Run stale jobs in worker processes and stale claims in pytest, at the same time."""
    start = time.perf_counter()
    outcomes = proven.outcomes()
    unproven = [check for check in tests if check.node not in outcomes]
    names = ", ".join(job.key for job in jobs[:4]) + (f" and {len(jobs) - 4} more" if len(jobs) > 4 else "")
    print(f"book: {names or 'no figure, number or page'}; {len(unproven)} tests of claims", flush=True)
    queue: Queue[Job] = Queue()
    for job in sorted(jobs, key=lambda job: job.request[0] != "compute"):
        queue.put(job)
    workers = min(os.cpu_count() or 1, len(jobs))  # beside pytest, which ends earlier
    with ThreadPoolExecutor(max_workers=workers + 1) as pool:
        running = [pool.submit(_work, queue) for _ in range(workers)]
        tested = pool.submit(claims.run, unproven) if unproven else None
        answers = [pair for future in running for pair in future.result()]
        outcomes |= tested.result() if tested else {}
    errors = _keep(answers, state) + _keep_outcomes(tests, outcomes, state)
    write_atomically(state_file(), json.dumps(state, indent=1, sort_keys=True))
    _stop("what the book shows is not what its code does:", errors)
    print(f"book: made in {time.perf_counter() - start:.1f} s", flush=True)


def _work(queue: "Queue[Job]") -> list[tuple[Job, dict[str, Any]]]:
    """Feed a worker process from the queue until it is empty; start another where one dies."""
    answers: list[tuple[Job, dict[str, Any]]] = []
    while not queue.empty():
        with subprocess.Popen(
            [sys.executable, "-m", "book.work"],
            cwd=project.ROOT,
            env=project.one_thread(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as worker:
            _feed(worker, queue, answers)
    return answers


def _feed(worker: subprocess.Popen[str], queue: "Queue[Job]", answers: list[tuple[Job, dict[str, Any]]]) -> None:
    """Give one worker jobs until none is left or the worker is gone."""
    while True:
        try:
            job = queue.get_nowait()
        except Empty:
            worker.stdin.close()
            return
        worker.stdin.write(json.dumps(job.request) + "\n")
        worker.stdin.flush()
        line = worker.stdout.readline()
        answers.append((job, json.loads(line) if line else {"error": "the worker process died"}))
        if not line:
            return


def _keep(answers: list[tuple[Job, dict[str, Any]]], state: dict) -> list[str]:
    """Enter what succeeded into the state and return what did not."""
    errors = []
    for job, answer in answers:
        if "error" in answer:
            errors.append(f"{job.key}: {answer['error']}")
        elif answer["ok"].get("problems"):
            errors += answer["ok"]["problems"]
        else:
            state[job.key] = {"digest": job.digest, **answer["ok"]}
            if job.request[0] == "compute":
                _write_results(job, answer["ok"])
    return errors


def _write_results(job: Job, made: dict[str, Any]) -> None:
    """Write the numbers of a function with what made them."""
    _, module, function = job.request
    path = catalogue.results_file(module)
    content = read_json(path, {})
    made_by = {
        "snippet": f"snippets/figures/{module.replace('.', '/')}.py",
        "hash": job.digest,
        "seed": made["seed"],
        "device": made["device"],
        "torch": version("torch"),
        "numpy": version("numpy"),
    }
    content[function] = {"values": made["values"], "made_by": made_by}
    write_atomically(path, json.dumps(content, indent=2, sort_keys=True) + "\n")


def _keep_outcomes(tests: list[claims.Check], outcomes: dict[str, dict], state: dict) -> list[str]:
    errors = []
    for check in tests:
        outcome = outcomes[check.node]
        if outcome["passed"]:
            state[check.node] = {"digest": check.digest(), "error": outcome["error"]}
        else:
            errors.append(
                f"claim {', '.join(check.ids)} fails: {check.file}:{check.line} {check.function}\n{outcome['message']}"
            )
    return errors
