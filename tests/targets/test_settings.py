"""No setting is taken and then ignored: each changes what a target makes, is refused, or is none of the target's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN, brought_targets, load_backend
from compiler.mistakes import CallError
from compiler.operate.engines import engine_of
from compiler.workspace.settings import SHARED, read_settings, shared_settings
from tests.stages.command_line import FLOW, Flowc

PROJECT = FLOW.replace("FlowSpec, Parameter, step", "FlowSpec, Parameter, project, step").replace(
    "class SumFlow", '@project(name="settings")\nclass SumFlow'
)

GIVEN: Mapping[str, str] = {
    "image": "registry.example.com/other:1",
    "registry": "registry.example.com/team",
    "store": "s3://bucket/other",
    "code": "s3://bucket/code.tgz",
    "namespace": "other",
    "name": "other",
    "max_workers": "3",
    "branch": "other",
    "production": "",
    "same_code": "",
    "fuse": "",
    "chunk": "square=2",
}
"""A value of each on a command line; nothing where it is a flag."""

OPERATED = {("kfp", "namespace")}
"""What is no part of a file, and decides where it is deployed."""

PAIRS = [(target, key) for target in (*BUILT_IN, *brought_targets()) for key in SHARED]


def test_each_has_a_value_here() -> None:
    assert [*GIVEN] == [*SHARED]


@pytest.mark.parametrize(("target", "key"), PAIRS, ids=[f"{target}-{key}" for target, key in PAIRS])
def test_a_setting_changes_the_files_or_is_refused(
    target: str, key: str, flowc: Flowc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = load_backend(target)
    assert backend is not None
    monkeypatch.chdir(tmp_path)
    Path("flow.py").write_text(PROJECT)
    Path("pyproject.toml").write_text("[tool.flowc]\n")
    assert flowc(target, "create", "flow.py", "-o", "plain/").code == 0
    option = (f"--{key.replace('_', '-')}", *filter(None, [GIVEN[key]]))
    ended = flowc(target, "create", "flow.py", "-o", "given/", *option)
    if key not in shared_settings(backend):
        assert (ended.code, ended.err.partition("\n")[0]) == (0, f"note: {target} has no use for {option[0]}")
        assert _files("given") == _files("plain")
    elif (target, key) in OPERATED:
        assert (ended.code, _files("given")) == (0, _files("plain"))
    elif ended.code:
        assert "error[" in ended.err
    else:
        assert _files("given") != _files("plain")


@pytest.mark.parametrize("target", ["airflow", "argo", "step-functions", "kfp"])
def test_a_connection_takes_its_own_keys_alone(target: str, tmp_path: Path) -> None:
    with pytest.raises(CallError, match=f"--connection colour: {target} has none of that name"):
        engine_of(target, read_settings(tmp_path), {"colour": "red"})


def _files(folder: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in Path(folder).iterdir()}
