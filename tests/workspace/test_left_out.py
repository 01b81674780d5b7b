"""What a flow imports and the archive leaves out is told at the import, and nothing that the archive holds is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.workspace.closure.walk import code, reached
from compiler.workspace.listing import why_left_out
from compiler.workspace.package import package
from tests.stages.command_line import Flowc

FLOW = """from metaflow import FlowSpec, IncludeFile, step
{head}

class F(FlowSpec):
    table = IncludeFile("table", default="{file}")

    @step
    def start(self):
        {body}
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def _write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("->"):
            path.symlink_to(text[2:])
        else:
            path.write_text(text)


LEFT_OUT: dict[str, tuple[str, dict[str, str]]] = {
    "a module that a rule names": ("import tokens", {"tokens.py": "", ".gitignore": "tokens.py\n"}),
    "a module in a folder of generated code": (
        "from wire.orders_pb2 import Order",
        {"wire/__init__.py": "", "wire/orders_pb2.py": "Order = 1", ".gitignore": "*_pb2.py\n"},
    ),
    "a submodule as a name": (
        "from wire import orders_pb2",
        {"wire/__init__.py": "", "wire/orders_pb2.py": "", "wire/.gitignore": "*_pb2.py\n"},
    ),
    "a package by the folder": (
        "import wire.orders",
        {"src/wire/__init__.py": "", "src/wire/orders.py": "", ".flowcignore": "src/wire/\n"},
    ),
    "a package without a file of its own": (
        "import wire.orders",
        {"python/wire/orders.py": "", ".flowcignore": "wire\n"},
    ),
    "a link to a folder elsewhere": (
        "from shared.names import N",
        {"../else/names.py": "N = 1", "shared": "->../else"},
    ),
    "a link to a file elsewhere": ("import names", {"../else/names.py": "", "names.py": "->../else/names.py"}),
    "an extension that is built here": ("import fast", {"fast.abi3.so": "", ".gitignore": "*.so\n"}),
    "bytecode without its source": ("import fast", {"fast.pyc": ""}),
    "a package in a folder of a tool": ("from node_modules import a", {"node_modules/__init__.py": "a = 1"}),
    "a module beside a flow that is a link": (
        "import beside",
        {"real/flow.py": "", "real/beside.py": "", ".gitignore": "beside.py\n", "flow.py": "->real/flow.py"},
    ),
    "through another module": (
        "from wire import orders",
        {
            "wire/__init__.py": "from . import tokens",
            "wire/orders.py": "",
            "wire/tokens.py": "",
            ".gitignore": "tokens.py",
        },
    ),
    "in a handler's own branch": (
        "try:\n    import ujson\nexcept ImportError:\n    ujson = None\nelse:\n    import tokens",
        {"tokens.py": "", ".gitignore": "tokens.py"},
    ),
}


@pytest.mark.language("real.left-out")
@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_the_archive_leaves_out_is_an_error_at_its_import(flowc: Flowc, tmp_path: Path, name: str) -> None:
    head, files = LEFT_OUT[name]
    root = tmp_path / "root"
    _write(root, {"table.csv": "", **files, "pyproject.toml": ""})
    flow = root / "flow.py"
    flow.write_text(FLOW.format(head=head, body="pass", file="table.csv"))
    for words in (["check", flow], ["check", "--target", "argo", flow], ["airflow", "create", flow]):
        ended = flowc(*words)
        assert ended.code == 1, ended.err
        assert (ended.out + ended.err).count("error[FC123]") == 1
        assert "error[FC" not in (ended.out + ended.err).replace("error[FC123]", "")
    assert flowc("argo", "create", "--image", "team/own:1", flow).code == 0
    assert flowc("argo", "create", "--image", "team/own:1", "--code", "s3://b/c.tar.gz", flow).code == 1


HELD: dict[str, tuple[str, dict[str, str]]] = {
    "a module of another package": ("import pandas.io\nfrom sklearn import svm", {}),
    "a module that an except catches": (
        "try:\n    import tokens\nexcept ImportError:\n    tokens = None",
        {"tokens.py": "", ".gitignore": "tokens.py"},
    ),
    "an import for type checkers": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import tokens",
        {"tokens.py": "", ".gitignore": "tokens.py"},
    ),
    "a function of another module that nobody may call": (
        "import wire",
        {"wire.py": "def all():\n    import tokens", "tokens.py": "", ".gitignore": "tokens.py"},
    ),
    "a folder of outputs with the name of a package": (
        "import mlruns",
        {"mlruns/0/meta.yaml": "", ".gitignore": "mlruns/"},
    ),
    "a module that a later rule keeps": (
        "import tokens",
        {"tokens.py": "", ".gitignore": "*.py\n!/tokens.py\n!flow.py"},
    ),
    "a link within the root": ("import names", {"else/names.py": "", "names.py": "->else/names.py"}),
    "an extension that is packed": ("import fast", {"fast.abi3.so": ""}),
    "a name that is no module": ("from wire import Order", {"wire.py": "Order = 1", "Order.txt": ""}),
    "a module for Windows beside one that is there": (
        "import fast",
        {"fast.pyd": "", "fast.py": "", ".gitignore": "*.pyd"},
    ),
}


@pytest.mark.parametrize("name", HELD)
def test_what_the_archive_holds_is_no_error(flowc: Flowc, tmp_path: Path, name: str) -> None:
    head, files = HELD[name]
    _write(tmp_path, {"table.csv": "", **files, "pyproject.toml": ""})
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW.format(head=head, body="pass", file="table.csv"))
    ended = flowc("check", "--target", "all", flow)
    assert (ended.code, "FC12" in ended.out) == (0, False), ended.out


def test_an_import_inside_a_step_counts_and_an_include_file_too(flowc: Flowc, tmp_path: Path) -> None:
    _write(tmp_path, {"data/table.csv": "", "tokens.py": "", ".gitignore": "data/\ntokens.py\n", "pyproject.toml": ""})
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW.format(head="", body="import tokens", file="data/table.csv"))
    ended = flowc("check", flow)
    assert ended.code == 1
    assert "`data/table.csv` does not travel with the code" in ended.out
    assert "`tokens` does not travel with the code" in ended.out
    assert flowc("run", "--store", f"file:{tmp_path}/store", flow).code == 0


@pytest.mark.language("real.left-out")
def test_a_flow_that_is_left_out_itself_is_told_for_a_target_alone(flowc: Flowc, tmp_path: Path) -> None:
    _write(tmp_path, {"table.csv": "", ".gitignore": "scratch/\n", "pyproject.toml": "[tool.flowc]", "scratch/x": ""})
    flow = tmp_path / "scratch" / "flow.py"
    flow.write_text(FLOW.format(head="", body="pass", file="table.csv"))
    assert flowc("check", flow).code == 0
    for words in (["check", "--target", "argo", flow], ["argo", "create", flow]):
        ended = flowc(*words)
        assert (ended.code, (ended.out + ended.err).count("error[FC124]")) == (1, 1)


NAMES = st.sampled_from(
    ["a.py", "b.pyc", "src/a.py", "src/gen/b.py", "src/gen/deep/c.py", "node_modules/x.py", "gen/d.so"]
)
RULES = st.sampled_from(["*.py", "gen/", "/src", "!a.py", "deep", "src/*", "*.so", "!/src/a.py", "src/gen/**"])


@settings(max_examples=60, deadline=None)
@given(st.sets(NAMES, min_size=1), st.lists(RULES, max_size=3), st.lists(RULES, max_size=2))
def test_the_reasons_and_the_archive_agree(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], rules: list[str], inner: list[str]
) -> None:
    root = tmp_path_factory.mktemp("root")
    _write(root, {**dict.fromkeys(names, "x"), ".gitignore": "\n".join(rules), "src/.flowcignore": "\n".join(inner)})
    packed = package(root).files
    for name in names:
        assert (why_left_out(root, root / name) is None) == (name in packed), name


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    _write(tmp_path, {"flow.py": "import a", "a.py": "import b\nimport flow", "b.py": "import a\nfrom . import x"})
    found = reached(code(tmp_path), tmp_path / "flow.py", ())
    assert (set(found.files), found.left_out) == ({"flow.py", "a.py", "b.py"}, ())
