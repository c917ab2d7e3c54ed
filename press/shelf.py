"""What was made, for the readers of the site: copies in `site/downloads/`, named on the home page."""

import re
import shutil

from press import edition
from press.edition import NAME

WORDS = {
    f"{NAME}.pdf": "one PDF",
    f"{NAME}.epub": "an EPUB",
    f"{NAME}-offline.zip": "this site as a folder for the train",
    f"{NAME}-parts.cdx.json": "its bill of materials",
}
PLACE = re.compile(r"<!-- downloads -->(?:<p class=\"home-downloads\">.*?</p>)?")


def fill() -> None:
    """Copy what there is and name it on the home page."""
    found = [name for name in WORDS if (edition.DIST / name).exists()]
    folder, home = edition.SITE / "downloads", edition.SITE / "index.html"
    folder.mkdir(exist_ok=True)
    for name in found:
        shutil.copy2(edition.DIST / name, folder / name)
    links = [
        f'<a href="downloads/{name}" download>{WORDS[name]}</a> ({(edition.DIST / name).stat().st_size / 1e6:.1f} MB)'
        for name in found
    ]
    line = f'<p class="home-downloads">To take along: {", ".join(links)}.</p>' if links else ""
    home.write_text(PLACE.sub(f"<!-- downloads -->{line}", home.read_text()))
