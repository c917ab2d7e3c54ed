"""Every figure of the book: drawn, described, legible, and different in the dark."""

import gzip
import re
from collections import Counter

import pytest

from book import marked, prepare
from book.style import INK
from book.work import figure_file

FIGURES = marked.figures()
SMALLEST = 7  # points, which a phone that shrinks the figure to its width shows with five pixels or more
WIDEST = 5.65 * 96  # CSS pixels: 5.6 inches, and the rim that is left when the drawing is trimmed
WORDS = re.compile(r'transform="translate\(([-\d.]+) ([-\d.]+)\)[^"]*scale\(([\d.]+) -')  # matplotlib's text, as paths
HEAVIEST = 130_000  # bytes on the wire: a page with all that it shows at first is to stay below 250 KB
CANVAS = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


@pytest.fixture(scope="module")
def known():
    return prepare.ensure()


@pytest.mark.parametrize(("module", "name"), sorted(FIGURES))
def test_figure_is_drawn_described_and_legible_in_both_lights(known, module, name):
    light, dark = (figure_file(module, name, mode).read_text() for mode in ("light", "dark"))
    width, height = known.figures[f"{module}:{name}"]["size"]
    assert min(width, height) > 40
    assert width <= WIDEST, "wider than 5.6 inches: its type would be small on the page"
    assert light.count("<path") + light.count("<image") > 5, "hardly anything is drawn"
    assert light != dark, "a fixed colour: the figure looks the same in the dark"
    assert max(len(gzip.compress(svg.encode())) for svg in (light, dark)) < HEAVIEST, "fewer dots, or fewer colours"
    for svg, other in ((light, INK["dark"]), (dark, INK["light"])):
        assert not re.search(rf"(fill|stroke): ({other}|#000000)", svg), "the ink of the other light, or plain black"
        right, bottom = map(float, CANVAS.search(svg).groups())
        for x, y, scale in (map(float, found) for found in WORDS.findall(svg)):
            assert round(100 * scale, 3) >= SMALLEST, f"type of {100 * scale:.1f} points"
            assert 0 <= x <= right, "words outside of the canvas"
            assert 0 <= y <= bottom, "words outside of the canvas"


@pytest.mark.parametrize(("module", "name"), sorted(FIGURES))
def test_alternative_text_says_what_is_seen(module, name):
    alt = FIGURES[module, name]
    assert len(alt.split()) >= 8, "the alternative text says too little"
    assert not re.match(r"(an? )?(figure|image|picture|plot|graph) (of|that|show)", alt, re.IGNORECASE), (
        "a reader hears that it is a figure"
    )
    assert Counter(FIGURES.values())[alt] == 1, "another figure has the same words"
