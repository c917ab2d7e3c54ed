"""The one style sheet of the site, and the faces that it names: the theme's rules, KaTeX's and the book's."""

import importlib.util
import io
import re
from collections.abc import Iterator
from pathlib import Path

from book import npm, project, record
from book.project import write_atomically, write_changed

COMMENT = re.compile(r"/\*.*?\*/\s*|\s*\n\s*", re.DOTALL)
# Of the theme's: a rule for every element, for which all of them would be looked at three times while a page comes.
UNWANTED = re.compile(r"/\*# sourceMappingURL=.*?\*/|\[data-md-color-switching\] [^{]*\{[^}]*\}")
FACE = re.compile(r"@font-face\{[^}]*?src:url\(fonts/(KaTeX_[\w-]+)\.woff2\)[^}]*\}")
TEXT = "stix-two-text"  # of the packages at @fontsource
STYLES = ("400-normal", "400-italic", "700-normal", "700-italic")
FIRST = STYLES[:3]  # with the page; whatever else is absent then stays so until the next page: nothing moves
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# Of KaTeX's heavy faces the signs that formulas of this book have; another is fetched with the rest of its face.
CORE = {
    "KaTeX_Main-Regular": LETTERS
    + "!'()*+,-./:;<=>?[]^_{|}~ °±×ˉ˙ˆΓΔΘΛΠΣΦΨΩ​…′ℑℓℜ→↦⇒∂∇∈∏∑−∓∗∘∞∣∥∩∪∫∼≅≈≠≡≤≥⊂⊕⊖⊗⊤⊥⋅⋯⋮⋱⌊⌋⟨⟩⟹⟺",
    "KaTeX_Main-Bold": LETTERS + "+,-−() ",
    "KaTeX_AMS-Regular": LETTERS[:26],
}


def sheet() -> Path:
    """Return the file of the style sheet for an engine whose theme brings none."""
    return project.GENERATED / "site.css"


def write() -> None:
    """Write the style sheet, with the theme's for MkDocs (`site.css`) and without (`book.css`), and the faces."""
    katex = FACE.sub(lambda face: "".join(_katex(face[1], face[0])), _katex_sheet())
    texts = [katex, *_text(), *(path.read_text() for path in own())]
    book = "\n".join(COMMENT.sub("", text) for text in texts)
    write_changed(project.GENERATED / "book.css", book)
    theme = [UNWANTED.sub("", path.read_text()) for path in _theme()]
    write_changed(sheet(), "\n".join([*theme, book]))


def own() -> list[Path]:
    """List the book's own style sheets: colours first, paper last, the playgrounds' between."""
    found = sorted((project.DOCS / "assets" / "css").glob("*.css"))
    found.sort(key=lambda path: {"colours": 0, "page": 1, "print": 3}.get(path.stem, 2))
    return [*found[:-1], *(project.DOCS / "playgrounds").glob("*.css"), *found[-1:]]


def _theme() -> list[Path]:
    folder = Path(importlib.util.find_spec("material").origin).parent / "templates" / "assets" / "stylesheets"
    return [next(iter(sorted(folder.glob(f"{name}.*.min.css")))) for name in ("main", "palette")]


def _katex_sheet() -> str:
    return (npm.modules() / "katex" / "dist" / "katex.min.css").read_text()


def _katex(name: str, rule: str) -> Iterator[str]:
    """Yield the rules of a face of KaTeX; of a heavy one the signs in use come by themselves."""
    head = rule.partition("src:")[0]
    rest = f"src:url(katex/fonts/{name}.woff2) format('woff2')"
    if name not in CORE:
        yield f"{head}{rest}}}"
        return
    core, others = _split(name, CORE[name])
    yield f"{head}src:url(faces/{name}.woff) format('woff');unicode-range:{_ranges(core)}}}"
    yield f"{head}{rest};unicode-range:{_ranges(others)}}}"


def _split(name: str, signs: str) -> tuple[list[int], list[int]]:
    """Write a face with some of its signs and return these and the others."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    path = npm.modules() / "katex" / "dist" / "fonts" / f"{name}.ttf"
    with TTFont(path) as font:
        known = set(font.getBestCmap())
        core = known & set(map(ord, signs))
        target, mark = project.GENERATED / "faces" / f"{name}.woff", project.GENERATED / "faces" / f"{name}.made"
        made_from = record.hash_of(path.read_bytes(), signs)
        if not (target.exists() and mark.exists() and mark.read_text() == made_from):
            options = subset.Options(flavor="woff", hinting=False, layout_features=["*"], notdef_outline=True)
            work = subset.Subsetter(options)
            work.populate(unicodes=core)
            work.subset(font)
            font.flavor, font.recalcTimestamp = "woff", False
            made = io.BytesIO()
            font.save(made)
            write_atomically(target, made.getvalue())
            write_atomically(mark, made_from)
    return sorted(core), sorted(known - core)


def _ranges(signs: list[int]) -> str:
    """Write numbers as CSS has them: U+41-5a."""
    starts = [sign for sign in signs if sign - 1 not in set(signs)]
    ends = [sign for sign in signs if sign + 1 not in set(signs)]
    return ",".join(f"U+{a:x}" if a == b else f"U+{a:x}-{b:x}" for a, b in zip(starts, ends, strict=True))


def _text() -> Iterator[str]:
    """Copy the faces of the text and yield their rules, without those that no page of the book can need."""
    folder = npm.modules() / "@fontsource" / TEXT
    for style in STYLES:
        weight, _, slant = style.partition("-")
        rules = (folder / f"{weight}{'' if slant == 'normal' else '-italic'}.css").read_text()
        for rule in re.findall(r"@font-face\s*\{[^}]*\}", rules):
            file = re.search(rf"files/({TEXT}-(latin|latin-ext|greek)-{style}\.woff2)", rule)
            if file:
                write_changed(project.GENERATED / "faces" / file[1], (folder / "files" / file[1]).read_bytes())
                shown = "swap" if file[2] == "latin" and style in FIRST else "optional"
                source = f"src: url(faces/{file[1]}) format('woff2');"
                rule = re.sub(r"src:.*?;\n", source + "\n", rule, flags=re.DOTALL)
                yield re.sub(r"font-display: \w+", f"font-display: {shown}", rule)
