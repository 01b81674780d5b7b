"""What a flow reaches is what Python loads: small repositories of every layout, random ones, and lines that only a run can follow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.frontend.text.import_path import search_path
from compiler.workspace.closure.walk import Reached, code, reached
from tests.workspace.closure.repositories import FLOW, write


def _reached(root: Path, flow: str = "flow.py", *named: str) -> Reached:
    return reached(code(root), root / flow, [root / each for each in named])


TABLE: dict[str, tuple[str, dict[str, str], set[str]]] = {
    "a module beside": ("import a", {"a.py": "", "b.py": ""}, {"a.py"}),
    "in a function": ("def f():\n    import a", {"a.py": ""}, {"a.py"}),
    "in a function of a module": ("import b", {"b.py": "def f():\n    import a", "a.py": ""}, {"a.py", "b.py"}),
    "in a try, and what stands in for it": (
        "try:\n    import a\nexcept ImportError:\n    import b",
        {"a.py": "", "b.py": ""},
        {"a.py", "b.py"},
    ),
    "for type checkers alone": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nelse:\n    import b",
        {"a.py": "", "b.py": ""},
        {"b.py"},
    ),
    "not for type checkers": (
        "import typing\nif not typing.TYPE_CHECKING:\n    import a",
        {"a.py": ""},
        {"a.py"},
    ),
    "packages on the way": (
        "import p.q.m",
        {"p/__init__.py": "from . import x", "p/x.py": "", "p/q/__init__.py": "", "p/q/m.py": "", "p/q/n.py": ""},
        {"p/__init__.py", "p/x.py", "p/q/__init__.py", "p/q/m.py"},
    ),
    "a submodule as a name": (
        "from p import m, NAME",
        {"p/__init__.py": "NAME = 1", "p/m.py": "", "p/n.py": ""},
        {"p/__init__.py", "p/m.py"},
    ),
    "relative ones of every level": (
        "import p.q.m",
        {
            "p/__init__.py": "",
            "p/a.py": "",
            "p/q/__init__.py": "",
            "p/q/m.py": "from . import n\nfrom .. import a\nfrom ..r.s import t",
            "p/q/n.py": "",
            "p/r/__init__.py": "",
            "p/r/s.py": "t = 1",
        },
        {"p/__init__.py", "p/a.py", "p/q/__init__.py", "p/q/m.py", "p/q/n.py", "p/r/__init__.py", "p/r/s.py"},
    ),
    "a folder without a file of its own": (
        "import p.q.m\nfrom p import n",
        {"p/q/m.py": "", "p/n.py": "", "p/o.py": ""},
        {"p/q/m.py", "p/n.py"},
    ),
    "one package in two folders": (
        "import p.a\nimport p.b",
        {"p/a.py": "", "src/p/b.py": "", "src/p/c.py": ""},
        {"p/a.py", "src/p/b.py"},
    ),
    "a relative import within one package in two folders": (
        "import p.b",
        {"p/a.py": "", "p/c/d.py": "", "p/e.py": "", "src/p/b.py": "from . import a\nfrom .c import d"},
        {"p/a.py", "p/c/d.py", "src/p/b.py"},
    ),
    "a package that has a file lies in one folder": (
        "import p.b",
        {"p/a.py": "", "src/p/__init__.py": "", "src/p/b.py": "try: from . import a\nexcept ImportError: pass"},
        {"src/p/__init__.py", "src/p/b.py"},
    ),
    "a package goes before a module, and the first folder before the next": (
        "import p",
        {"p/__init__.py": "", "p.py": "", "src/p.py": ""},
        {"p/__init__.py"},
    ),
    "a module goes before a folder without a file, wherever": (
        "import p.m",
        {"p/x.txt": "", "src/p/__init__.py": "", "src/p/m.py": ""},
        {"src/p/__init__.py", "src/p/m.py"},
    ),
    "src and python": ("import a\nimport b", {"src/a.py": "", "python/b.py": ""}, {"src/a.py", "python/b.py"}),
    "a star": (
        "from p import *",
        {"p/__init__.py": "__all__ = ['a']\n__all__ += ['b']", "p/a.py": "", "p/b.py": "", "p/c.py": ""},
        {"p/__init__.py", "p/a.py", "p/b.py"},
    ),
    "a star of names that only a run tells": (
        "from p import *",
        {"p/__init__.py": "__all__ = names()", "p/a.py": "", "p/s/__init__.py": ""},
        {"p/__init__.py", "p/a.py", "p/s/__init__.py"},
    ),
    "by a literal name": (
        "import importlib\nfrom importlib import import_module as load\nimportlib.import_module('a')\nload('p.m')\n__import__('b')\n"
        "NAME = 'c'\nload(NAME)\nfor each in ('d', 'e'):\n    load(each)",
        {
            **dict.fromkeys(("a.py", "b.py", "c.py", "d.py", "e.py", "p/m.py", "p/n.py"), ""),
            "p/__init__.py": "import importlib\nimportlib.import_module('.n', __package__)",
        },
        {"a.py", "b.py", "c.py", "d.py", "e.py", "p/__init__.py", "p/m.py", "p/n.py"},
    ),
    "a text of another function's": ("print('a')", {"a.py": ""}, set()),
    "a module that runs as a program": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'tools.make'])",
        {"tools/__init__.py": "", "tools/make.py": "import a", "a.py": ""},
        {"tools/__init__.py", "tools/make.py", "a.py"},
    ),
    "a script that runs": (
        "import subprocess, sys\nsubprocess.run([sys.executable, 'scripts/make.py'])",
        {"scripts/make.py": "import a", "a.py": ""},
        {"scripts/make.py", "a.py"},
    ),
    "a folder that is added to sys.path": (
        "import os, sys\nHERE = os.path.dirname(os.path.abspath(__file__))\nsys.path.insert(0, os.path.join(HERE, 'lib'))\nimport a",
        {"lib/a.py": "import b", "lib/b.py": ""},
        {"lib/a.py", "lib/b.py"},
    ),
    "one that is put before the others, or behind them": (
        "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'lib'))\nimport a",
        {"lib/a.py": "import b", "lib/b.py": "", "a.py": "import c", "c.py": ""},
        {"lib/a.py", "lib/b.py", "a.py", "c.py"},
    ),
    "one that a path makes": (
        "import sys\nfrom pathlib import Path\nsys.path += [str(Path(__file__).resolve().parent / 'lib')]\nimport a",
        {"lib/a.py": ""},
        {"lib/a.py"},
    ),
    "a compiled module and its source": (
        "import fast",
        {"fast.cpython-311-x86_64-linux-gnu.so": "", "fast.py": "", "fast.pyi": "", "faster.py": ""},
        {"fast.cpython-311-x86_64-linux-gnu.so", "fast.py"},
    ),
    "a base, a mixin, a decorator": (
        "from bases import Base\nimport deco\n@deco.mine\nclass G(Base): pass",
        {"bases.py": "from mixins import M\nclass Base(M): pass", "mixins.py": "class M: pass", "deco.py": "def mine(x): return x"},
        {"bases.py", "mixins.py", "deco.py"},
    ),
    "an exit hook that a text names": (
        "from metaflow import exit_hook\n@exit_hook(on_error=['ops.told.mail'])\nclass G: pass",
        {"ops/__init__.py": "", "ops/told.py": "def mail(): pass", "ops/other.py": ""},
        {"ops/__init__.py", "ops/told.py"},
    ),
    "a parser that a text names": (
        "from metaflow import Config\nc = Config('c', parser='parsers.mine')",
        {"parsers.py": "def mine(text): return {}"},
        {"parsers.py"},
    ),
    "what is read of a package": (
        "from importlib import resources\nresources.files('p.tables').joinpath('a.csv')",
        {"p/__init__.py": "", "p/tables/__init__.py": "", "p/m.py": ""},
        {"p/__init__.py", "p/tables/__init__.py"},
    ),
    "a link": ("import a.m", {"else/m.py": "", "a": "->else"}, {"a/m.py"}),
    "modules of other packages": ("import pandas\nimport os.path\nfrom sklearn import svm", {"svm.py": ""}, set()),
    "what a docstring says": ("'''import a\n\na.py'''", {"a.py": ""}, set()),
    "an extension of metaflow": (
        "from metaflow import acme",
        {"metaflow_extensions/acme/toplevel/__init__.py": "", "other.py": ""},
        {"metaflow_extensions/acme/toplevel/__init__.py"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_what_is_imported_is_reached_and_nothing_else(name: str, tmp_path: Path) -> None:
    head, files, expected = TABLE[name]
    write(tmp_path, {**files, "flow.py": FLOW.format(head=head)})
    found = _reached(tmp_path)
    assert set(found.files) == expected | {"flow.py"}
    assert (found.computed, found.left_out) == ((), ())


COMPUTED = {
    "import importlib\nimportlib.import_module(input())": 3,
    "from importlib import import_module as load\nload(f'p.{name}')": 3,
    "__import__('p.' + name)": 2,
    "import runpy\nrunpy.run_path(name)": 3,
    "import importlib.util\nimportlib.util.spec_from_file_location('m', path)": 3,
    "import sys\nsys.path.append(input())": 3,
    "import importlib\nfor name in names:\n    importlib.import_module(name)": 4,
    "import importlib\nimportlib.import_module(*names)": 3,
    "import importlib\nimportlib.import_module('.a', name)": 3,
    "import pkgutil\npkgutil.walk_packages(path)": 3,
}


@pytest.mark.parametrize("head", COMPUTED)
def test_a_line_that_only_a_run_can_follow_is_named(head: str, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": FLOW.format(head=head)})
    assert [span.line for span in _reached(tmp_path).computed] == [COMPUTED[head]]


def test_such_a_line_counts_only_where_it_is_reached(tmp_path: Path) -> None:
    dynamic = "import importlib\nimportlib.import_module(input())"
    write(tmp_path, {"flow.py": FLOW.format(head="import a"), "a.py": "import b", "b.py": dynamic, "c.py": dynamic})
    assert [Path(span.path).name for span in _reached(tmp_path).computed] == ["b.py"]


def test_a_module_that_cannot_be_read_may_import_anything(tmp_path: Path) -> None:
    """The image may have a newer Python, which reads it."""
    write(tmp_path, {"flow.py": FLOW.format(head="import a"), "a.py": "if True\n"})
    assert [Path(span.path).name for span in _reached(tmp_path).computed] == ["a.py"]


def test_the_package_of_a_flow_counts_where_the_flow_uses_it(tmp_path: Path) -> None:
    files = {"p/__init__.py": "", "p/flows/__init__.py": "", "p/flows/mixins.py": ""}
    plain, relative = FLOW.format(head=""), FLOW.format(head="from .mixins import M")
    write(tmp_path, {**files, "p/flows/plain.py": plain, "p/flows/relative.py": relative})
    assert set(_reached(tmp_path, "p/flows/plain.py").files) == {"p/flows/plain.py"}
    assert set(_reached(tmp_path, "p/flows/relative.py").files) == {*files, "p/flows/relative.py"}


def test_named_folders_are_searched(tmp_path: Path) -> None:
    write(tmp_path, {"flows/f.py": FLOW.format(head="import a"), "libs/one/a.py": ""})
    assert set(_reached(tmp_path, "flows/f.py").files) == {"flows/f.py"}
    assert set(_reached(tmp_path, "flows/f.py", "libs/one").files) == {"flows/f.py", "libs/one/a.py"}


NAMES = ("qa", "qb", "qc")
PLACES = ("", "src/", "flows/")
_DOTTED = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(".".join)
_ABSOLUTE = st.one_of(
    _DOTTED.map(lambda name: f"import {name}"),
    st.tuples(_DOTTED, st.sampled_from(NAMES)).map(lambda both: f"from {both[0]} import {both[1]}"),
    _DOTTED.map(lambda name: f"from {name} import *"),
    _DOTTED.map(lambda name: f"import importlib; importlib.import_module('{name}')"),
    _DOTTED.map(lambda name: f"__import__('{name}')"),
)
_RELATIVE = st.tuples(st.sampled_from((".", "..")), st.sampled_from(("", *NAMES)), st.sampled_from(NAMES)).map(
    lambda three: f"from {three[0]}{three[1]} import {three[2]}"
)
_FILES = st.builds(
    lambda place, folders, name: f"{place}{''.join(f'{each}/' for each in folders)}{name}.py",
    st.sampled_from(PLACES),
    st.lists(st.sampled_from(NAMES), max_size=2),
    st.sampled_from((*NAMES, "__init__")),
)


def _text(now: list[str], later: list[str], exported: list[str] | None) -> str:
    lines = [f"try: {each}\nexcept Exception: pass" for each in now]
    lines += [
        "def later():",
        "    pass",
        *(f"    try: {each}\n    except Exception: pass" for each in later if "*" not in each),
    ]
    return "\n".join([*([f"__all__ = {exported}"] if exported is not None else []), *lines]) + "\n"


def _repositories(imports: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    some = st.lists(imports, max_size=3)
    return st.dictionaries(
        _FILES,
        st.builds(_text, some, some, st.none() | st.lists(st.sampled_from(NAMES), max_size=2)),
        min_size=2,
        max_size=9,
    )


_LOADS = """
import json, os, sys
from flowc.source.module import prepare
root = sys.argv[1]
prepare("flows/flow.py:F", root)
done = set()
def inside(module):
    return (getattr(module, "__file__", None) or "").startswith(root + os.sep)

while True:
    rest = [module for name, module in sorted(sys.modules.items()) if inside(module) and name not in done]
    if not rest:
        break
    for module in rest:
        done.add(module.__name__)
        getattr(module, "later", lambda: None)()
files = {getattr(m, "__file__", None) or "" for m in sys.modules.values()}
print(json.dumps(sorted(os.path.relpath(each, root) for each in files if each.startswith(root + os.sep))))
"""


def _loaded(root: Path) -> set[str]:
    """What Python loads: the flow's module by the runtime, then all that functions of loaded modules import."""
    told = json.dumps(search_path(root / "flows/flow.py", root))
    done = subprocess.run(
        [sys.executable, "-P", "-B", "-c", _LOADS, str(root)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "FLOWC_PATH": told},
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def _drawn(root: Path, files: dict[str, str], head: list[str]) -> tuple[set[str], set[str]]:
    flow = FLOW.format(head="\n".join(f"try: {each}\nexcept Exception: pass" for each in head))
    write(root, {**files, "flows/flow.py": flow})
    return set(_reached(root, "flows/flow.py").files), _loaded(root.resolve())


_SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_SLOW
@given(files=_repositories(_ABSOLUTE), head=st.lists(_ABSOLUTE, min_size=1, max_size=4))
def test_what_is_reached_is_what_python_loads(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str], head: list[str]
) -> None:
    found, loaded = _drawn(tmp_path_factory.mktemp("root"), files, head)
    assert found == loaded


@_SLOW
@given(files=_repositories(_ABSOLUTE | _RELATIVE), head=st.lists(_ABSOLUTE | _RELATIVE, min_size=1, max_size=4))
def test_nothing_is_missing_where_imports_are_relative(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str], head: list[str]
) -> None:
    """A relative import fails in a module of no package, which text alone does not tell: there may be more."""
    found, loaded = _drawn(tmp_path_factory.mktemp("root"), files, head)
    assert loaded <= found
