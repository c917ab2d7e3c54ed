"""All that the build refuses before it renders a page: each message names file, line, fault and remedy."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from book import depends, listings, marked, pages, project, regions
from book.catalogue import FORMATS, Catalogue, show
from book.project import chapters, figures_path, module_of, module_path, nearest, tests_path

OPEN = 2  # mistakes that stand open on a page
EXERCISES = (2, 6)  # of a chapter
SECTIONS = {r"^## Why (it|this) matters": "Why it matters for networks", r"^## What.s next": "What's next"}
WIDTH = 88  # columns of code that is shown
READS_RECORDS = Path("snippets/mnist/records.py")
TEACHES_DRAWING = Path("snippets/mnist/script.py")  # its page shows how to draw the optimum into a curve


def loose_ends() -> list[str]:
    """Check all that can be read from the sources, before anything is made."""
    checks = (
        _regions,
        _boxes,
        _statements,
        _claims,
        _figures,
        _citations,
        _chapters,
        _outputs,
        _rooms,
        _imports_go_back,
        _tests,
    )
    return [error for check in checks for error in check()]


def unfinished() -> list[str]:
    """Check what stops no build yet: that a test expects each quoted number, and that shown code fits its column."""
    return [error for check in (_bound, _width) for error in check()]


def numbers(known: Catalogue) -> list[str]:
    """Check, when the numbers are there, that each one that a page quotes was computed."""
    return list(_numbers(known))


def _read() -> list[pages.Page]:
    return [pages.read(name) for name in pages.names()]


def _regions() -> Iterator[str]:
    """Every marker in `snippets/` fits, what a page embeds is there, and some page shows each region."""
    embeddings = list(regions.embeddings())
    shown = {(embed["file"], embed["name"]) for _, embed in embeddings}
    own = {str(module_path(module_of(page)).relative_to(project.ROOT)) for page in chapters()}
    files = own | {file for file, _ in shown}
    for path in sorted(project.SNIPPETS.rglob("*.py")):
        file = str(path.relative_to(project.ROOT))
        found, problems = regions.regions(path)
        yield from problems
        for name, (first, _) in found.items():
            if file in files and (file, name) not in shown:
                yield f"{file}:{first - 1}: no page shows region '{name}': embed it or take its markers out"
    for where, embed in embeddings:
        problem = regions.problem_with(embed["file"], embed["name"])
        if problem:
            yield f"{where}: {problem}"


def _boxes() -> Iterator[str]:
    """Boxes are of known kinds, closed and nested, their options known, and numbers are asked for as they should be."""
    for page in _read():
        for line, problem in page.problems:
            yield f"{page.where(line)}: {problem}"
        for number, line in pages.unfenced(page.text.splitlines()):
            for found in pages.ALMOST_VALUE.findall(pages.VALUE.sub("", line)):
                yield f"{page.where(number)}: '{found}' asks for no number; write '{{{{ name | .3f }}}}'"


def _statements() -> Iterator[str]:
    """What a box states has an id; what a source says stands in such a box, with its verdict; few stand open."""
    for page in _read():
        for box in page.blocks:
            if box.kind in pages.STATED and not box.id:
                yield f"{page.where(box.line)}: the {box.kind} '{box.title}' has no id: give it one under its head"
            elif box.kind == "source":
                yield from _aside(page, box)
        for box in [box for box in page.blocks if box.open][OPEN:]:
            yield f"{page.where(box.line)}: {OPEN} mistakes stand open on this page already: leave out 'open: true'"


def _aside(page: pages.Page, box: pages.Box) -> Iterator[str]:
    where, holder = page.where(box.line), box.holder()
    if holder is None:
        yield f"{where}: 'source' stands in no box with an id: put it last into the box whose claim it is about"
    elif holder.aside is not box:
        yield f"{where}: 'source' stands twice in claim '{holder.id}': keep one"
    elif "verdict" in holder.options:
        yield f"{page.where(holder.line)}: claim '{holder.id}' has a 'source', which has the verdict: drop the option"
    if box.verdict not in pages.WRONG:
        wanted = " or ".join(pages.WRONG)
        yield f"{where}: 'source | {box.title}' has no verdict: write {wanted}{nearest(box.verdict, pages.WRONG)}"
    if box.open and box.verdict == "damaged":
        yield f"{where}: what is damaged is not shown in the chapter: leave out 'open: true'"


def _chapters() -> Iterator[str]:
    """A chapter has the parts that each has, its first listing folded, and no formula in a heading."""
    for page in _read():
        for number, line in pages.unfenced(page.text.splitlines()):
            if line.startswith("#") and "$" in line:
                yield f"{page.where(number)}: a heading has a formula, which the contents would show raw: use words"
        if page.name in chapters():
            yield from _exercises(page)
            for pattern, title in SECTIONS.items():
                if not re.search(pattern, page.text, re.MULTILINE):
                    yield f"docs/{page.name}:1: the chapter has no section '{title}': write one"
            if not page.figures:
                yield f"docs/{page.name}:1: the chapter has no figure: show one"
            first = next((line for line, info, _ in pages.numbered_fences(page.text) if info == "python"), None)
            if first is None:
                yield f"docs/{page.name}:1: the chapter has no code: show some"
            elif not any(block.kind == "details" for block in page.around(first)):
                yield f"{page.where(first)}: the first listing is not folded: put it into '/// details | Set-up'"


def _exercises(page: pages.Page) -> Iterator[str]:
    found = [box for box in page.blocks if box.kind == "exercise"]
    if not EXERCISES[0] <= len(found) <= EXERCISES[1]:
        where = page.where(found[0].line if found else 1)
        yield f"{where}: the chapter has {len(found)} exercises: {EXERCISES[0]} to {EXERCISES[1]} are wanted"
    for box in found:
        solutions = [block for block in page.blocks if block.kind == "solution" and block.around is box]
        if len(solutions) != 1:
            yield f"{page.where(box.line)}: exercise '{box.title}' has {len(solutions)} solutions in it: write one"
    for box in page.blocks:
        if box.kind == "solution" and (box.around is None or box.around.kind != "exercise"):
            yield f"{page.where(box.line)}: a solution stands in no exercise: move it before the exercise's end"


def _outputs() -> Iterator[str]:
    """An output stands below the code that prints it, and says how exactly it is meant."""
    for page in _read():
        before = ""
        for line, info, _ in pages.numbered_fences(page.text):
            output = listings.OUTPUT.match(info)
            if output and before != "python":
                yield f"{page.where(line)}: an output stands below no code: put it below what prints it"
            elif not output and re.match(r"\{?\s*\.?out", info):
                yield f"{page.where(line)}: '{info}' is no output: write 'output' or '{{.output tolerance=1e-3}}'"
            elif output and not listings.is_tolerance(output["tolerance"] or "magnitude"):
                yield f"{page.where(line)}: tolerance '{output['tolerance']}' is no number: write one, or magnitude"
            before = info


def _width() -> Iterator[str]:
    """What a page shows of code fits a laptop's column."""
    for path, (first, last) in {(path, span) for path, span in _shown_regions()}:
        lines = path.read_text().splitlines()
        for number in range(first, last + 1):
            if len(lines[number - 1]) > WIDTH:
                yield f"{path.relative_to(project.ROOT)}:{number}: {_too_wide(lines[number - 1])}"
    for page in _read():
        for start, info, body in pages.numbered_fences(page.text):
            for number, line in enumerate(body, start=start + 1):
                if info == "python" and len(line) > WIDTH and not regions.EMBED.match(line):
                    yield f"{page.where(number)}: {_too_wide(line)}"


def _too_wide(line: str) -> str:
    return f"shown code is {len(line)} columns wide: wrap it at {WIDTH}"


def _shown_regions() -> Iterator[tuple[Path, tuple[int, int]]]:
    for _, embed in regions.embeddings():
        path = project.ROOT / embed["file"]
        if regions.problem_with(embed["file"], embed["name"]) is None:
            whole = (1, len(path.read_text().splitlines()))
            yield path, regions.regions(path)[0][embed["name"]] if embed["name"] else whole


def _claims() -> Iterator[str]:
    """Each claim has a test or says that none is possible, and each test's claim a box."""
    boxes: dict[str, pages.Box] = {}
    for box in pages.claims():
        if box.id in boxes:
            first = boxes[box.id]
            hint = f"first on {pages.read(first.page).where(first.line)}"
            yield f"{pages.read(box.page).where(box.line)}: claim '{box.id}' is made twice, {hint}"
        boxes[box.id] = box
    found = marked.checks()
    tested = {id for check in found for id in check.ids}
    for id, box in boxes.items():
        if id not in tested and box.options.get("proof") != "only":
            hint = nearest(id, tested - set(boxes))
            where = pages.read(box.page).where(box.line)
            yield f"{where}: claim '{id}' has no test: mark one with @pytest.mark.claim(\"{id}\"){hint}"
    for check in found:
        if check.by not in marked.BY:
            kinds = f"write {', '.join(marked.BY)}{nearest(check.by, marked.BY)}"
            yield f"{check.file}:{check.line}: '{check.function}' gives evidence by '{check.by}': {kinds}"
        for id in check.ids:
            if id not in boxes:
                hint = nearest(id, boxes)
                yield f"{check.file}:{check.line}: '{check.function}' names claim '{id}', which no page makes{hint}"


def _figures() -> Iterator[str]:
    """Figures have alt text and are shown, and pages ask only for figures that exist."""
    known = marked.figures()
    shown = {pages.figure_target(page.name, figure) for page in _read() for _, figure in page.figures}
    for (module, name), alt in known.items():
        where = f"{figures_path(module).relative_to(project.ROOT)}:{marked.line(module, name)}"
        if not alt.strip():
            yield f"{where}: figure '{name}' has no alt text: say what it shows"
        if (module, name) not in shown:
            yield f"{where}: no page shows figure '{name}': show it or delete it"
    for page in _read():
        for line, figure in page.figures:
            module, name = pages.figure_target(page.name, figure)
            if (module, name) not in known:
                near = nearest(name, [function for home, function in known if home == module])
                yield f"{page.where(line)}: snippets.figures.{module} draws no figure '{name}'{near}"


def _rooms() -> Iterator[str]:
    """Each thing stands where its name says: code, drawing, assertions and words in four places."""
    for path in sorted(project.SNIPPETS.rglob("*.py")):
        file, drawing = path.relative_to(project.ROOT), project.FIGURES in path.parents
        for function, call in _offered(path):
            kind = ast.unparse(call.func if isinstance(call, ast.Call) else call)
            if not isinstance(call, ast.Call):
                form = '@figure(alt="what it shows")' if kind == "figure" else "@results(seed=0)"
                yield f"{file}:{call.lineno}: '{function.name}' is marked by a bare '@{kind}': write {form}"
            if not drawing:
                room = f"snippets/figures/{path.relative_to(project.SNIPPETS)}"
                yield f"{file}:{call.lineno}: '{function.name}' is marked '@{kind}' in the wrong room: move to {room}"
        if not drawing and not _is_command(path):
            for line, name in _imports(path):
                if name.split(".")[0] in ("matplotlib", "book") and file not in (READS_RECORDS, TEACHES_DRAWING):
                    yield f"{file}:{line}: a snippet imports '{name}': move what draws or computes to snippets/figures"
    yield from _without_page()
    yield from _without_files()


def _offered(path: Path) -> Iterator[tuple[ast.FunctionDef, ast.expr]]:
    """Yield each function of a file that is marked as a figure or as results, with the mark."""
    for node in _tree(path).body:
        for call in getattr(node, "decorator_list", []):
            if ast.unparse(call.func if isinstance(call, ast.Call) else call) in ("figure", "results"):
                yield node, call


def _is_command(path: Path) -> bool:
    """Tell whether a file belongs to a program, which may draw and print as it likes."""
    return any((folder / "__main__.py").exists() for folder in path.parents if project.SNIPPETS in folder.parents)


def _without_page() -> Iterator[str]:
    """Name figures and tests of a part that belong to no chapter."""
    written = {module_of(str(path.relative_to(project.DOCS))) for path in project.DOCS.rglob("*.md")}
    used = {module for page in _read() for module in _modules_used(page)}
    for path in sorted(project.FIGURES.rglob("*.py")):
        module = str(path.relative_to(project.FIGURES).with_suffix("")).replace("/", ".")
        if any(_offered(path)) and module not in written | used:
            hint = nearest(module, written)
            yield f"{path.relative_to(project.ROOT)}:1: no chapter has this name, and no page shows what it draws{hint}"
    others = {"labs", "reference", "playgrounds", "assets"}
    parts = {path.name.replace("-", "_") for path in project.DOCS.iterdir() if path.is_dir()} - others
    for path in sorted(project.TESTS.rglob("test_*.py")):
        folder = path.parent.relative_to(project.TESTS)
        module = f"{folder}.{path.stem.removeprefix('test_')}"
        homes = (module_path(module), figures_path(module), module_path(module).with_suffix(""))
        if str(folder) in parts and module not in written and not any(home.exists() for home in homes):
            hint = nearest(module, written)
            yield f"{path.relative_to(project.ROOT)}:1: no chapter and no module has this name{hint}"


def _modules_used(page: pages.Page) -> Iterator[str]:
    yield from (pages.figure_target(page.name, figure)[0] for _, figure in page.figures)
    yield from (pages.value_target(page.name, match)[0] for _, match in page.values)


def _without_files() -> Iterator[str]:
    """Name the chapters that lack their code or their tests."""
    for name in pages.names():
        if "/" in name and not name.startswith("reference/"):
            for file in (module_path(module_of(name)), tests_path(module_of(name))):
                if not file.exists():
                    missing = file.relative_to(project.ROOT)
                    yield f"docs/{name}:1: the chapter has no {missing}: write it; 'python -m book new' shows how"


def _imports_go_back() -> Iterator[str]:
    """A snippet imports only from chapters before its own, and never from figures."""
    order = {module_of(page): index for index, page in enumerate(chapters())}
    for path in sorted(project.SNIPPETS.rglob("*.py")):
        drawing = project.FIGURES in path.parents
        module = _module(str(path.relative_to(project.ROOT).with_suffix("")).replace("/", "."))
        for line, name in _imports(path):
            if not name.startswith("snippets."):
                continue
            where = f"{path.relative_to(project.ROOT)}:{line}"
            if name.startswith("snippets.figures") and not drawing:
                yield f"{where}: a snippet imports from figures: move what both use to the snippet"
            elif order.get(_module(name), -1) > order.get(module, len(order)):
                yield f"{where}: '{module}' imports '{_module(name)}', a later chapter: move what both use there"


def _module(name: str) -> str:
    return name.removeprefix("snippets.").removeprefix("figures.")


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of the modules that a file imports, anywhere in it."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [name for name in inner if depends.file_of(name)]
            yield from ((node.lineno, name) for name in (modules or [node.module or "."]))


def _tests() -> Iterator[str]:
    """A test of a claim asserts something."""
    for check in marked.checks():
        functions = depends.parse(project.ROOT / check.file).functions
        if not _asserts(functions[check.function], functions, set()):
            where, ids = f"{check.file}:{check.line}", ", ".join(check.ids)
            yield f"{where}: '{check.function}' carries {ids} and asserts nothing: assert, measure or expect an error"


def _asserts(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef], seen: set[str]) -> bool:
    """Tell whether a function can fail: it asserts, measures, expects an error, or calls one of its file that does."""
    seen.add(function.name)
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            given = [argument.id for argument in node.args if isinstance(argument, ast.Name)]
            if {"measured", "raises", "warns", "fail"} & {*name.split("."), *given} or ".assert" in f".{name}":
                return True
            if name in functions and name not in seen and _asserts(functions[name], functions, seen):
                return True
    return False


def _expected() -> dict[str, set[str]]:
    """Map each module to the numbers for which a test has an expectation, `numbers("module", {"name": …})`."""
    found: dict[str, set[str]] = {"book": set()}
    for path in project.TESTS.rglob("test_*.py"):
        for node in ast.walk(_tree(path)):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).split(".")[-1] == "numbers"
                and len(node.args) == 2
            ):
                module, table = node.args
                if isinstance(module, ast.Constant) and isinstance(table, ast.Dict):
                    found.setdefault(module.value, set()).update(
                        key.value for key in table.keys if isinstance(key, ast.Constant)
                    )
    return found


def _bound() -> Iterator[str]:
    """Every number that a page quotes has an expectation in a test."""
    expected = _expected()
    for page in _read():
        for line, match in page.values:
            module, name = pages.value_target(page.name, match)
            if module != "book" and name not in expected.get(module, ()):
                table = f'numbers("{module}", …) in {tests_path(module).relative_to(project.ROOT)}'
                near = nearest(name, expected.get(module, ()))
                yield f"{page.where(line)}: no test expects the number '{name}': enter it into {table}{near}"


def _tree(path: Path) -> ast.Module:
    """Return the syntax of a file; one that is no Python is reported with its line."""
    return depends.parse(path).tree


def _citations() -> Iterator[str]:
    """Every citation has an entry."""
    known = pages.bibliography()
    for page in _read():
        for line, key in page.citations:
            if key not in known:
                yield f"{page.where(line)}: no entry '{key}' in docs/{pages.BIBLIOGRAPHY}{nearest(key, known)}"


def _numbers(known: Catalogue) -> Iterator[str]:
    """Every number on a page was computed, and its format fits it."""
    for page in _read():
        for line, match in page.values:
            module, name = pages.value_target(page.name, match)
            where, values = page.where(line), known.values.get(module, {})
            if name in values:
                try:
                    show(values[name], match["format"])
                except (ValueError, TypeError):
                    wanted = f"write one of Python's, as '.3f', or {', '.join(FORMATS)}"
                    yield f"{where}: format '{match['format']}' does not fit {name} = {values[name]!r}: {wanted}"
            elif values or module == "book":
                yield f"{where}: no number '{name}' in the results of {module}{nearest(name, values)}"
            elif figures_path(module).exists():
                file = figures_path(module).relative_to(project.ROOT)
                yield f"{where}: {file} computes no numbers: add an @results function that returns '{name}'"
            else:
                yield f"{where}: no results of '{module}'{nearest(module, known.values)}"
