"""The words of a page, as the tests of notation and glossary read them."""

import re
from functools import cache

from book import pages


@cache
def plain(page):
    """Return the words of a page: without listings, asides about sources, links and what announces other chapters."""
    text = pages.read(page).text.split("## What's next")[0]
    text = re.sub(r"\A---\n.*?^---$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^(/{2,}) source \|.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"\[[^\]]+\]\([^)]+\)", "", text)
