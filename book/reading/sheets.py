"""The one style sheet of the site, and the faces that it names: the theme's rules, KaTeX's and the book's."""

import importlib.util
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from book import npm, project, record
from book.project import write_atomically, write_changed

COMMENT = re.compile(r"/\*.*?\*/\s*|\s*\n\s*", re.DOTALL)
# Of the theme's: a rule for every element, for which all of them would be looked at three times while a page comes.
UNWANTED = re.compile(r"/\*# sourceMappingURL=.*?\*/|\[data-md-color-switching\] [^{]*\{[^}]*\}")
FACE = re.compile(r"@font-face\{[^}]*?src:url\(fonts/(KaTeX_[\w-]+)\.woff2\)[^}]*\}")
FONT = re.compile(r"@font-face\s*\{[^}]*\}")
TEXT = "stix-two-text"  # of the packages at @fontsource
STYLES = ("400-normal", "400-italic", "700-normal", "700-italic")
FIRST = STYLES[:3]  # with the page; whatever else is absent then stays so until the next page: nothing moves
BLANKS = " \xa0"  # by which browsers ask for a face
FEATURES = ["kern", "liga", "ccmp", "locl", "mark", "mkmk"]  # what browsers do with a text unasked, and no fractions
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# The signs of this book, by face: they come with a page, and any other with the rest of its face.
CORE = {
    **dict.fromkeys(
        (f"{TEXT}-latin-{style}" for style in STYLES), "".join(map(chr, range(33, 127))) + "°±¹²³·½×äàéöü–—‘’“”•…′−"
    ),
    "KaTeX_Math-Italic": LETTERS[:52] + "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθικλμνξοπρστυφχψωϑϕϖϱϵ\ue131\ue237",
    "KaTeX_Main-Regular": LETTERS
    + "!'()*+,-./:;<=>?[]^_{|}~°±×ˉ˙ˆΓΔΘΛΠΣΦΨΩ​…′ℑℓℜ→↦⇒∂∇∈∏∑−∓∗∘∞∣∥∩∪∫∼≅≈≠≡≤≥⊂⊕⊖⊗⊤⊥⋅⋯⋮⋱⌊⌋⟨⟩⟹⟺←\ue020",
    "KaTeX_Main-Bold": LETTERS + "+,-−()",
    "KaTeX_AMS-Regular": LETTERS[:26],
}


def sheet() -> Path:
    """Return the file of the style sheet for an engine whose theme brings none."""
    return project.GENERATED / "site.css"


def write() -> None:
    """Write the style sheet, with the theme's for MkDocs (`site.css`) and without (`book.css`), and the faces."""
    npm.ensure_packages()
    source = npm.modules() / "katex" / "dist"
    for path in (source / "fonts").glob("*.woff2"):
        write_changed(project.GENERATED / "katex" / "fonts" / path.name, path.read_bytes())
    katex = (source / "katex.min.css").read_text()
    katex = FACE.sub(lambda face: "".join(_katex(face[1], face[0])), katex)
    texts = [katex, *_text(), *(path.read_text() for path in own())]
    book = "\n".join(COMMENT.sub("", text) for text in texts)
    write_changed(project.GENERATED / "book.css", book)
    theme = [UNWANTED.sub("", path.read_text()) for path in _theme()]
    write_changed(sheet(), "\n".join([*theme, book]))


def own() -> list[Path]:
    """List the book's own style sheets: colours first, paper last, the playgrounds' between."""
    found = sorted((project.DOCS / "assets" / "css").glob("*.css"))
    found.sort(key=lambda path: (path.stem != "colours", path.stem != "page", path.stem == "print"))
    return [*found[:-1], *(project.DOCS / "playgrounds").glob("*.css"), *found[-1:]]


def _theme() -> list[Path]:
    folder = Path(importlib.util.find_spec("material").origin).parent / "templates" / "assets" / "stylesheets"
    return [next(iter(sorted(folder.glob(f"{name}.*.min.css")))) for name in ("main", "palette")]


def _katex(name: str, rule: str) -> Iterator[str]:
    """Yield the rules of a face of KaTeX."""
    head = rule.partition("src:")[0]
    if name in CORE:
        yield from _split(name, npm.modules() / "katex" / "dist" / "fonts" / f"{name}.woff2", head, "katex/fonts")
    else:
        yield f"{head}src:url(katex/fonts/{name}.woff2) format('woff2')}}"


def _split(name: str, path: Path, head: str, folder: str) -> Iterator[str]:
    """Write the signs of a face that this book has, and yield the rule that names them and that of the rest."""
    known = _signs(path)
    core = known & set(map(ord, CORE[name] + BLANKS))
    target, mark = project.GENERATED / "faces" / f"{name}.woff2", project.GENERATED / "faces" / f"{name}.made"
    made_from = record.hash_of(path.read_bytes(), CORE[name], BLANKS, *FEATURES)
    if not (target.exists() and mark.exists() and mark.read_text() == made_from):
        write_atomically(target, _part(path, core))
        write_atomically(mark, made_from)
    for where, signs in (("faces", core), (folder, known - core)):
        yield f"{head}src:url({where}/{name}.woff2) format('woff2');unicode-range:{_ranges(sorted(signs))}}}"


@cache
def _signs(path: Path) -> frozenset[int]:
    """Return the signs of a face, which is unpacked for them."""
    from fontTools.ttLib import TTFont

    with TTFont(path) as font:
        return frozenset(font.getBestCmap())


def _part(path: Path, signs: frozenset[int]) -> bytes:
    """Return a face with these of its signs."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    with TTFont(path) as font:
        options = subset.Options(flavor="woff2", hinting=False, layout_features=FEATURES)
        work = subset.Subsetter(options)
        work.populate(unicodes=signs)
        work.subset(font)
        font.flavor, font.recalcTimestamp = "woff2", False
        made = io.BytesIO()
        font.save(made)
        return made.getvalue()


def _ranges(signs: list[int]) -> str:
    """Write numbers as CSS has them: U+41-5a."""
    known = set(signs)
    starts = [sign for sign in signs if sign - 1 not in known]
    ends = [sign for sign in signs if sign + 1 not in known]
    return ",".join(f"U+{a:x}" if a == b else f"U+{a:x}-{b:x}" for a, b in zip(starts, ends, strict=True))


def _text() -> Iterator[str]:
    """Copy the faces of the text and yield their rules, without those that no page of the book can need."""
    source = npm.modules() / "@fontsource" / TEXT
    for style in STYLES:
        weight, _, slant = style.partition("-")
        for rule in FONT.findall((source / f"{weight}{'' if slant == 'normal' else '-italic'}.css").read_text()):
            found = re.search(rf"files/({TEXT}-(latin|latin-ext|greek)-{style})\.woff2", rule)
            if not found:
                continue
            name, path = found[1], source / "files" / f"{found[1]}.woff2"
            write_changed(project.GENERATED / "faces" / "whole" / path.name, path.read_bytes())
            shown = "swap" if found[2] == "latin" and style in FIRST else "optional"
            rule = re.sub(r"font-display: \w+", f"font-display: {shown}", rule)
            if name in CORE:
                yield from _split(name, path, rule.partition("src:")[0], "faces/whole")
            else:
                yield re.sub(
                    r"src:.*?;\n", f"src: url(faces/whole/{path.name}) format('woff2');\n", rule, flags=re.DOTALL
                )
