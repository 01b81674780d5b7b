"""Names across modules: what is checked of the modules that a flow imports, what the image brings, and what is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.flow import Flow

_FLOW = """
from metaflow import FlowSpec, step
{head}
class F(FlowSpec):
    {above}
    @step
    def start(self):
        {start}
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def _read(
    folder: Path,
    files: dict[str, str] | None = None,
    *passthrough: str,
    head: str = "",
    above: str = "",
    start: str = "",
) -> tuple[tuple[Flow, ...], list[str]]:
    """The flows, and each finding as `file:line code message`."""
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    path = folder / "flow.py"
    path.write_text(_FLOW.format(head=head, above=above or "x = 1", start=start or "pass"))
    report = Report()
    flows = parse(path, report, root=folder, passthrough=passthrough)
    return flows, [f"{Path(found.span.path).name}:{found.span.line} {found.rule.code} {found.help}" for found in report]


_BAD = "from metaflow.plugins import slack\n"

BESIDE = {
    "a module": ({"beside.py": _BAD}, "import beside", ["beside.py:1"]),
    "a module of a module": ({"a.py": "import b\nx = 1", "b.py": _BAD}, "from a import x", ["b.py:1"]),
    "a package": ({"pack/__init__.py": "", "pack/m.py": _BAD}, "from pack import m", ["m.py:1"]),
    "the package of a module": ({"pack/__init__.py": _BAD, "pack/m.py": ""}, "import pack.m", ["__init__.py:1"]),
    "relative, inside": ({"pack/__init__.py": "from . import m", "pack/m.py": _BAD}, "import pack", ["m.py:1"]),
    "two that import each other": ({"a.py": "import b\n" + _BAD, "b.py": "import a"}, "import a, b", ["a.py:2"]),
    "a function that the flow calls": (
        {"a.py": "def tell():\n    from metaflow import R\n"},
        "from a import tell",
        ["a.py:2"],
    ),
    "a function that nobody calls": ({"a.py": "def tell():\n    from metaflow import R\n"}, "import a", []),
    "a module that is not imported": ({"a.py": _BAD}, "", []),
    "a module that may be missing": ({"a.py": _BAD}, "try:\n    import a\nexcept ImportError:\n    a = None", []),
    "a module of another package": ({}, "import company.flows", []),
    "a line that importing it runs": ({"a.py": "import metaflow\nK = NOTHING"}, "import a", ["a.py:2"]),
}


@pytest.mark.parametrize("name", BESIDE)
def test_modules_that_the_flow_imports_are_checked_at_their_lines(name: str, tmp_path: Path) -> None:
    files, head, expected = BESIDE[name]
    flows, told = _read(tmp_path, files, head=head)
    assert [each.partition(" ")[0] for each in told] == expected
    assert bool(flows) == (not expected)


OWN = {
    "a name that is nowhere in it": ({"a.py": "def load(): pass"}, "from a import laod, load", ["flow.py:3 FC110"]),
    "of a package": ({"p/__init__.py": "", "p/m.py": "x = 1"}, "from p import m, n", ["flow.py:3 FC110"]),
    "of a module of a package": ({"p/m.py": "x = 1"}, "from p.m import x, y", ["flow.py:3 FC110"]),
    "within a module": ({"a.py": "import flowc\nfrom b import z", "b.py": ""}, "import a", ["a.py:2 FC110"]),
    "in a function": ({"a.py": ""}, "def f():\n    from a import x", ["flow.py:4 FC110"]),
    "a module of a package that is a folder": (
        {"p/m/n.py": "", "p/o.py": ""},
        "from p import m\nfrom p.m import n",
        [],
    ),
    "a word of it that is bound in some way": (
        {"a.py": "for x in (1,): pass\nimport os as y"},
        "from a import x, y",
        [],
    ),
    "made as it runs": ({"a.py": "globals().update(x=1)"}, "from a import x", []),
    "asked of it as it runs": ({"a.py": "def __getattr__(name): return 1"}, "from a import x", []),
    "of all that it imports": ({"a.py": "from os.path import *"}, "from a import join", []),
    "that may be missing": ({"a.py": ""}, "try:\n    from a import x\nexcept ImportError:\n    x = 1", []),
    "of the module itself": ({"a.py": ""}, "from a import __name__, __doc__", []),
    "of another package": ({}, "from company import x", []),
}


@pytest.mark.parametrize("name", OWN)
def test_a_name_that_a_module_of_the_repository_cannot_have_is_told_at_the_import(name: str, tmp_path: Path) -> None:
    files, head, expected = OWN[name]
    flows, told = _read(tmp_path, files, head=head)
    assert [" ".join(each.split(" ")[:2]) for each in told] == expected
    assert bool(flows) == (not expected)


PASSED = {
    "a decorator of an extension": ("from metaflow import named_env", "@named_env(env='x')", ["FC505"]),
    "with an alias": ("from metaflow import named_env as env", "@env(env='x')", ["FC505"]),
    "by the module": ("import metaflow", "@metaflow.named_env(env='x')", ["FC505"]),
    "no decorator": ("from metaflow import named_env", "", ["FC110"]),
    "an attribute": ("import metaflow as mf\nprint(mf.named_env)", "", ["FC110"]),
}


@pytest.mark.parametrize("name", PASSED)
def test_passthrough_is_the_cure_of_a_name_that_an_extension_brings(name: str, tmp_path: Path) -> None:
    """It is told once, and with it in `passthrough` nothing is."""
    head, above, codes = PASSED[name]
    flows, told = _read(tmp_path, head=head, above=above)
    assert [each.split()[1] for each in told] == codes
    assert "name it in `passthrough`" in told[0]
    assert flows == ()
    flows, told = _read(tmp_path, None, "named_env", head=head, above=above)
    assert (len(flows), told) == (1, [])


def test_an_extension_puts_no_names_into_flowc(tmp_path: Path) -> None:
    _, told = _read(tmp_path, None, "named_env", head="from flowc import named_env")
    assert told == ["flow.py:3 FC110 import it from `metaflow`: there the image puts it"]


def test_what_follows_from_a_misspelt_name_is_not_told_too(tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text(_FLOW.format(head="", above="x = 1", start="pass").replace("FlowSpec", "FlowSpek"))
    report = Report()
    assert parse(path, report) == ()
    assert [(found.rule.code, found.help) for found in report] == [
        ("FC110", "check the name; did you mean `FlowSpec`?")
    ]
    assert len(report.diagnostics[0].fix) == 2  # where it is imported, and where it is used


def test_a_flow_with_a_broken_import_is_none(tmp_path: Path) -> None:
    """The output would fail in every task."""
    flows, told = _read(tmp_path, head="from metaflow.client import Runs")
    assert flows == ()
    assert told == ["flow.py:3 FC110 check the name; did you mean `Run`?"]
