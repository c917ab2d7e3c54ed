"""The glossary: each term is explained in the section that it names, and not on an earlier page."""

import re
import unicodedata

from markdown.extensions.toc import slugify

from book import pages
from book.project import chapters, settings
from book.reading import glossary
from tests.pages.words import plain

TEXT = pages.read(glossary.PAGE).text
TERMS = glossary.terms()
TITLES = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)


def name(term):
    """Return a term without the remark that tells it from its namesakes."""
    return re.sub(r" \(.*\)", "", term.name)


def word(term):
    """Return a pattern of a term, also where the line breaks in it, and for a plural also the singular."""
    return re.escape(name(term).removesuffix("s")).replace(r"\ ", r"\s+")


def in_order(term):
    """Return a term's place in the alphabet; accents, hyphens and signs do not count."""
    plain = unicodedata.normalize("NFD", term.name.lower().replace("-", " ").replace("–", " "))
    return "".join(sign for sign in plain if sign.isalpha() or sign == " ")


def sections(page):
    """Map the anchor of each section of a page to its text, listings and stars of emphasis left out."""
    text = re.sub(r"^```.*?^```$", "", pages.read(page).text, flags=re.DOTALL | re.MULTILINE).replace("*", "")
    parts = re.split(r"^##+ (.*)$", text, flags=re.MULTILINE)[1:]
    return {slugify(head, "-"): f"{head}\n{body}" for head, body in zip(parts[::2], parts[1::2], strict=True)}


def explained(page, term):
    """Say whether a page sets a term in italics or names it in the title of a definition."""
    titles = " ".join(re.findall(r"^/+ definition \| (.*)$", plain(page), re.MULTILINE))
    said = re.search(rf"(?<!\*)\*{word(term)}(es|s)?\.?\*(?!\*)", plain(page), re.IGNORECASE)
    return bool(said or re.search(rf"\b{word(term)}", titles, re.IGNORECASE))


def navigation():
    """Map each page of the nav to its title there."""
    entries = [
        entry for part in settings()["nav"] for value in part.values() if isinstance(value, list) for entry in value
    ]
    return {page: title for entry in entries for title, page in entry.items() if isinstance(page, str)}


def test_terms_stand_once_from_a_to_z_under_their_letters():
    """None is missed by the pattern of an entry, and a sentence has no signs that a tooltip could not show."""
    assert len(TERMS) == TEXT.count("\n:   ") > 100
    assert len({term.name.lower() for term in TERMS}) == len(TERMS)
    assert [term.name for term in TERMS] == [term.name for term in sorted(TERMS, key=in_order)]
    assert dict.fromkeys(in_order(term)[0].upper() for term in TERMS) == dict.fromkeys(TITLES)
    for term in TERMS:
        letter = re.findall(r"^## (.)$", TEXT[: TEXT.index(f"\n{term.name}\n:")], re.MULTILINE)[-1]
        assert letter == in_order(term)[0].upper()
        assert term.says.endswith("."), term.name
        assert not re.search(r"[$`*\\\[{]{2}|[$`*\\{]", term.says), term.name


def test_each_term_is_in_the_sections_that_it_names():
    """The links say the titles of the nav; every chapter explains some term."""
    titles = navigation()
    for term in TERMS:
        for title, page, anchor in term.places:
            assert title == titles[page], term.name
            assert anchor in sections(page), f"{page} has no section #{anchor}, where {term.name!r} should be"
            said = re.search(rf"\b{word(term)}", sections(page)[anchor], re.IGNORECASE)
            assert said, f"{page}#{anchor} does not speak of {term.name!r}"
        order = [chapters().index(place.page) for place in term.places]
        assert order == sorted(set(order)), term.name
    assert {place.page for term in TERMS for place in term.places} == set(chapters())


def test_no_earlier_page_explains_a_term():
    """Where words have two meanings, with a remark each, the earlier is that of another entry."""
    names = [name(term) for term in TERMS]
    for term in [term for term in TERMS if names.count(name(term)) == 1]:
        first = chapters().index(term.places[0].page)
        earlier = [page for page in chapters()[:first] if explained(page, term)]
        assert not earlier, f"{earlier} explains {term.name!r}, which is to be explained on {chapters()[first]}"


def test_terms_of_linear_algebra_are_not_used_before():
    """Before it is explained, a term is at most the text of a link."""
    for term in [term for term in TERMS if term.places[0].page.startswith("linear-algebra/")]:
        first = chapters().index(term.places[0].page)
        assert explained(chapters()[first], term), term.name
        for page in chapters()[:first]:
            assert not re.search(rf"\b{word(term)}(es|s)?\b", plain(page), re.IGNORECASE), f"{page}: {term.name}"
