"""What the search is given of a page: the text of code and of formulas, without layout and colours."""

import contextlib
import re
import unicodedata

from book.formulas import CLOSE, OPEN

FORMULA = rf"<(?P<tag>span|div)[^>]*>{OPEN}.*?{CLOSE}</(?P=tag)>"
HEAVY = re.compile(rf"{FORMULA}|(?<=<span></span>)(?P<code><code.*?</code>)|<dt(?P<term> id=[^<]*)</dt>", re.DOTALL)
COLOUR = re.compile(r"</?span[^>]*>")
SPOKEN = re.compile(r"<semantics>(.*?)<annotation", re.DOTALL)
STYLED = re.compile(r'<mi mathvariant="(script|fraktur|double-struck)">([A-Za-z])</mi>')
UNSEEN = re.compile(r"<[^>]*>|[\u2061-\u2064]")
PLACE = re.compile(r"<!--lifted (\d+)-->.*?<!--/lifted-->", re.DOTALL)

_lifted: dict[str, list[str]] = {}


def lifted(page: str, html: str) -> str:
    """Return a page for the search plugin, which parses in Python, with less in the place of what is heavy."""
    kept = _lifted[page] = []

    def lift(match: re.Match) -> str:
        kept.append(match[0])
        return f"<!--lifted {len(kept) - 1}-->{_bare(match)}<!--/lifted-->"

    return HEAVY.sub(lift, html)


def whole(page: str, html: str) -> str:
    """Put back what was lifted out of a page."""
    kept = _lifted.pop(page, [])
    return PLACE.sub(lambda match: kept[int(match[1])], html)


def _bare(match: re.Match) -> str:
    """Return what can be searched for: the text of code and of a formula in a sentence."""
    if match["term"]:  # of the glossary: it stands in the index like the title of a section
        return f"<h3{match['term']}</h3>"
    if match["code"]:
        return COLOUR.sub("", match["code"])
    if match["tag"] != "span":
        return ""
    plain = SPOKEN.search(match[0])[1]
    signs = (plain, STYLED.sub(_styled, plain))  # ℰ is found as E and as ℰ
    return " ".join(dict.fromkeys(UNSEEN.sub("", text) for text in signs))


def _styled(letter: re.Match) -> str:
    """Return the sign for a letter in a style of its own, 𝔰 or ℰ."""
    style, name = letter[1].upper(), f"{'CAPITAL' if letter[2].isupper() else 'SMALL'} {letter[2].upper()}"
    for sign in (f"{style.replace('FRAKTUR', 'BLACK-LETTER')} {name}", f"MATHEMATICAL {style} {name}"):
        with contextlib.suppress(KeyError):
            return unicodedata.lookup(sign)
    return letter[2]
