"""What a container compiles from source: nothing of the runtime, of Python's library and of the code, whoever starts it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stages.container import command
from tests.stages.image_layout import Layout, lay_out, sealed, stranger

FLOW = """
import logging
from flowc import FlowSpec, step
from parts.words import WORDS


class F(FlowSpec):
    @step
    def start(self):
        self.words = WORDS
        self.next(self.end)

    @step
    def end(self):
        print(*self.words)
"""
FILES = {
    "the_flow.py": FLOW,
    "parts/words.py": 'WORDS = ["one"]\n',
    "parts/broken.py": "def (\n",
    "parts/latin.py": "x = '\N{LATIN SMALL LETTER E WITH ACUTE}'\n",
    "filecmp.py": "raise SystemExit('the module of Python was meant')\n",
}
"""`broken` and `latin`, which is no UTF-8, are what no flow imports; `filecmp` has the name of one of Python's own."""


@pytest.fixture(name="layout", scope="module")
def _layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """An image that nobody may write to, in a folder that anybody may enter."""
    folder = tmp_path_factory.mktemp("image")
    _write(folder / "project")
    words = [sys.executable, "-m", "compiler", "image", "the_flow.py", "-o", str(folder / "context")]
    subprocess.run(words, cwd=folder / "project", check=True, capture_output=True)
    made = lay_out(folder / "context", folder / "root")
    with sealed(made):
        yield made


def _write(folder: Path) -> None:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="latin-1")
    (folder / "pyproject.toml").write_text('[tool.flowc]\ninclude = ["**/*.py"]\n')


def _step(layout: Layout, store: Path, name: str, load: str = "", **more: str) -> list[str]:
    """What a step of the image, as a user who may not write there, compiles from source: paths in the image."""
    variables = {
        **layout.environment(PYTHONVERBOSE="1"),
        "FLOWC_FLOW": "the_flow.py:F",
        "FLOWC_STORE": f"file:{store}",
        **more,
    }
    words = command(name, load, python=str(layout.python))
    done = subprocess.run(
        words, cwd=layout.code, env=variables, user=stranger(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = re.findall(r"^# code object from (\S+\.py)$", done.stderr, re.MULTILINE)
    return [os.path.relpath(path, layout.folder) for path in found]


@pytest.fixture(name="store")
def _store(tmp_path: Path) -> Path:
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o055:
            folder.chmod(0o755)
    store = tmp_path / "store"
    store.mkdir()
    store.chmod(0o777)
    return store


def test_a_container_compiles_nothing(layout: Layout, store: Path) -> None:
    assert _step(layout, store, "start") == []
    assert _step(layout, store, "end", "start") == []


def test_no_clock_and_no_mtime_make_it_compile(layout: Layout, store: Path) -> None:
    """Builders and registries set all times of an image to what they like."""
    for path in layout.folder.rglob("*.py"):
        os.utime(path, (1, 1))
    assert _step(layout, store, "start") == []


def test_without_the_bytecode_it_would_be_seen(layout: Layout, store: Path) -> None:
    """The count above can be more than none."""
    found = _step(layout, store, "start", PYTHONPYCACHEPREFIX=str(store / "nothing"))
    assert {"code/the_flow.py", "code/parts/words.py", "opt/flowc/flowc/container/command.py"} <= {*found}
    assert any(path.endswith("/json/decoder.py") for path in found)


def test_code_that_is_mounted_over_is_what_runs(layout: Layout, store: Path, tmp_path: Path) -> None:
    """Even where size and time are those of what the image holds."""
    other = tmp_path / "other"
    shutil.copytree(layout.code, other, copy_function=shutil.copy2)
    subprocess.run(["chmod", "-R", "u+w", str(other)], check=True)
    words = other / "parts" / "words.py"
    was = words.stat()
    words.write_text('WORDS = ["two"]\n')
    os.utime(words, ns=(was.st_atime_ns, was.st_mtime_ns))
    variables = {**layout.environment(), "FLOWC_FLOW": "the_flow.py:F", "FLOWC_STORE": f"file:{store}"}
    for name, load in (("start", ""), ("end", "start")):
        step = command(name, load, python=str(layout.python))
        done = subprocess.run(step, cwd=other, env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "two\n"


def test_what_does_not_compile_is_told_and_builds(layout: Layout) -> None:
    """It is left as it is: the flow never imports it."""
    assert not [*layout.code.rglob("broken*.pyc")]
    assert [*layout.code.rglob("words*.pyc")]
