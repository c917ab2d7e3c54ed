"""A page as a reader takes it away: copied, printed. The small book, in the theme and the dress of the real one, in a browser."""

import re
import shutil

import pytest
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from playwright.sync_api import sync_playwright

from book import prepare, project
from book.project import ROOT
from book.reading import sheets
from tests.browser import CHROMIUM, FLAGS, needed

HOST = "http://127.0.0.1/"
REAL = project.settings()
SHEETS = sheets._theme
THEME = {key: value for key, value in REAL["theme"].items() if key != "custom_dir"}

PAGE = r"""# A page

Let $x^2 < y$, and so $\mathbb{R}$. [Another page](../reference/bibliography.md), [the web](https://example.org/a).

$$
\begin{aligned}
a &= b \\
c &= d
\end{aligned}
$$

After it.

- one $a_1$
- two

| a table | of two |
| --- | --- |
| $b$ | `code` |

/// figure | line
    play: circle

The line $y=2x$.
///

/// details | Set-up
```python
--8<-- "snippets/part/toy.py:setup"
```
///

```python
--8<-- "snippets/part/toy.py:double"
```

```python
print([double(1.0), double(2.5)])  # a long line: it says more than any sheet of paper can hold in one line of type, and goes on
```

```output
[2.0, 5.0]
```

//// theorem | Doubling $x$ is linear
    id: LA-101

$$
2(x+y) = 2x+2y
$$

/// source | false
It says no.
///
////

/// theorem | Doubling is linear still
    id: LA-01

Words.
///

/// proof
By distributivity.
///

//// exercise | By hand
Double one.

/// solution
Two.
///
////

//// exercise | In code
Double two.

/// solution
Four.
///
////

/// note | The end
That is all, `x`.
///

/// example | One
    id: LA-102

Two.
///

/// definition | Double
    id: LA-103

Twice.
///

> A quotation.

## Why it matters for networks

It does.

## What's next

Nothing.
"""

pytestmark = needed


@pytest.fixture
def site(tree, monkeypatch):
    """Build the small book in the theme, with the style sheets and scripts of the real one."""
    monkeypatch.setattr(sheets, "_theme", SHEETS)
    for folder in ("assets", "playgrounds"):
        source, target = ROOT / "docs" / folder, tree.root / "docs" / folder
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("generated"), dirs_exist_ok=True)
    tree.write("docs/part/toy.md", PAGE)
    tree.edit("tests/part/test_toy.py", '"LA-01")', '"LA-01", "LA-102", "LA-103")')
    settings = yaml.load((tree.root / "mkdocs.yml").read_text(), Loader=yaml.UnsafeLoader)
    settings |= {
        "site_url": HOST,
        "plugins": [],
        "hooks": ["tell.py"],
        "theme": {
            **THEME,
            "custom_dir": str(ROOT / "overrides"),
            "palette": {"scheme": "default", "primary": "custom", "accent": "custom"},
        },
        "extra": REAL["extra"],
        "extra_javascript": REAL["extra_javascript"],
    }
    settings["markdown_extensions"] += ["tables", "pymdownx.highlight"]
    tree.write("mkdocs.yml", yaml.dump(settings))
    tree.write("tell.py", "from book.hooks import on_page_markdown\n")
    prepare.ensure()
    folder = tree.root / "site"
    config = load_config(str(tree.root / "mkdocs.yml"), site_dir=str(folder))
    build(config)
    return folder


@pytest.fixture
def page(site):
    """Open the page of the small book; its console stays silent."""
    said = []

    def answer(route):
        file = site / route.request.url.removeprefix(HOST).split("?")[0]
        file = file / "index.html" if file.is_dir() else file
        if file.is_file():
            route.fulfill(path=file)
        else:
            route.fulfill(status=404)

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page(viewport={"width": 1000, "height": 900})
        tab.route(f"{HOST}**", answer)
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(f"{HOST}part/toy/")
        tab.evaluate(
            "addEventListener('copy', (event) => { window.copied = Object.fromEntries(['plain', 'html'].map((kind) => [kind, event.clipboardData.getData(`text/${kind}`)])); copied.native = !event.defaultPrevented; })"
        )
        yield tab
        browser.close()
    assert said == []


def copied(page, select, kind="plain"):
    """Select by a script that gets a range, copy, and return what would be pasted."""
    page.evaluate(f"""() => {{
      const range = document.createRange();
      const find = (selector) => document.querySelector(`article ${{selector}}`);
      {select}
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }}""")
    return page.evaluate("copied." + kind)


INSIDE = "const part = find('{} .katex-html .mord'); range.selectNodeContents(part);"
DISPLAY = "$$\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}$$"


def test_a_copied_formula_is_its_tex(page):
    """Whole, in part, or among words, also after instant navigation; all else is copied as ever."""
    assert copied(page, "range.selectNode(find('p .katex'));") == "$x^2 < y$"
    assert copied(page, INSIDE.format("p")) == "$x^2 < y$"
    assert copied(page, "range.selectNode(find('div.arithmatex'));") == DISPLAY
    assert copied(page, INSIDE.format("div.arithmatex")) == DISPLAY
    words = "range.setStart(find('p:not([class])').firstChild, 0); range.setEnd(find('p:has(+ ul)').firstChild, 5);"
    assert copied(page, words) == f"Let $x^2 < y$, and so $\\mathbb{{R}}$. Another page, the web.\n\n{DISPLAY}\n\nAfter"
    assert "$x^2 &lt; y$" in page.evaluate("copied.html")
    assert copied(page, "range.selectNode(find('ul'));") == "one $a_1$\ntwo"
    everything = copied(page, "range.selectNodeContents(find('h1').parentElement);")
    assert everything.count("$") == 2 * 6 + 4 * 2
    for word in ("Set-up", "[2.0, 5.0]", "return FACTOR * x\n", "Doubling $x$ is linear", "a table\tof two\n$b$\tcode"):
        assert word in everything, word
    for word in ("FACTOR = 2", "By distributivity", "annotation", "𝑥"):
        assert word not in everything, word
    html = page.evaluate("copied.html")
    assert html.count("<img") == 1
    assert "play-ground" not in html
    assert "By distributivity" not in html
    assert "id=" not in html
    assert page.locator("article").count() == page.locator("#figure-line").count() == 1
    page.evaluate("""document.querySelector("article").insertAdjacentHTML("beforeend",
        "<p class=raised>5 × 10<sup>−16</sup> of A<sup>T</sup>, the 2<sup>nd</sup><sup><a href='#x'>1</a></sup></p>")""")
    assert copied(page, "range.selectNode(find('.raised'));") == "5 × 10⁻¹⁶ of Aᵀ, the 2nd1"
    copied(page, "range.selectNodeContents(find('pre:not([id=code-1]) code'));", "native")
    assert page.evaluate("copied.native")
    page.mouse.move(5, 5)  # at which the theme's script comes
    page.wait_for_function("'pipe' in document$")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Another page").click()
    page.wait_for_url("**/bibliography/")
    page.go_back()
    page.wait_for_selector("article .katex")
    assert page.evaluate("window.same")
    assert copied(page, "range.selectNode(find('p .katex'));") == "$x^2 < y$"


LOOK = """() => [...document.querySelectorAll("body, body *")].filter((e) => e.checkVisibility()).map((e) => {
  const style = getComputedStyle(e);
  const name = e.tagName.toLowerCase() + "." + (e.getAttribute("class") ?? "") + (e.getAttribute("src") ?? "");
  const says = [...e.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const parts = ["", "::before", "::after"].flatMap((part) => {
    const { color, backgroundColor, borderColor, fill } = getComputedStyle(e, part || null);
    return [color, backgroundColor, borderColor, fill];
  });
  let ground = e;
  while (ground && /, 0\\)$|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  return { name, says, parts, color: style.color, ground: ground ? getComputedStyle(ground).backgroundColor : "rgb(255, 255, 255)" };
})"""


def luminance(colour):
    """Return how light a colour is on white paper, as WCAG defines it."""
    parts = [
        float(part) / (255 if colour.startswith("rgb") and place < 3 else 1)
        for place, part in enumerate(re.findall(r"[\d.]+", colour))
    ]
    cover = parts[3] if len(parts) > 3 else 1
    on_white = [1 + cover * (part - 1) for part in parts[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in on_white]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_paper_shows_the_page_dark_on_white_and_once(page):
    """Printed from the dark a page is what it is printed from the light: its colours, one picture of each pair, no theme."""
    page.locator("play-ground").scroll_into_view_if_needed()
    page.wait_for_selector("play-ground.is-open")
    page.emulate_media(media="print")
    seen = {}
    for scheme in ("default", "slate"):
        page.evaluate(f"document.body.dataset.mdColorScheme = '{scheme}'")
        page.wait_for_timeout(400)
        seen[scheme] = page.evaluate(LOOK)
        pictures = [part["name"] for part in seen[scheme] if part["name"].startswith("img")]
        assert len(pictures) == 1
        assert pictures[0].endswith("line.light.svg#only-light")
        for part in seen[scheme]:
            assert not part["says"] or (luminance(part["ground"]) + 0.05) / (luminance(part["color"]) + 0.05) >= 4.5, (
                part
            )
            assert luminance(part["ground"]) > 0.8, part
    assert seen["slate"] == seen["default"]
    assert page.evaluate("[document.documentElement, document.body].map((e) => getComputedStyle(e).colorScheme)") == [
        "light",
        "light",
    ]

    assert (
        page.locator(
            ":is(.md-header, .md-sidebar, .md-footer, .md-tabs, .md-top, .chapter-tools, .play, .play-caption, .headerlink, .copy):visible"
        ).count()
        == 0
    )
    for words in ("By distributivity.", "Two.", "Four.", "It says no.", "The line"):
        assert page.get_by_text(words).first.is_visible(), words
    assert page.locator("summary", has_text="Set-up").is_visible()
    assert not page.get_by_text("FACTOR = 2").is_visible()
    shown = page.evaluate(
        "getComputedStyle([...document.querySelectorAll('summary')].find((s) => s.textContent === 'Set-up'), '::after').content"
    )
    assert "folded" in shown
    address = "getComputedStyle(find('https:'), '::after').content"
    find = "const find = (start) => [...document.querySelectorAll('article a')].find((a) => a.href.startsWith(start));"
    assert page.evaluate(f"() => {{ {find} return {address}; }}") == "none"
    assert "example.org/a" in page.evaluate(
        f"() => {{ {find} find('https:').parentElement.className = 'bibliography'; return {address}; }}"
    )
    page.set_viewport_size({"width": 673, "height": 900})  # A4 without its margins
    wide = page.evaluate(
        "[...document.querySelectorAll('article, article *')].filter((e) => e.checkVisibility() && !e.closest('.katex, svg') && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').map((e) => e.outerHTML.slice(0, 80))"
    )
    assert wide == []


def test_print_resets_the_whole_palette():
    """Each colour that the palette names is one that paper has, and none is left to the scheme of the screen."""
    styles = ROOT / "docs" / "assets" / "css"
    dark = (styles / "colours.css").read_text().split('[data-md-color-scheme="slate"] {')[1].split("}")[0]
    paper = (styles / "print.css").read_text()
    assert set(re.findall(r"(--[\w-]+):", dark)) <= set(re.findall(r"(--[\w-]+):", paper))
