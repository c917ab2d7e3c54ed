"""When all pages are there: takes out of the site's style sheet what no page and no script of the site can ask for."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import tinycss2
from tinycss2.ast import Node

from book import project
from book.project import write_atomically
from book.reading import sheets

CLASSES = re.compile(r'class="([^"]*)"')
# Attributes of a page that have one of few values and that no script changes.
CHOICE = re.compile(r'\b(data-md-color-(?:primary|accent)|dir)="([^"]*)"')
SCRIPT = re.compile(r"<script[^>]*>([^<].*?)</script>", re.DOTALL)
WORD = re.compile(r"[\w-]+")
# Words of the theme's scripts for what it can do and this book does not let it; on a page they count all the same.
OFF = re.compile(
    r"(?:tabbed|task-list|footnote|linenos|highlighttable|mermaid|giscus"
    r"|md-(?:annotation|author|banner|clipboard|consent|meta|path|pin|post|profile|progress|select|social|status|tag|version)"
    r"|abstract|bug|danger|example|failure|hint|info|question|quote|success|tip|warning)(?![a-z])"
)
ASKED = re.compile(r"var\(\s*(--[\w-]+)")


def purge(site: Path) -> None:
    """Rewrite the style sheet of the site in this folder."""
    classes, words, choices = set(), set(), set()
    for path in site.rglob("*.html"):
        page = path.read_text()
        classes.update(word for names in set(CLASSES.findall(page)) for word in names.split())
        words.update(word for script in set(SCRIPT.findall(page)) for word in WORD.findall(script))
        choices.update(CHOICE.findall(page.partition("<article")[0]))
    for path in site.rglob("*.js"):
        words.update(set(WORD.findall(path.read_text())))
    path = site / sheets.sheet().relative_to(project.DOCS)
    words = classes.union(word for word in words if not OFF.match(word))
    write_atomically(path, purged(path.read_text(), words, choices))


def purged(css: str, words: set[str], choices: set[tuple[str, str]]) -> str:
    """Return a style sheet without the rules for other classes than these words, and for other values of attributes.

    What is left of it keeps its order. Custom properties that no other declaration asks for go, too, unless a word
    names them.
    """
    rules = list(_possible(_rules(css), words, choices))
    return "".join(_written(rules, _asked_for(rules, words)))


def _rules(css: str | list[Node]) -> list[Node]:
    """Parse a sheet, or what stands in a rule; where declarations stand in it, these."""
    read = tinycss2.parse_stylesheet if isinstance(css, str) else tinycss2.parse_blocks_contents
    return read(css, skip_comments=True, skip_whitespace=True)


def _possible(rules: Iterable[Node], words: set[str], choices: set[tuple[str, str]]) -> Iterator[Node]:
    """Yield the rules for what can be on a page, each with those of its selectors; what stands in them is parsed."""
    for rule in rules:
        if rule.type == "qualified-rule":
            rule.prelude = [part for part in _selectors(rule.prelude) if _can_be(part, words, choices)]
            if not rule.prelude:
                continue
            rule.content = _rules(rule.content)
        elif _nests(rule):
            rule.content = list(_possible(_rules(rule.content), words, choices))
            if not rule.content:
                continue
        yield rule


def _nests(rule: Node) -> bool:
    return rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports")


def _selectors(prelude: list[Node]) -> list[list[Node]]:
    """Split a list of selectors at its commas."""
    found = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def _can_be(selector: list[Node], words: set[str], choices: set[tuple[str, str]]) -> bool:
    """Say whether a selector can match: each class that it demands is a word, each value one that a page has."""
    for before, token in zip([None, *selector], selector, strict=False):
        if token.type == "ident" and before == "." and token.value not in words:
            return False
        if token.type == "[] block":
            name, _, value = "".join(part.serialize() for part in token.content).partition("=")
            asked = (name, value.strip("\"'"))
            if CHOICE.fullmatch('{}="{}"'.format(*asked)) and asked not in choices:
                return False
    return True


def _parts(rules: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """Yield name and text of all declarations; what is not parsed counts as one without a name."""
    for rule in rules:
        if rule.type == "qualified-rule" or _nests(rule):
            yield from _parts(rule.content)
        else:
            yield getattr(rule, "name", ""), rule.serialize()


def _asked_for(rules: list[Node], words: set[str]) -> set[str]:
    """Return the custom properties for which something asks, directly or through others."""
    every = [(name, set(ASKED.findall(text))) for name, text in _parts(rules)]
    asked = words.union(*(names for name, names in every if not name.startswith("--")))
    while new := {name for owner, names in every if owner in asked for name in names} - asked:
        asked |= new
    return asked


def _written(rules: Iterable[Node], asked: set[str]) -> Iterator[str]:
    """Yield the text of rules, without declarations that nothing asks for and what is then empty."""
    for rule in rules:
        if rule.type == "qualified-rule":
            own = [part for part in rule.content if part.name in asked or not part.name.startswith("--")]
            if own:
                selectors = ",".join(tinycss2.serialize(part).strip() for part in rule.prelude)
                yield f"{selectors}{{{';'.join(part.serialize() for part in own)}}}"
        elif _nests(rule):
            if inner := "".join(_written(rule.content, asked)):
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"
        else:
            yield rule.serialize()
