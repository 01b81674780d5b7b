"""Files that are no flow: name and bytes of each, and what is found where (FC1xx, and what only the whole file has)."""

from __future__ import annotations

import sys
from pathlib import Path

from compiler.diagnostics import Report
from compiler.fleet.names import Deployed, check_names
from compiler.frontend import parse
from compiler.frontend.declarations.import_result import DeclaredDecorator, DeclaredFlow, ImportFailure
from compiler.frontend.text.modules import Known
from compiler.ir.flow import Flow
from compiler.workspace.closure import packages
from compiler.workspace.image.requirements import check_requirements
from compiler.workspace.settings import Settings
from tests.diagnostics.marked import Place

_FLOW = b"from metaflow import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self): pass\n"


def _at(code: str, line: int = 1, col: int = 1, end_col: int | None = None) -> Place:
    return Place(line, col, col + 1 if end_col is None else end_col, code)


CASES: dict[str, tuple[bytes, Place]] = {
    "empty": (b"", _at("FC105")),
    "blank lines": (b"\n\n\n", _at("FC105")),
    "a comment alone": (b"# nothing\n", _at("FC105")),
    "another program": (b"print('hello')\n", _at("FC105")),
    "a flow without steps": (b"from metaflow import FlowSpec\nclass F(FlowSpec):\n    pass\n", _at("FC105", 2, 7)),
    "an open bracket": (b"x = 1\ny = (2,\n", _at("FC103", 2, 5)),
    "a return in no function": (b"x = 1\nreturn x\n", _at("FC103", 2, 1, 9)),
    "two arguments of a name": ("def f(ä, b, ä): pass\n".encode(), _at("FC103", 1, 13)),
    "a global that comes late": ('def f():\n    "ü"; y = 1; global y\n'.encode(), _at("FC103", 2, 17, 25)),
    "a future that comes late": (b"import os\nfrom __future__ import annotations\n", _at("FC103", 2, 1, 35)),
    "an await in no coroutine": (b"def f():\n    await g()\n", _at("FC103", 2, 5, 14)),
    "an open text": (b"x = 'a\n", _at("FC103", 1, 5)),
    "a colon too few": (b"x = 1\nclass F(object)\n    pass\n", _at("FC103", 2, 16)),
    "tabs mixed with spaces": (b"if 1:\n        x = 1\n\ty = 2\n", _at("FC103", 3)),
    "a line that is indented too little": (b"if 1:\n    x = 1\n  y = 2\n", _at("FC103", 3, 8)),
    "a print statement": (b"x = 1\nprint 'hello'\n", _at("FC103", 2, 1, 14)),
    "an exec statement": (b"exec 'x = 1'\n", _at("FC103", 1, 1, 13)),
    "an old except": (b"try:\n    x = 1\nexcept IOError, error:\n    pass\n", _at("FC103", 3, 8, 22)),
    "an old number": (b"x = 0777\n", _at("FC103", 1, 5)),
    "a merge that was not finished": (b"x = 1\n<<<<<<< HEAD\ny = 2\n=======\n", _at("FC103", 2, 1, 3)),
    "curly quotes": ("x = \u2018a\u2019\n".encode(), _at("FC103", 1, 5)),
    "latin-1 that says nothing": (b"x = 1\ny = '\xe9'\n", _at("FC102", 2, 6)),
    "latin-1 that says ascii": (b"# coding: ascii\nx = '\xe9'\n", _at("FC102", 2, 6)),
    "latin-1 that says so": (b"# coding: latin-1\nx = '\xe9'\n", _at("FC105")),
    "an encoding that is none": (b"# coding: utf-99\nx = 1\n", _at("FC102")),
    "an encoding that is no text's": (b"# coding: rot13\nx = 1\n", _at("FC102")),
    "UTF-16": ("x = 1\n".encode("utf-16"), _at("FC102")),
    "UTF-16 without its mark": ("x = 1\n".encode("utf-16-le"), _at("FC104", 1, 2)),
    "UTF-32": ("x = 1\n".encode("utf-32"), _at("FC102")),
    "a mark of UTF-8 with another declaration": (b"\xef\xbb\xbf# coding: latin-1\nx = 1\n", _at("FC102")),
    "a NUL": (b"x = 1\ny\0 = 2\n", _at("FC104", 2, 2)),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", _at("FC101")),
    "an archive": (b"PK\x03\x04\x14\0\0\0\x08\0\x8e\xb7\xd2", _at("FC101")),
    "a number of 5,000 digits": (b"x = 1\ny = " + b"9" * 5_000 + b"\n", _at("FC103", 2)),
    "10,000 brackets": (b"x = " + b"(" * 10_000 + b")" * 10_000 + b"\n", _at("FC103", 1, 205)),
    "20,000 terms": (b"x = " + b"1 + " * 20_000 + b"1\n", _at("FC104")),
    "10 MB": (_FLOW + b"# a comment\n" * 1_000_000, _at("FC104")),
}
"""Under the name `flow_file.py`."""

if sys.version_info < (3, 12):
    CASES |= {
        "types of a newer Python": (b"x = 1\ntype Pair[T] = tuple[T, T]\n", _at("FC103", 2, 6, 10)),
        "a generic function of a newer Python": (b"def f[T](x: T) -> T:\n    return x\n", _at("FC103", 1, 6)),
        "a text in a text of a newer Python": (b'x = f"{"a"}"\n', _at("FC103", 1, 9)),
    }
if sys.version_info < (3, 14):
    CASES |= {
        "a template of a newer Python": (b"x = t'{x}'\n", _at("FC103", 1, 6, 11)),
        "an except without brackets": (b"try:\n    x = 1\nexcept A, B:\n    pass\n", _at("FC103", 3, 8, 12)),
    }

OTHERS: dict[str, tuple[str, bytes | None]] = {
    "FC101": ("missing.py", None),
    "FC106": ("flow.py", b"x = 1\n"),
    "FC120": ("flow.ipynb", b'{"cells": [{"cell_type": "code", "source": ["from metaflow import FlowSpec"]}]}'),
    "FC121": ("flow.yaml", b"apiVersion: v1\nkind: Job\n"),
    "FC108": (
        "json.py",
        b"from metaflow import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self): pass\n",
    ),
    "FC123": (
        "flow.py",
        b"from metaflow import FlowSpec, step\nimport keys\nclass F(FlowSpec):\n    @step\n    def start(self): pass\n",
    ),
    "FC124": ("flow.py", _FLOW),
    "FC850": ("flow.py", b"import importlib\nNAME = input()\nimportlib.import_module(NAME)\n"),
    "FC872": (
        "flow.py",
        b"import sklearn\nfrom metaflow import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self): pass\n",
    ),
    "FC582": (
        "flow.py",
        b"from metaflow import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self): pass\n",
    ),
    "FC663": (
        "flow.py",
        b"from metaflow import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self): pass\n",
    ),
    "FC860": ("flow.py", _FLOW + _FLOW.partition(b"\n")[2].replace(b"class F(", b"class f(")),
}
"""Mistakes that are not in a line of the source: the file and its bytes."""


_IGNORED = {"FC123": "keys.py", "FC124": "flow.py"}
"""What the archive leaves out, beside the mistake's file."""


_PACKED = (*_IGNORED, "FC850")
"""Mistakes that only packing finds."""


def read_other(code: str, folder: Path) -> tuple[tuple[Flow, ...], Report]:
    """Read the file that makes a mistake of the whole file."""
    name, data = OTHERS[code]
    path, report = folder / name, Report(notes=code == "FC850")
    if data is not None:
        path.write_bytes(data)
    if code in _IGNORED:
        (folder / ".gitignore").write_text(f"{_IGNORED[code]}\n")
        (folder / "keys.py").touch()
    if code in _PACKED:
        packages.Packages(Known()).check(packages.Place(path, folder, Settings()), (), report, is_deployed=True)
        return (), report
    if code == "FC860":
        flows = parse(path, report)
        check_names("airflow", (Deployed(flow.name, flow.span, flow.name) for flow in flows), report)
        return (), report
    if code == "FC872":
        flows = parse(path, report)
        place = packages.Place(path, folder, Settings())
        check_requirements(
            flows[0], packages.Packages(Known()).reached(place, flows).outside, folder, Settings(), report
        )
        return (), report
    told = {"FC582": _TOLD, "FC663": ImportFailure("KeyError: 'x'")}.get(code)
    importer = (lambda *_: told) if told else None
    return parse(path, report, name="Missing" if code == "FC106" else None, importer=importer), report


_TOLD = DeclaredFlow((), {"start": (DeclaredDecorator("retry", (("times", 1),), None),)}, (), mutated=False)
