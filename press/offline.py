"""The site as a folder in a zip that opens from the disk: links name files, no script is a module."""

import io
import json
import re
import zipfile
from pathlib import Path

from press import edition
from press.edition import NAME

LINK = re.compile(r'(?<= )(href|src)="(?![a-z]+:|//|#)([^"#?]*)([^"]*)"')
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
PRELOAD = re.compile(r'<link rel="preload"[^>]*>')
PLAYGROUND = re.compile(r'<script src="[^"]*playgrounds/page\.js" type="module"></script>')
LEFT_OUT = (".map", ".xml", ".gz")
ABOUT = """This is the whole site of the book. Open index.html in a browser; no network is needed.
Playgrounds show their figures here: a browser does not let a page of the disk load what moves them.
"""
# From the disk a browser starts no worker; the theme's search gets one that lives in a frame.
WORKER = """
window.Worker = class extends EventTarget {
  constructor(address) {
    super();
    const frame = document.body.appendChild(Object.assign(document.createElement("iframe"), { hidden: true }));
    const { contentWindow: room, contentDocument: page } = frame;
    this.waiting = [];
    room.postMessage = (data) => setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data })));
    const script = Object.assign(page.createElement("script"), { src: new URL(address, location) });
    script.onload = () => {
      this.room = room;
      this.waiting.forEach((data) => this.postMessage(data));
    };
    page.head.append(script);
  }
  postMessage(data) {
    if (this.room) this.room.dispatchEvent(new this.room.MessageEvent("message", { data }));
    else this.waiting.push(data);
  }
};
"""


def make() -> Path:
    """Write the zip."""
    if not (edition.SITE / "index.html").exists():
        raise edition.MissingError("there is no site to make it from: run 'make build' first")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{NAME}/READ-ME.txt", ABOUT)
        archive.writestr(f"{NAME}/assets/js/worker.js", WORKER)
        for path in sorted(edition.SITE.rglob("*")):
            name = path.relative_to(edition.SITE).as_posix()
            if path.is_dir() or name.endswith(LEFT_OUT) or name.startswith("playgrounds/") or name == "404.html":
                continue
            archive.writestr(f"{NAME}/{name}", _changed(name, path.read_bytes()))
            if name == "search/search_index.json":
                index = json.dumps(_files(json.loads(path.read_bytes())), ensure_ascii=False)
                archive.writestr(f"{NAME}/search/search_index.js", f"var __index = {index};")
    return edition.write(edition.DIST / f"{NAME}-offline.zip", packed.getvalue())


def _changed(name: str, content: bytes) -> bytes:
    if name.endswith(".html"):
        return _page(content.decode()).encode()
    if name.startswith("assets/js/"):
        return b"(() => {\n" + content + b"\n})();\n"
    return content


def _page(text: str) -> str:
    text = PLAYGROUND.sub("", PRELOAD.sub("", POLICY.sub("", text)))
    text = LINK.sub(lambda link: f'{link[1]}="{_file(link[2])}{link[3]}"', text)
    worker = re.search(r'<script src="([^"]*)assets/js/page\.js" type="module">', text)
    if worker:
        text = text.replace(worker[0], f'<script src="{worker[1]}assets/js/worker.js"></script>{worker[0]}', 1)
    return re.sub(r'(<script src="[^"]*assets/js/[^"]*") type="module"', r"\1 defer", text)


def _file(address: str) -> str:
    """Return the file that a server would answer with."""
    last = address.rpartition("/")[2]
    return address if last not in ("", ".", "..") else f"{address.rstrip('/') or '.'}/index.html"


def _files(index: dict) -> dict:
    for entry in index["docs"]:
        path, mark, inside = entry["location"].partition("#")
        entry["location"] = f"{_file(path).removeprefix('./')}{mark}{inside}"
    return index
