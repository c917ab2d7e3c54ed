"""Every figure of the book: drawn, described, and different in the dark."""

import pytest

from book import marked, prepare
from book.work import figure_file


@pytest.fixture(scope="module")
def known():
    return prepare.ensure()


@pytest.mark.parametrize(("module", "name"), sorted(marked.figures()))
def test_figure_is_drawn_described_and_made_for_both_lights(known, module, name):
    light, dark = (figure_file(module, name, mode).read_text() for mode in ("light", "dark"))
    assert min(known.figures[f"{module}:{name}"]["size"]) > 40
    assert light.count("<path") + light.count("<image") > 5
    assert light != dark, "a fixed colour: the figure looks the same in the dark"
    assert len(marked.figures()[module, name].split()) >= 8, "the alternative text says too little"
