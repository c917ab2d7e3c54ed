"""Change the code in one place and see a test of its chapter fail: `make mutants`.

The changes are Cosmic Ray's. Mutants are drawn at random from `snippets/` and `book/`, figures aside, and made in a copy of the tree; each runs in
a process that is forked when the libraries are loaded. What survives is either in `tests/equivalent.json`, with the reason why no test can
tell, or a hole in the tests. In the end the tests that have failed are run once more without a change: what a test has noticed that fails
there, too, counts for nothing.
"""

import argparse
import ast
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = ROOT / "tests" / "equivalent.json"
LIBRARIES = (
    "torch",
    "numpy",
    "scipy.linalg",
    "sympy",
    "mpmath",
    "hypothesis",
    "matplotlib.pyplot",
    "pytest",
    "jaxtyping",
    "beartype",
    "mkdocs",
)
LEFT_OUT = (
    "RemoveDecorator",
    "ExceptionReplacer",
    "ZeroIterationForLoop",
    "VariableReplacer",
    "VariableInserter",
)  # too crude, or in need of names
BITS = ("LShift", "RShift", "BitAnd", "BitOr", "BitXor")  # what no number takes is killed by anything


def targets() -> list[Path]:
    """List the files that are changed."""
    files = [*(ROOT / "snippets").rglob("*.py"), *(ROOT / "book").rglob("*.py")]
    return [
        f
        for f in sorted(files)
        if "figures" not in f.parts and f.name not in ("__init__.py", "take_along.py", "labs.py")
    ]


def tests_of(file: Path) -> list[str]:
    """Return the tests of a file's own name; where there are none, those that reach it."""
    part, *names = file.relative_to(ROOT).with_suffix("").parts
    own = ROOT / "tests" / ("book" if part == "book" else Path(*names[:-1])) / f"test_{file.stem}.py"
    if own.exists():
        return [str(own.relative_to(ROOT))]
    return (part == "book" and reaching(file, direct=True)) or reaching(file) or ["tests/contract"]


def reaching(file: Path, direct: bool = False) -> list[str]:
    """Return the tests beside those of a file that import it, or import what imports it."""
    from book import depends

    part, *names = file.relative_to(ROOT).with_suffix("").parts

    def reaches(test: Path) -> bool:
        used = {f for f in depends.parse(test).imports if f.is_relative_to(ROOT / part) and f.name != "__init__.py"}
        beyond = [] if direct else [f for f in used if "figures" not in f.parts]
        return file in used or any(file in depends.parse(f).imports for f in beyond)

    folder = ROOT / "tests" / ("book" if part == "book" else Path(*names[:-1]))
    found = [str(test.relative_to(ROOT)) for test in sorted(folder.rglob("test_*.py")) if reaches(test)]
    return [test for test in found if test != BROWSER]


def runs_of(file: Path) -> list[list[str]]:
    """Return what pytest is asked for a file: its own tests, what the contract says of it, and what else reaches it."""
    own, (part, *names) = tests_of(file), file.relative_to(ROOT).with_suffix("").parts
    contract = [["tests/contract", "-k", f"{'.'.join(names)}."]] if part == "snippets" else []
    others = [test for test in reaching(file) if test not in own] if part == "book" or len(names) > 1 else []
    return [own, *contract, *([others] if others else [])]


def bare(code: str) -> str:
    """Return the meaning of a text: without hints, docstrings and the words of error messages."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc.args = []
        if isinstance(node, ast.Assign) and ast.unparse(node.value).split("[")[0] in (
            "tuple",
            "dict",
            "list",
            "Callable",
            "Float",
            "Complex",
        ):
            node.value = ast.Constant(None)  # a name for a hint
    return ast.unparse(tree)


@cache
def mutants(file: Path) -> list[tuple[str, int]]:
    """List operator and occurrence of each mutant of a file."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    nodes, found = list(ast_nodes(get_ast(file.read_text()))), []
    for name in operator_names():
        if not name.endswith((*LEFT_OUT, *BITS)):
            operator = get_operator(name)()
            found += [(name, i) for i in range(sum(len(list(operator.mutation_positions(node))) for node in nodes))]
    return found


def draw(files: list[Path], chance: random.Random) -> tuple[Path, str]:
    """Draw a mutant whose meaning differs: the file, by its length, and its new text."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    while True:
        (file,) = chance.choices(files, [len(f.read_text()) for f in files])
        if not mutants(file):
            continue
        kinds = sorted(
            {name.split("_")[0] for name, _ in mutants(file)}
        )  # else the forty that replace a + are most of them
        kind = chance.choice(kinds)
        name, occurrence = chance.choice([m for m in mutants(file) if m[0].split("_")[0] == kind])
        code = file.read_text()
        changed = mutate_code(code, get_operator(name)(), occurrence)
        try:
            if changed and bare(changed) != bare(code):
                return file, changed
        except SyntaxError:
            continue


def difference(old: str, new: str) -> tuple[str, str]:
    """Return the line that was changed, before and after."""
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    return next(((a.strip(), b.strip()) for a, b in pairs if a != b), ("", ""))


def survives(copy: Path, file: Path, code: str, runs: list[list[str]], seconds: float) -> bool:
    """Put the mutant in its place, run the tests of the chapter and then what else may notice, and say whether all pass."""
    place = copy / file.relative_to(ROOT)
    kept = place.read_text()
    place.write_text(code)
    try:
        for arguments in runs:
            status = _status(copy, arguments, seconds)
            if status == UNSTARTED:  # what the tests share imports the mutant, or something is wrong here
                place.write_text(kept)
                if _status(copy, [*arguments, "--collect-only"], seconds) == UNSTARTED:
                    raise RuntimeError(f"pytest {' '.join(arguments)} did not run: set MUTANTS_LOUD to see why")
            if status not in (0, NOTHING):  # the contract may not speak of it
                return False
        return True
    finally:
        place.write_text(kept)


def noticed_by(copy: Path) -> set[str]:
    """Return the tests that have failed in the last run, or the arguments of one that came to no end."""
    return set((copy.parent / FAILED).read_text().splitlines())


def failing_anyway(copy: Path, tests: set[str], seconds: float) -> set[str]:
    """Return those of the tests that fail, or come to no end, without a change."""
    single = {test for test in tests if "::" in test and "\t" not in test}
    status = _status(copy, ["--maxfail=1000", *sorted(single)], seconds * len(single)) if single else 0
    found = set() if status == 0 else noticed_by(copy)
    return found | {test for test in tests - single if _status(copy, test.split("\t"), seconds) not in (0, NOTHING)}


UNSTARTED, NOTHING, BROKEN, ENDLESS = 4, 5, 99, -1  # of pytest, and our own
FAILED = "failed"  # a file beside the copy
BROWSER = "tests/book/test_reading.py"  # takes minutes
WAIT = 5  # times as long by the clock as in work, where others work, too


def _status(copy: Path, arguments: list[str], seconds: float) -> int:
    """Return the exit status of tests in a process of their own."""
    (copy.parent / FAILED).write_text("\t".join(arguments))
    child = os.fork()
    if child == 0:
        try:
            _, most = resource.getrlimit(resource.RLIMIT_CPU)
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, most))
            _test(copy, arguments)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(BROKEN)  # never go on as a second copy of this program
    end = time.monotonic() + WAIT * seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code == BROKEN:
                raise RuntimeError(f"pytest {' '.join(arguments)} did not run: set MUTANTS_LOUD to see why")
            return code
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)  # a mutant that runs for ever is noticed
    os.waitpid(child, 0)
    return ENDLESS


def _test(copy: Path, arguments: list[str]) -> None:
    """Run tests in this process, in the copy of the tree, and end it with their status."""
    os.setsid()
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
    for name in [name for name in sys.modules if name.split(".")[0] in ("book", "snippets")]:
        del sys.modules[name]  # that of this tree, which `tests_of` has asked, is not the copy's
    silent = os.open(os.devnull if "MUTANTS_LOUD" not in os.environ else "/dev/stderr", os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    import pytest

    class Note:
        """Writes down which test has failed, or could not be collected."""

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            self.note(report, report.nodeid)

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            self.note(report, f"{report.nodeid}\t--collect-only")

        def note(self, report: pytest.TestReport | pytest.CollectReport, said: str) -> None:
            self.said = [*getattr(self, "said", []), *([said] if report.failed else [])]
            if report.failed:
                (copy.parent / FAILED).write_text("\n".join(self.said))

    given = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", *arguments]
    os._exit(int(pytest.main(given, plugins=[Note()])))


def copied(copy: Path) -> Path:
    """Copy what belongs to the project, so that it may be edited meanwhile."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for source in (ROOT / name for name in names if (ROOT / name).is_file()):
        (copy / source.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy / source.relative_to(ROOT))
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    return copy


def main() -> int:
    """Draw mutants until the sample or the time is used up, and report by chapter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=200, help="how many mutants (200)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many seconds")
    parser.add_argument("--patience", type=float, default=120, help="seconds of work for the tests of one mutant (120)")
    parser.add_argument("--seed", type=int, default=0, help="which mutants (0); the weekly job passes the week")
    parser.add_argument("--only", default="", help="only files whose path has this in it")
    asked = parser.parse_args()
    files = [file for file in targets() if asked.only in str(file.relative_to(ROOT))]
    if not files:
        parser.error(f"no file has {asked.only!r} in its path: try --only lie_groups")
    sys.dont_write_bytecode = True
    for library in LIBRARIES:
        __import__(library)
    explained = {(e["file"], e["before"], e["after"]) for e in json.loads(EXPLAINED.read_text())}
    chance, start, seen = random.Random(asked.seed), time.monotonic(), set()
    count: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    noticed: dict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder) / "book")
        pairs = {copy / file.relative_to(ROOT): file for file in files}
        runs = {file: runs_of(file) for file in files}  # now, as the copy is
        for _ in range(10 * asked.sample):  # a small file has few
            if len(seen) == asked.sample or time.monotonic() - start > asked.seconds:
                break
            place, code = draw(list(pairs), chance)
            file = pairs[place]
            if code in seen:
                continue
            seen.add(code)
            print(f"{len(seen)} of {asked.sample}", end="\r", file=sys.stderr, flush=True)
            name = str(file.relative_to(ROOT))
            change = difference(place.read_text(), code)
            if (name, *change) in explained:
                count[name][2] += 1
            elif survives(copy, file, code, runs[file], asked.patience):
                count[name][1] += 1
                print(f"survived  {name}: {change[0]}\n   became {change[1]}", flush=True)
            else:
                count[name][0] += 1
                noticed[min(noticed_by(copy))].append(name)
        anyway = failing_anyway(copy, set(noticed), asked.patience)
    for test in sorted(anyway & set(noticed)):
        print(f"fails without a change  {test}: {len(noticed[test])} mutants count for nothing")
        for name in noticed[test]:
            count[name][0] -= 1
    killed, survived, equivalent = (sum(row[i] for row in count.values()) for i in range(3))
    print(f"\n{'':52} killed survived equivalent")
    for name, row in sorted(count.items()):
        print(f"{name:52} {row[0]:6} {row[1]:8} {row[2]:10}")
    share = killed / max(1, killed + survived)
    print(f"{'all':52} {killed:6} {survived:8} {equivalent:10}   {share:.1%} of those that differ are killed")
    return int(share < 0.95 or bool(anyway))


if __name__ == "__main__":
    sys.exit(main())
