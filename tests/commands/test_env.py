"""`--env`: every command that reads settings takes it, and does by it what it does by others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stages.command_line import FLOW, Flowc

SETTINGS = """[tool.flowc]
registry = "r.io"
[tool.flowc.env.prod]
registry = "prod.io"
with = ["retry:times=4"]
root = "code"
[tool.flowc.env.prod.run]
store = "file:kept"
[tool.flowc.flow.SumFlow.run]
start_method = "spawn"
[tool.flowc.env.prod.flow.SumFlow]
namespace = "own"
[tool.flowc.env.broken.config]
c = "none.json"
"""


@pytest.fixture(autouse=True)
def _settings(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "code").mkdir()
    (folder / "code" / "flow.py").write_text(FLOW)


READERS = (
    "check",
    "show",
    "ir",
    "package --list",
    "image",
    "list",
    "fix",
    "run",
    "argo create",
    "airflow create",
    "config",
)
LOOKERS = (
    "runs SumFlow",
    "gc --older-than 1d",
    "inspect SumFlow/x",
    "verify SumFlow/x",
    "delete SumFlow/x",
    "card list SumFlow/x",
)


@pytest.mark.parametrize("command", READERS)
def test_what_reads_a_flow_takes_an_environment(flowc: Flowc, command: str) -> None:
    assert flowc(*command.split(), "--env", "prod", "code/flow.py").code == 0
    ended = flowc(*command.split(), "--env", "prd", "code/flow.py")
    assert ended.code == 2
    assert "there is no environment `prd`" in ended.err
    assert "did you mean `prod`?" in ended.err


@pytest.mark.parametrize("command", LOOKERS)
def test_what_looks_at_runs_takes_an_environment(flowc: Flowc, command: str) -> None:
    ended = flowc(*command.split(), "--env", "prd")
    assert ended.code == 2
    assert "did you mean `prod`?" in ended.err
    kept = flowc(*command.split(), "--env", "prod")
    assert "prd" not in kept.err
    assert kept.code in (0, 2, 4)


def test_an_environment_decides(flowc: Flowc, folder: Path) -> None:
    """Image, decorators, namespace of one flow, root of the code, store of the local run."""
    plain, prod = (flowc("argo", "create", *words, "code/flow.py").out for words in ((), ("--env", "prod")))
    assert "image: 'r.io/sumflow:" in plain
    assert "image: 'prod.io/sumflow:" in prod
    assert ("limit: 4" in plain or "limit: '4'" in plain, "limit: 4" in prod or "limit: '4'" in prod) == (False, True)
    assert ("namespace: own" in plain, "namespace: own" in prod) == (False, True)
    assert ("value: 'code/flow.py:SumFlow'" in plain, "value: 'flow.py:SumFlow'" in prod) == (True, True)
    assert flowc("run", "--env", "prod", "code/flow.py").code == 0
    assert (folder / "kept" / "SumFlow").is_dir()
    assert "SumFlow/local-" in flowc("runs", "--env", "prod", "SumFlow").out
    assert "SumFlow/local-" not in flowc("runs", "SumFlow").out


def test_an_environment_that_nobody_asks_for_is_checked_but_not_read(flowc: Flowc, folder: Path) -> None:
    """Its keys and kinds are told always, what it names is looked for when it holds."""
    assert flowc("check", "code/flow.py").code == 0
    ended = flowc("check", "--env", "broken", "code/flow.py")
    assert ended.code == 1
    assert "pyproject.toml:14:1" in ended.out
    (folder / "pyproject.toml").write_text("[tool.flowc.env.staging.argo]\nnamespce = 'x'\n")
    assert "FC803" in flowc("check", "code/flow.py").out


def test_what_one_flow_has_is_no_other_ones(flowc: Flowc, folder: Path) -> None:
    two = FLOW + FLOW[FLOW.index("class") :].replace("SumFlow", "OtherFlow")
    (folder / "two.py").write_text(two)
    text = '[tool.flowc]\nwith = ["timeout:minutes=7"]\n[tool.flowc.flow.OtherFlow]\nwith = ["retry:times=4"]\nimage = "own:1"\n'
    (folder / "pyproject.toml").write_text(text)
    for name, decorator, times in (
        ("SumFlow", "timeout", {"minutes": {"value": 7}}),
        ("OtherFlow", "retry", {"times": {"value": 4}}),
    ):
        steps = json.loads(flowc("ir", f"two.py:{name}").out)["flow"]["steps"]
        found = {each["name"]: dict(each["arguments"]) for each in steps["start"]["decorators"]}
        assert found == {decorator: times}
    assert flowc("argo", "create", "two.py", "-o", "out/").code == 0
    texts = {path.name: path.read_text() for path in (folder / "out").iterdir()}
    assert sorted("own:1" in text for text in texts.values()) == [False, True]


def test_a_table_of_no_flow_is_told_where_all_flows_are_checked(flowc: Flowc, folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.flowc.flow.SumFlwo]\nimage = 'x'\n")
    assert "FC811" not in flowc("check", "flow.py").out
    ended = flowc("check")
    assert ended.code == 0
    assert "warning[FC811]: no flow of the workspace is called `SumFlwo`" in ended.out
    assert "did you mean `SumFlow`?" in ended.out
