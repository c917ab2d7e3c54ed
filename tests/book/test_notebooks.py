"""Notebooks of chapters: what they hold, and that they run where a reader puts them, without the book."""

import contextlib
import io
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import subprocess
import sys
import traceback
import warnings

import matplotlib
import pytest
import torch
from jinja2 import Environment, FileSystemLoader

from book import catalogue, depends, pages, prepare, project, record
from book.reading import notebooks


def run_alone(cells, folder):
    """Run the cells of a notebook in an empty folder, without the book; return what they print and the modules used."""
    folder.mkdir()
    context = multiprocessing.get_context("fork")  # which has imported torch and matplotlib already
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=alone, args=(cells, folder, there))
    process.start()
    there.close()
    error, printed, used = here.recv()
    process.join()
    assert not error, error
    return printed, used


def alone(cells, folder, answer):
    """Be an interpreter that has just been started and knows nothing of the book; run the cells and say what came."""
    os.chdir(folder)
    for name in [name for name in sys.modules if name.split(".")[0] in ("book", "snippets", "tests")]:
        del sys.modules[name]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not re.search("editable|jaxtyping", repr(finder).lower())]
    sys.path[:] = [place for place in sys.path if place and not (pathlib.Path(place) / "snippets").exists()]
    warnings.resetwarnings()
    torch.set_default_dtype(torch.float32)
    matplotlib.rcdefaults()
    matplotlib.use("agg")
    error, printed, space = "", io.StringIO(), {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed):
        try:
            for cell in cells:
                exec(cell, space)
        except Exception:
            error = traceback.format_exc()
    used = {name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] in ("book", "snippets")}
    if not all(pathlib.Path(file).is_relative_to(pathlib.Path.cwd()) for file in used.values()):
        error += f"\nthe book was used: {used}"
    answer.send((error, printed.getvalue().rstrip("\n"), sorted(used)))


def code_of(text):
    """Return the code cells of a notebook, which is to be light."""
    assert len(text.encode()) < 300_000
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


def notebook_of(name):
    """Return the code cells of a chapter's notebook, with 1 for each number that it quotes."""
    page, known = pages.read(name), catalogue.Catalogue()
    for _, match in page.values:
        module, number = pages.value_target(name, match)
        known.values.setdefault(module, {})[number] = 1
    return code_of(notebooks.convert(notebooks.markdown(page, known)))


@pytest.fixture
def empty(tmp_path_factory):
    """Return a folder to be made, outside of every book."""
    return tmp_path_factory.mktemp("alone") / "empty"


def test_notebook_holds_the_chapter_and_runs(tree, empty):
    """The notebook has the code embedded, boxes as headings, numbers in place, and runs top to bottom where it lands."""
    prepare.ensure()
    file = tree.root / "docs/assets/generated/notebooks/part/toy.ipynb"
    prose = "".join(
        "".join(cell["source"]) for cell in json.loads(file.read_text())["cells"] if cell["cell_type"] == "markdown"
    )
    code = code_of(file.read_text())
    assert "**Theorem: Doubling $x$ is linear**" in prose
    assert "a count 12,345" in prose
    assert "id:" not in prose + "".join(code[1:])
    assert "def double" in "".join(code[1:])
    assert any("line()" in cell for cell in code[1:])
    printed, used = run_alone(code, empty)
    assert printed == "[2.0, 5.0]"
    assert {"book", "snippets.part.toy", "snippets.figures.part.toy"} <= set(used)
    before = file.stat().st_mtime_ns
    notebooks.write_all(prepare.ensure(), record.entries())
    assert file.stat().st_mtime_ns == before


def test_notebook_is_made_anew_when_the_tool_makes_another(tree, monkeypatch):
    """Of the same text."""
    known = prepare.ensure()
    monkeypatch.setattr(depends, "TOOL", shutil.copytree(depends.TOOL, tree.root / "tool"))
    notebooks.write_all(known, before := record.entries())
    assert record.entries() == before
    with (tree.root / "tool" / "reading" / "notebooks.py").open("a") as tool:
        tool.write("# more\n")
    notebooks.write_all(known, record.entries())
    assert [key for key, made in record.entries().items() if made != before[key]] == ["notebook part/toy.md"]


def test_notebook_is_the_same_whatever_the_order_of_sets():
    """Python hashes strings anew at each start; two builds are to make the same file."""
    text = '```python jupyter={"source_hidden": true} cellView="form"\nprint(1)\n```\n'
    program = f"from book.reading.notebooks import convert; print(convert({text!r}))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=project.ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(texts) == 1
    assert '"source": "print(1)"' in texts.pop()


def test_notebook_is_made_anew_with_what_it_carries(tree):
    """An edit of an earlier chapter, of which the page shows nothing, reaches the notebook."""
    tree.write("snippets/part/earlier.py", "A = 1\n")
    tree.edit("snippets/figures/part/toy.py", "from book", "from snippets.part.earlier import A\nfrom book")
    known = prepare.ensure()
    file = tree.root / "docs/assets/generated/notebooks/part/toy.ipynb"
    assert "A = 1" in code_of(file.read_text())[0]
    tree.edit("snippets/part/earlier.py", "A = 1", "A = 2")
    notebooks.write_all(known, record.entries())
    assert "A = 2" in code_of(file.read_text())[0]


def test_notebook_carries_what_its_chapter_imports_and_reads(tree, empty):
    """Earlier chapters, theirs, and the records that they read by name come along, whatever signs they hold; no others."""
    tree.write(
        "snippets/part/a.py",
        "import json\nfrom pathlib import Path\n\nfrom snippets.part import b\n\nTEXT = '```' + \"'''\" + '\\\\d'\nOTHER = 'other'\n\n\n"
        "def load(name):\n    return json.loads((Path(__file__).parent / 'recorded' / f'{name}.json').read_text())\n",
    )
    tree.write("snippets/part/b.py", "from book.recorded import digest_of_function\n\nRAW = r'\\n'\nEND = 'ö'\n")
    tree.write("snippets/part/c.py", "")
    tree.write("snippets/part/recorded/long.json", '{"x": 7}')
    tree.write("snippets/part/recorded/other.json", '{"x": 8}')
    printing = "print([double(1.0), double(2.5)])"
    tree.edit(
        "docs/part/toy.md",
        printing,
        f"from snippets.part.a import TEXT, b, load\n\n{printing}\nprint(load('long'), TEXT, b.RAW)",
    )
    cells = notebook_of("part/toy.md")
    printed, used = run_alone(cells, empty)
    assert printed == "[2.0, 5.0]\n{'x': 7} ```'''\\d \\n"
    assert {"snippets.part.a", "snippets.part.b", "book.recorded"} <= set(used)
    folder = empty / notebooks.FOLDER / "snippets" / "part"
    carried = {str(path.relative_to(folder)) for path in folder.rglob("*.*") if "__pycache__" not in str(path)}
    assert carried == {"__init__.py", "a.py", "b.py", "toy.py", "recorded/long.json"}
    assert (folder / "a.py").read_text() == (tree.root / "snippets/part/a.py").read_text()
    asking = "from book.recorded import digest_of_function\ntry:\n    digest_of_function(1)\nexcept RuntimeError as error:\n    print(error)"
    printed, _ = run_alone([cells[0], asking], empty.with_name("second"))
    assert printed == "book.recorded.digest_of_function is in the repository of the book alone"


def test_notebook_draws_as_the_book_does(tree, empty):
    """Its figures, one of which may stand before all code, have the book's precision and style."""
    tree.edit("snippets/figures/part/toy.py", "from book", "import torch\nfrom matplotlib import rcParams\n\nfrom book")
    tree.edit(
        "snippets/figures/part/toy.py",
        "    fig = Figure()",
        '    print(torch.ones(1).dtype, rcParams["axes.spines.top"])\n    fig = Figure()',
    )
    printed, _ = run_alone(notebook_of("part/toy.md"), empty)
    assert printed == "torch.float64 False\n[2.0, 5.0]"


def test_notebook_says_what_to_install(tree, empty):
    """It names the packages that the code imports, and its first code cell those that are missing."""
    first = "import os\nimport not_there.inner\nfrom mpl_toolkits import mplot3d\n\n"
    tree.edit("docs/part/toy.md", "print([double(1.0)", f"{first}print([double(1.0)")
    assert "and these packages:\n\n    pip install matplotlib not_there\n" in notebooks.setup(pages.read("part/toy.md"))
    tree.write("requirements.txt", f"matplotlib=={matplotlib.__version__}\nnumpy==1\n")
    said = f"and these packages (it was made with matplotlib {matplotlib.__version__}):\n\n    pip install"
    assert said in notebooks.setup(pages.read("part/toy.md"))
    with pytest.raises(AssertionError, match="this chapter needs: %pip install not_there"):
        run_alone(notebook_of("part/toy.md"), empty)


def test_notebook_in_a_clone_uses_the_clone(tree, empty):
    """Where the book's own files are around it, a notebook writes none."""
    cells = [*notebook_of("part/toy.md")[:1], "from snippets.part.toy import double\n\nprint(double(1.0))"]
    shutil.copytree(tree.root / "snippets", empty / "snippets")
    shutil.copytree(depends.TOOL, empty / "book")
    (empty / "snippets/part/toy.py").write_text("def double(x):\n    return 3 * x\n")
    inner = empty / "inner"
    printed, _ = run_alone([*cells, "import os\nos.chdir('..')"], inner)
    assert printed == "3.0"
    assert not list(inner.iterdir())


@pytest.mark.parametrize("name", ["lie-groups/exponential.md", "mnist/accuracies.md"])
def test_notebooks_of_the_book_run_where_they_land(name, empty):
    """A chapter runs in an empty folder; that all carry what they import, and print it, is found in `tests/pages`."""
    printed, used = run_alone(notebook_of(name), empty)
    assert printed
    assert f"snippets.figures.{project.module_of(name)}" in used


@pytest.mark.parametrize(
    ("repository", "content", "source", "opened"),
    [
        ("https://github.com/owner/name/", "chapter-notebook", "part/toy.md", "part/toy.ipynb"),
        ("https://github.com/owner/name", '<div class="jupyter-wrapper"><h1>', "labs/part.py", "labs/part.ipynb"),
        ("https://github.com/owner/name", "words alone", "reference/notation.md", None),
        ("https://example.org/owner/name", "chapter-notebook", "part/toy.md", None),
    ],
)
def test_a_notebook_opens_from_where_it_is_published(repository, content, source, opened):
    """Colab and Binder open what `mkdocs gh-deploy` has published on GitHub; of other hosts and pages they cannot."""
    templates = Environment(loader=FileSystemLoader(project.ROOT / "overrides" / "partials"))
    templates.filters["url"] = str
    page = {"content": content, "title": "Toy", "file": {"src_uri": source}}
    html = templates.get_template("content.html").render(page=page, config={"extra": {"repository": repository}})
    found = re.findall(r'href="(https://(?:colab|mybinder)[^"]*)"', html)
    path = f"assets/generated/notebooks/{opened}"
    colab = f"https://colab.research.google.com/github/owner/name/blob/gh-pages/{path}"
    assert found == ([colab, f"https://mybinder.org/v2/gh/owner/name/gh-pages?labpath={path}"] if opened else [])


def test_binder_has_what_notebooks_need():
    """What is published names the packages that notebooks ask for, in the versions of the book."""
    named = (project.ROOT / "docs" / "binder" / "requirements.txt").read_text().split()
    assert set(named) <= set((project.ROOT / "requirements.txt").read_text().split())
    asked = {
        name
        for page in project.chapters()
        for name in re.search(r"pip install (.*)", notebooks.setup(pages.read(page)))[1].split()
    }
    assert {line.split("==")[0] for line in named} == asked


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("x = '1'\n", True),
        ("a\\b\n", True),
        ("", True),
        ("it's'", False),
        ("a\\", False),
        ("'''", False),
        ("```", False),
    ],
)
def test_a_module_in_the_first_cell_can_be_read_unless_it_would_end_the_cell(text, readable):
    written = notebooks._literal(text)
    assert written == (f"r'''{text}'''" if readable else repr(text))
    assert eval(written) == text
