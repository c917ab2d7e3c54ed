"""The book as an EPUB: one XHTML file a chapter, formulas as MathML."""

import base64
import datetime
import io
import re
import uuid
import zipfile
from pathlib import Path

from PIL import Image

from book import project
from press import edition
from press.edition import NAME, Chapter, escape

CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
    '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">'
    '<head><title>{title}</title><link rel="stylesheet" href="book.css"/></head><body>{body}</body></html>'
)
STYLE = """
body { line-height: 1.45; }
h1, h2, h3 { line-height: 1.2; }
pre { font-size: 0.75em; white-space: pre-wrap; overflow-wrap: anywhere; }
pre { border-left: 0.15em solid #999; padding-left: 0.6em; }
.output pre { border-color: #00694d; }
.box, .box-source, .box-mistake { margin: 1em 0; padding: 0.4em 0.8em; border-left: 0.2em solid #00694d; }
.box-definition { border-color: #00639b; }
.box-exercise { border-color: #8c3568; }
.box-title, .summary { font-weight: bold; }
.box-kind { font-size: 0.8em; text-transform: uppercase; letter-spacing: 0.05em; }
.box-mark { font-size: 0.75em; font-weight: normal; }
figure { margin: 1.2em 0; text-align: center; }
figcaption { font-size: 0.9em; text-align: left; }
img { max-width: 100%; height: auto; }
table { border-collapse: collapse; }
td, th { padding: 0.2em 0.6em; border-bottom: 0.05em solid #ccc; text-align: left; }
"""
DISPLAY = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"'
PICTURE = re.compile(rb"data:image/webp;base64,([^\"]+)")
VOID = re.compile(r"<(img|br|hr|wbr|col)((?:\s[^<>]*?)?)\s*/?>")


def make() -> Path:
    """Write the EPUB; two of the same site are the same to the byte."""
    chapters = edition.chapters()
    edition.link(chapters, lambda chapter, inside: f"{chapter.slug}.xhtml" + (f"#{inside}" if inside else ""))
    files = {"book.css": STYLE.encode(), "nav.xhtml": _contents(chapters).encode()}
    for chapter in chapters:
        for image, path in edition.pictures(chapter):
            name = f"figures/{'-'.join(path.parts[-3:])}"
            files[name], image["src"] = PICTURE.sub(_as_png, path.read_bytes()), name
        files[f"{chapter.slug}.xhtml"] = _page(chapter).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
        _add(archive, "META-INF/container.xml", CONTAINER.encode())
        _add(archive, "book/book.opf", _package(chapters, files).encode())
        for name, content in sorted(files.items()):
            _add(archive, f"book/{name}", content)
    return edition.write(edition.DIST / f"{NAME}.epub", packed.getvalue())


def _add(archive: zipfile.ZipFile, name: str, content: bytes, how: int = zipfile.ZIP_DEFLATED) -> None:
    info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    info.compress_type = how
    archive.writestr(info, content)


def _as_png(picture: re.Match) -> bytes:
    """Write a picture in a drawing as readers of EPUB 3.0 know it."""
    made = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(picture[1]))).save(made, "PNG")
    return b"data:image/png;base64," + base64.b64encode(made.getvalue())


def _page(chapter: Chapter) -> str:
    for part in chapter.body.select("pre > code, pre > span:empty"):
        part.unwrap() if part.name == "code" else part.decompose()
    for part in chapter.body.select("pre span"):
        part.unwrap()
    for part in chapter.body.select("[align]"):
        part["style"] = f"text-align: {part.attrs.pop('align')}"
    if chapter.number:
        chapter.body.h1.insert(0, f"{chapter.number} ")
    whole = chapter.html(_formula)
    return PAGE.format(title=escape(chapter.title), body=VOID.sub(r"<\1\2/>", whole))


def _formula(formula: str) -> str:
    text = edition.mathml(formula)
    if "katex-display" in formula:
        text = re.sub(r"^<math[^>]*", DISPLAY, text)
    return re.sub(r"<annotation.*?</annotation>", "", text, flags=re.DOTALL)


def _contents(chapters: list[Chapter]) -> str:
    parts = dict.fromkeys(chapter.part for chapter in chapters)
    items = "".join(
        f"<li><span>{escape(part)}</span><ol>"
        + "".join(
            f'<li><a href="{chapter.slug}.xhtml">{escape(f"{chapter.number} {chapter.title}".strip())}</a></li>'
            for chapter in chapters
            if chapter.part == part
        )
        + "</ol></li>"
        for part in parts
    )
    name = escape(project.settings()["site_name"])
    body = f'<h1>{name}</h1><nav epub:type="toc" id="toc"><h2>Contents</h2><ol>{items}</ol></nav>'
    return PAGE.format(title=name, body=body)


def _package(chapters: list[Chapter], files: dict[str, bytes]) -> str:
    settings = project.settings()
    kinds = {"xhtml": "application/xhtml+xml", "css": "text/css", "svg": "image/svg+xml", "png": "image/png"}
    items = []
    for number, (name, content) in enumerate(sorted(files.items())):
        with_math = ' properties="mathml"' if b"<math" in content and name.endswith("xhtml") else ""
        is_nav = ' properties="nav"' if name == "nav.xhtml" else with_math
        kind = kinds[name.rpartition(".")[2]]
        items.append(f'<item id="{_id(name, number)}" href="{name}" media-type="{kind}"{is_nav}/>')
    spine = "".join(f'<itemref idref="{chapter.slug}"/>' for chapter in chapters)
    license = re.sub("<[^>]*>", "", settings["copyright"])
    changed = datetime.datetime.fromtimestamp((edition.SITE / "index.html").stat().st_mtime, datetime.UTC)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        'unique-identifier="id" xml:lang="en"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, NAME)}</dc:identifier>'
        f"<dc:title>{escape(settings['site_name'])}</dc:title><dc:language>en</dc:language>"
        f"<dc:creator>The authors of {escape(settings['site_name'])}</dc:creator><dc:rights>{license}</dc:rights>"
        f'<meta property="dcterms:modified">{changed:%Y-%m-%dT%H:%M:%SZ}</meta></metadata>'
        f'<manifest>{"".join(items)}</manifest><spine><itemref idref="nav"/>{spine}</spine></package>'
    )


def _id(name: str, number: int) -> str:
    return name.removesuffix(".xhtml") if name.endswith(".xhtml") else f"file-{number}"
