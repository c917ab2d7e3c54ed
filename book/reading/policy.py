"""What a page says that it may load, and what it has of the theme's templates."""

import base64
import hashlib
import re

SCRIPT = re.compile(r"<script(?![^>]*\b(?:src|type)=)[^>]*>(.*?)</script>", re.DOTALL)
POLICY = (
    "default-src 'self'; script-src 'self'{}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
ARTICLE = re.compile(r"<article.*</article>", re.DOTALL)
INDENT = re.compile(r"\n\s+")


def finished(page: str) -> str:
    """Return a page as it is written into the site."""
    page = without_indents(page)
    return page.replace("<head>", f'<head>\n<meta http-equiv="Content-Security-Policy" content="{policy(page)}">', 1)


def policy(page: str) -> str:
    """Return the Content-Security-Policy of a page: nothing from elsewhere, and of scripts in it those alone.

    Formulas have their measures in style attributes, so styles may stand in the page.
    """
    scripts = dict.fromkeys(SCRIPT.findall(page))
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return POLICY.format("".join(f" 'sha256-{digest}'" for digest in digests))


def without_indents(page: str) -> str:
    """Return a page without the blanks and empty lines of the theme's templates, which stand around its article."""
    article = ARTICLE.search(page)
    if not article:
        return page
    before, after = (INDENT.sub("\n", part) for part in (page[: article.start()], page[article.end() :]))
    return before + article[0] + after
