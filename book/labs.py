"""Runs the labs ahead: their kernels are processes of their own, so pages can be rendered meanwhile.

A lab is rendered by mkdocs-jupyter as ever, only earlier and in a thread; when its turn comes, the result is in the
plugin's cache. What goes wrong is not reported here, as the lab then runs once more in its turn.
"""

from concurrent.futures import Future, ThreadPoolExecutor

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files

PLUGIN = "mkdocs-jupyter"
_pool = ThreadPoolExecutor(1, thread_name_prefix="labs")
_running: dict[str, Future] = {}


def begin(config: MkDocsConfig, files: Files) -> None:
    """Start with those that have not run in this process, or failed."""
    plugin = config.plugins.get(PLUGIN)
    for file in files.documentation_pages() if plugin else []:
        if plugin.should_include(file) and (file.src_uri not in _running or failed(file.src_uri)):
            page = plugin.on_pre_page(file.page, config=config, files=files)
            _running[file.src_uri] = _pool.submit(page.render, config, files)


def failed(name: str) -> bool:
    """Wait until a lab has run, if it was started, and tell whether it stopped with an error."""
    return name in _running and _running[name].exception() is not None
