"""All that the build refuses before it renders a page: each message names file, line, fault and remedy."""

from collections.abc import Iterator

from book import bibliography, claims, marked, pages, project, regions
from book.catalogue import Catalogue
from book.project import chapters, figures_path, module_of, module_path, nearest


def loose_ends() -> list[str]:
    """Check all that can be read from the sources, before anything is made."""
    checks = (_regions, _boxes, _errata, _claims, _figures, _citations)
    return [error for check in checks for error in check()]


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


def _errata() -> Iterator[str]:
    """Every erratum has its three parts and a verdict."""
    for page in _read():
        for box in page.boxes:
            if box.kind == "erratum":
                parts = [block.kind for block in page.boxes if block.around is box]
                for missing in [part for part in pages.ERRATUM_PARTS if part not in parts]:
                    yield f"{page.where(box.line)}: the erratum '{box.title}' lacks its part '{missing}'"
                if box.options.get("verdict", "true") == "true":
                    yield f"{page.where(box.line)}: the erratum lacks 'verdict: {' | '.join(pages.WRONG)}'"


def _claims() -> Iterator[str]:
    """Each claim has a test or says that none is possible, and each test's claim a box."""
    boxes: dict[str, pages.Box] = {}
    for box in pages.claims():
        if box.id in boxes:
            first = boxes[box.id]
            hint = f"first on {pages.read(first.page).where(first.line)}"
            yield f"{pages.read(box.page).where(box.line)}: claim '{box.id}' is made twice, {hint}"
        boxes[box.id] = box
    found = claims.checks()
    tested = {id for check in found for id in check.ids}
    for id, box in boxes.items():
        if id not in tested and box.options.get("proof") != "only":
            hint = nearest(id, tested - set(boxes))
            where = pages.read(box.page).where(box.line)
            yield f"{where}: claim '{id}' has no test: mark one with @pytest.mark.claim(\"{id}\"){hint}"
    for check in found:
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


def _citations() -> Iterator[str]:
    """Every citation has an entry."""
    known = bibliography.entries()
    for page in _read():
        for line, key in page.citations:
            if key not in known:
                yield f"{page.where(line)}: no entry '{key}' in docs/{bibliography.PAGE}{nearest(key, known)}"


def _numbers(catalogue: Catalogue) -> Iterator[str]:
    """Every number on a page was computed."""
    known = catalogue.values
    for page in _read():
        for line, match in page.values:
            module, name = pages.value_target(page.name, match)
            if module not in known:
                yield f"{page.where(line)}: no results of '{module}'{nearest(module, known)}"
            elif name not in known[module]:
                hint = nearest(name, known[module])
                yield f"{page.where(line)}: no number '{name}' in the results of {module}{hint}"
