"""What goes from a style sheet when it is known which classes, values and words there are."""

from book.reading import purge

SHEET = """@charset "utf-8";/* words */
@font-face{font-family:A;src:url(a.woff2)}
.here , .gone>p{color:red}
.gone.here{color:blue}
p:not(.gone):is(.gone, p), [data-play=gone]{margin:0 auto!important}
[data-md-color-primary=custom]{--a:var(--b, 1px);--b:var(--c);--c:1px;--unasked:url('data:image/svg+xml;charset=utf-8,<svg d="a)b;c"/>')}
[data-md-color-scheme=slate]{left:0}
[data-md-color-primary="indigo"] .here{color:navy}
[dir=rtl] .here{right:0}
.here{--own:var(--left);--left:2px;--named:3px}
@media print{.gone{top:0}@supports (top:0){.here{width:var(--a)}}}
@media screen{.gone{--x:1}}
@keyframes turn{from{top:var(--d)}}
:root{--d:4px}
"""
LEFT = """@charset "utf-8";
@font-face{font-family:A;src:url(a.woff2)}
.here{color:red}
p:not(.gone):is(.gone, p),[data-play=gone]{margin:0 auto!important}
[data-md-color-primary=custom]{--a:var(--b, 1px);--b:var(--c);--c:1px}
[data-md-color-scheme=slate]{left:0}
.here{--named:3px}
@media print{@supports (top:0){.here{width:var(--a)}}}
@keyframes turn{from{top:var(--d)}}
:root{--d:4px}
"""


def test_what_nothing_can_ask_for_goes_and_all_else_stays_in_order():
    """A class in :not or :is demands nothing; a property lives by one that lives; a word of a script keeps one alive."""
    choices = {("data-md-color-primary", "custom"), ("dir", "ltr")}
    left = purge.purged(SHEET, {"here", "--named"}, choices)
    assert left == LEFT.replace("\n", "")


def test_pages_and_their_scripts_say_what_there_is(tmp_path):
    """Classes of all pages, words of scripts in and beside them, and the values of the page's own attributes.

    A word for what the theme could do keeps its rules only where a page has it.
    """
    sheet = tmp_path / "assets" / "generated" / "site.css"
    sheet.parent.mkdir(parents=True)
    names = ("one", "two", "by-script", "inside", "gone", "tabbed-set", "md-tag")
    sheet.write_text("".join(f".{name}{{top:0}}" for name in names) + "[dir=rtl] p{top:0}[dir=ltr] p{top:0}")
    (tmp_path / "index.html").write_text('<html dir="ltr"><p class="one"><script src="a.js"></script><b>gone</b>')
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.html").write_text(
        '<script>add("inside")</script><article dir="rtl"><p class="x two md-tag">'
    )
    (tmp_path / "a.js").write_text('add("by-script", "tabbed-set", "md-tag")')
    purge.purge(tmp_path)
    left = sheet.read_text()
    assert left == ".one{top:0}.two{top:0}.by-script{top:0}.inside{top:0}.md-tag{top:0}[dir=ltr] p{top:0}"
