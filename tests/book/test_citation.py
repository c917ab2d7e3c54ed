"""How to cite the book: every place says the same."""

import re
import tomllib

import yaml

from book import project
from book.project import ROOT

CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text())
BIBTEX = dict(re.findall(r"^  (\w+) += \{+([^}]*)\}+,?$", (ROOT / "docs" / "index.md").read_text(), re.MULTILINE))


def test_title_version_and_year_are_those_of_the_book():
    site = project.settings()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    year = re.search(r"Copyright \(c\) (\d+)", (ROOT / "LICENSE").read_text())[1]
    book = CITED["preferred-citation"]
    assert CITED["title"] == book["title"] == BIBTEX["title"] == site["site_name"]
    assert CITED["version"] == version
    assert f"Version {version}." in BIBTEX["note"]
    assert str(book["year"]) == BIBTEX["year"] == year


def test_authors_and_licences_are_named_alike():
    book = CITED["preferred-citation"]
    (author,) = CITED["authors"]
    assert author == book["authors"][0]
    assert author["name"] == BIBTEX["author"]
    assert CITED["license"] == ["MIT", "CC-BY-4.0"]
    assert book["license"] == "CC-BY-4.0"
    assert "CC BY 4.0" in BIBTEX["note"]
    assert "CC BY 4.0" in (ROOT / "LICENSE-docs").read_text()


def test_every_kind_of_dependency_is_kept_up_to_date():
    updated = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
    kinds = {update["package-ecosystem"] for update in updated["updates"]}
    assert updated["version"] == 2
    assert kinds == {"pip", "npm", "github-actions"}
    for update in updated["updates"]:
        assert (ROOT / update["directory"].lstrip("/")).is_dir()
        assert update["schedule"]["interval"] in ("daily", "weekly", "monthly")
