"""All that the build refuses before it renders a page: each message names file, line, fault and remedy."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from book import depends, listings, marked, pages, project, regions
from book.catalogue import FORMATS, Catalogue, show
from book.project import chapters, dotted, figures_path, module_of, module_path, nearest, tests_path

OPEN = 2  # mistakes that stand open on a page
EXERCISES = (2, 6)  # of a chapter
SECTIONS = {r"^## Why (it|this) matters": "Why it matters for networks", r"^## What.s next": "What's next"}
WIDTH = 88  # columns of code that is shown
READS_RECORDS = Path("snippets/mnist/records.py")
TEACHES_DRAWING = Path("snippets/mnist/script.py")  # its page shows how to draw the optimum into a curve


def loose_ends() -> list[str]:
    """Check all that can be read from the sources, before anything is made."""
    of_pages = (_boxes, _statements, _exercises, _parts, _outputs, _citations, _without_files)
    of_the_book = (_regions, _claims, _figures, _rooms, _without_page, _imports_go_back, _tests)
    found = [error for page in _read() for check in of_pages for error in check(page)]
    return found + [error for check in of_the_book for error in check()]


def unfinished() -> list[str]:
    """Check what stops no build yet: that a test expects each quoted number, and that shown code fits its column."""
    return [*_bound(), *_width()]


def _read() -> list[pages.Page]:
    return [pages.read(name) for name in pages.names()]


def _boxes(page: pages.Page) -> Iterator[str]:
    """Boxes are of known kinds, closed and nested, their options known, and numbers are asked for as they should be."""
    for line, problem in page.problems:
        yield f"{page.where(line)}: {problem}"
    for number, line in pages.unfenced(page.text.splitlines()):
        for found in pages.ALMOST_VALUE.findall(pages.VALUE.sub("", line)):
            yield f"{page.where(number)}: '{found}' asks for no number; write '{{{{ name | .3f }}}}'"
        if line.startswith("#") and "$" in line:
            yield f"{page.where(number)}: a heading has a formula, which the contents would show raw: use words"


def _statements(page: pages.Page) -> Iterator[str]:
    """What a box states has an id; what a source says stands in such a box, with its verdict; few stand open."""
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


def _exercises(page: pages.Page) -> Iterator[str]:
    """A chapter has some exercises, and each of them one solution."""
    found = [box for box in page.blocks if box.kind == "exercise"]
    if page.name in chapters() and not EXERCISES[0] <= len(found) <= EXERCISES[1]:
        where = page.where(found[0].line if found else 1)
        yield f"{where}: the chapter has {len(found)} exercises: {EXERCISES[0]} to {EXERCISES[1]} are wanted"
    solutions = [box for box in page.blocks if box.kind == "solution"]
    for box in found:
        if (count := sum(solution.around is box for solution in solutions)) != 1:
            yield f"{page.where(box.line)}: exercise '{box.title}' has {count} solutions in it: write one"
    for box in solutions:
        if box.around not in found:
            yield f"{page.where(box.line)}: a solution stands in no exercise: move it before the exercise's end"


def _parts(page: pages.Page) -> Iterator[str]:
    """A chapter has the parts that each has, and its first listing folded."""
    if page.name not in chapters():
        return
    missing = [f"section '{title}'" for sign, title in SECTIONS.items() if not re.search(sign, page.text, re.MULTILINE)]
    listed = [fence.line for fence in page.fences if fence.info == "python"]
    missing += [part for part, there in (("figure", page.figures), ("code", listed)) if not there]
    yield from (f"docs/{page.name}:1: the chapter has no {part}: every chapter has one" for part in missing)
    if listed and not any(block.kind == "details" for block in page.around(listed[0])):
        yield f"{page.where(listed[0])}: the first listing is not folded: put it into '/// details | Set-up'"


def _outputs(page: pages.Page) -> Iterator[str]:
    """Code has an end; an output stands below the code that prints it, and says how exactly it is meant."""
    before = ""
    for fence in page.fences:
        where, output = page.where(fence.line), listings.OUTPUT.match(fence.info)
        if output and before != "python":
            yield f"{where}: an output stands below no code: put it below what prints it"
        elif not output and re.match(r"\{?\s*\.?out", fence.info):
            yield f"{where}: '{fence.info}' is no output: write 'output' or '{{.output tolerance=1e-3}}'"
        elif output and not listings.is_tolerance(output["tolerance"] or "magnitude"):
            yield f"{where}: tolerance '{output['tolerance']}' is no number: write one, or magnitude"
        before = fence.info
        if not fence.closed:
            yield f"{where}: a fence of code has no end: close it by a line of as many signs"


def _citations(page: pages.Page) -> Iterator[str]:
    """Every citation has an entry."""
    known = pages.bibliography()
    for line, key in page.citations:
        if key not in known:
            yield f"{page.where(line)}: no entry '{key}' in docs/{pages.BIBLIOGRAPHY}{nearest(key, known)}"


def _without_files(page: pages.Page) -> Iterator[str]:
    """A chapter has its code and its tests."""
    module = module_of(page.name)
    for file in (module_path(module), tests_path(module)):
        if "/" in page.name and not page.name.startswith("reference/") and not file.exists():
            missing = file.relative_to(project.ROOT)
            yield f"docs/{page.name}:1: the chapter has no {missing}: write it; 'python -m book new' shows how"


def _regions() -> Iterator[str]:
    """Every marker in `snippets/` fits, what a page embeds is there, and some page shows each region."""
    shown = _shown(pages.written())
    own = {str(module_path(module_of(page)).relative_to(project.ROOT)) for page in chapters()}
    files = own | {file for file, _ in _shown(_read())}
    for path in sorted(project.SNIPPETS.rglob("*.py")):
        file = str(path.relative_to(project.ROOT))
        found, problems = regions.regions(path)
        yield from problems
        for name, (first, _) in found.items():
            if file in files and (file, name) not in shown:
                yield f"{file}:{first - 1}: no page shows region '{name}': embed it or take its markers out"
    for where, embed in regions.embeddings(_read()):
        if problem := regions.problem_with(embed["file"], embed["name"]):
            yield f"{where}: {problem}"


def _shown(found: list[pages.Page]) -> set[tuple[str, str | None]]:
    """Return file and name of the regions that pages embed."""
    return {(embed["file"], embed["name"]) for _, embed in regions.embeddings(found)}


def _claims() -> Iterator[str]:
    """Each claim has a test or says that none is possible, and each test's claim a box."""
    boxes: dict[str, pages.Box] = {}
    for box in pages.claims():
        if box.id in boxes:
            yield f"{_place(box)}: claim '{box.id}' is made twice, first on {_place(boxes[box.id])}"
        boxes[box.id] = box
    made = {box.id for page in pages.written() for box in page.blocks}
    found = marked.checks()
    tested = {id for check in found for id in check.ids}
    for id, box in boxes.items():
        if id not in tested and box.options.get("proof") != "only":
            hint = nearest(id, tested - set(boxes))
            yield f"{_place(box)}: claim '{id}' has no test: mark one with @pytest.mark.claim(\"{id}\"){hint}"
    for check in found:
        where = f"{check.file}:{check.line}: '{check.function}'"
        if check.by not in marked.BY:
            kinds = f"write {', '.join(marked.BY)}{nearest(check.by, marked.BY)}"
            yield f"{where} gives evidence by '{check.by}': {kinds}"
        for id in check.ids:
            if id not in made:
                yield f"{where} names claim '{id}', which no page makes{nearest(id, boxes)}"


def _place(box: pages.Box) -> str:
    return pages.read(box.page).where(box.line)


def _figures() -> Iterator[str]:
    """Figures have alt text and are shown, and pages ask only for figures that exist."""
    known = marked.figures()
    asked = [
        (page.where(line), *pages.figure_target(page.name, name)) for page in _read() for line, name in page.figures
    ]
    shown = {pages.figure_target(page.name, name) for page in pages.written() for _, name in page.figures}
    for where, module, name in asked:
        if (module, name) not in known:
            near = nearest(name, [function for home, function in known if home == module])
            yield f"{where}: snippets.figures.{module} draws no figure '{name}'{near}"
    for (module, name), alt in known.items():
        path = figures_path(module)
        where = f"{path.relative_to(project.ROOT)}:{depends.parse(path).functions[name].lineno}"
        if not alt.strip():
            yield f"{where}: figure '{name}' has no alt text: say what it shows"
        if (module, name) not in shown:
            yield f"{where}: no page shows figure '{name}': show it or delete it"


def _rooms() -> Iterator[str]:
    """Each thing stands where its name says: code, drawing, assertions and words in four places."""
    for path in sorted(project.SNIPPETS.rglob("*.py")):
        if project.FIGURES in path.parents:
            continue
        file = path.relative_to(project.ROOT)
        for kind, function, mark in marked.offered(path):
            room = f"snippets/figures/{path.relative_to(project.SNIPPETS)}"
            yield f"{file}:{mark.lineno}: '{function.name}' is marked '@{kind}' in the wrong room: move to {room}"
        for line, name in _imports(path) if not _is_command(path) else ():
            if name.split(".")[0] in ("matplotlib", "book") and file not in (READS_RECORDS, TEACHES_DRAWING):
                yield f"{file}:{line}: a snippet imports '{name}': move what draws or computes to snippets/figures"


def _is_command(path: Path) -> bool:
    """Tell whether a file belongs to a program, which may draw and print as it likes."""
    return any((folder / "__main__.py").exists() for folder in path.parents if project.SNIPPETS in folder.parents)


def _without_page() -> Iterator[str]:
    """Figures and tests of a part belong to a chapter."""
    written = {module_of(page.name) for page in pages.written()}
    for path in sorted(project.FIGURES.rglob("*.py")):
        module = dotted(path, project.FIGURES)
        if any(marked.offered(path)) and module not in written | marked.used():
            hint = nearest(module, written)
            yield f"{path.relative_to(project.ROOT)}:1: no chapter has this name, and no page shows what it draws{hint}"
    others = {"labs", "reference", "playgrounds", "assets"}
    parts = {path.name.replace("-", "_") for path in project.DOCS.iterdir() if path.is_dir()} - others
    for path in sorted(project.TESTS.rglob("test_*.py")):
        module = dotted(path, project.TESTS).replace("test_", "")
        homes = (module_path(module), figures_path(module), module_path(module).with_suffix(""))
        if module.rpartition(".")[0] in parts and module not in written and not any(home.exists() for home in homes):
            hint = nearest(module, written)
            yield f"{path.relative_to(project.ROOT)}:1: no chapter and no module has this name{hint}"


def _imports_go_back() -> Iterator[str]:
    """A snippet imports only from chapters before its own, and never from figures."""
    order = {module_of(page): index for index, page in enumerate(chapters())}
    for path in sorted(project.SNIPPETS.rglob("*.py")):
        drawing = project.FIGURES in path.parents
        module = dotted(path, project.FIGURES if drawing else project.SNIPPETS)
        for line, name in _imports(path):
            where, other = f"{path.relative_to(project.ROOT)}:{line}", re.sub(r"^snippets\.(figures\.)?", "", name)
            if name.startswith("snippets.figures") and not drawing:
                yield f"{where}: a snippet imports from figures: move what both use to the snippet"
            elif name != other and order.get(other, -1) > order.get(module, len(order)):
                yield f"{where}: '{module}' imports '{other}', a later chapter: move what both use there"


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of the modules that a file imports, anywhere in it."""
    for line, module, name in depends.parse(path).imported:
        yield line, f"{module}.{name}" if name and depends.file_of(f"{module}.{name}") else module


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


def _expected() -> dict[str, set[str]]:
    """Map each module to the numbers for which a test has an expectation, `numbers("module", {"name": …})`."""
    found: dict[str, set[str]] = {}
    for path in project.TESTS.rglob("test_*.py"):
        for node in ast.walk(depends.parse(path).tree):
            match node:
                case ast.Call(
                    func=ast.Name("numbers") | ast.Attribute(attr="numbers"), args=[ast.Constant(module), table]
                ):
                    names = {key.value for key in getattr(table, "keys", ()) if isinstance(key, ast.Constant)}
                    found[module] = found.get(module, set()) | names
    return found


def _width() -> Iterator[str]:
    """What a page shows of code fits a laptop's column."""
    shown = _shown(_read())
    there = [(file, name) for file, name in shown if regions.problem_with(file, name) is None]
    lines = [(f"{file}:{number}", line) for file, name in there for number, line in regions.lines(file, name)]
    for page in _read():
        for fence in (fence for fence in page.fences if fence.info == "python"):
            lines += [(page.where(fence.line + number), line) for number, line in enumerate(fence.body, start=1)]
    for where, line in lines:
        if len(line) > WIDTH and not regions.EMBED.match(line):
            yield f"{where}: shown code is {len(line)} columns wide: wrap it at {WIDTH}"


def numbers(known: Catalogue) -> list[str]:
    """Check, when the numbers are there, that each one that a page quotes was computed, and its format fits it."""
    asked = ((page, *value) for page in _read() for value in page.values)
    return [problem for page, line, match in asked for problem in _number(page, line, match, known)]


def _number(page: pages.Page, line: int, match: re.Match, known: Catalogue) -> Iterator[str]:
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
