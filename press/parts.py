"""What the book is made of: every package with version, licence and address, as a CycloneDX bill of materials."""

import json
import re
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from book import project
from press import edition
from press.edition import NAME

PINNED = re.compile(r"^([\w.-]+)==([\w.+!-]+)", re.MULTILINE)


def make() -> Path:
    """Write the bill."""
    components = sorted([*_python(), *_node()], key=lambda part: part["purl"])
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": NAME, "bom-ref": NAME}},
        "components": components,
    }
    return edition.write(edition.DIST / f"{NAME}-parts.cdx.json", (json.dumps(bill, indent=1) + "\n").encode())


def _component(kind: str, name: str, version: str, licence: str) -> dict:
    address = f"pkg:{kind}/{name.replace('@', '%40')}@{version}"
    found = {"type": "library", "name": name, "version": version, "purl": address, "bom-ref": address}
    return found | ({"licenses": [{"license": {"name": licence}}]} if licence else {})


def _python() -> Iterator[dict]:
    for name, version in PINNED.findall((project.ROOT / "requirements.txt").read_text()):
        try:
            about = metadata.metadata(name)
            licence = about.get("License-Expression") or (about.get("License") or "").partition("\n")[0][:80]
        except metadata.PackageNotFoundError:
            licence = ""
        yield _component("pypi", name.lower().replace("_", "-"), version, licence)


def _node() -> Iterator[dict]:
    lock = json.loads((project.ROOT / "package-lock.json").read_text())
    for path, package in lock["packages"].items():
        if path:
            yield _component("npm", path.rpartition("node_modules/")[2], package["version"], package.get("license", ""))
