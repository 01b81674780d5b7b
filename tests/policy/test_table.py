"""`[tool.flowc.policy]` itself: what each key takes in its two forms, and what is found in a table that says something else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.documents import parse_toml
from compiler.ir.flow import Span, Value
from compiler.policy.table import KEYS, Policy, read_policy
from compiler.workspace.settings import frozen_value
from tests.policy.stage import codes, told, write
from tests.stages.command_line import Flowc


def _read(text: str) -> tuple[Policy, list[str]]:
    table = frozen_value(parse_toml(text))
    assert isinstance(table, Mapping)
    report = Report()
    policy = read_policy(table, lambda key: Span(key, 1, 1, 1, 2), report)
    return policy, [f"{each.rule.code} {each.span.path}" for each in report]


@pytest.mark.parametrize("key", KEYS)
def test_each_example_is_one(key: str) -> None:
    """What a message shows as an example is what the key takes, and the page's form is the same."""
    policy, found = _read(KEYS[key].example)
    assert (list(policy.demands), found) == ([key], [])
    assert KEYS[key].example.startswith(f"{key} = ")


TWO_FORMS: dict[str, tuple[str, Value]] = {
    "retry = 2": ("retry = { times = 2 }", 2),
    "timeout = 5400": ("timeout = { hours = 1, minutes = 30 }", 5400),
    "memory = 1024": ("memory = { value = 1024 }", 1024),
    "catchup = false": ("catchup = { value = false }", False),
    'owner = ["*"]': ("owner = { value = true }", ("*",)),
    "schedule = 60": ("schedule = { minutes = 60 }", 60),
    'require = ["retry"]': ('require = { value = ["retry"] }', ("retry",)),
}


@pytest.mark.parametrize("short", TWO_FORMS)
def test_a_key_has_a_long_form_with_a_reason(short: str) -> None:
    long, value = TWO_FORMS[short]
    key = short.partition(" ")[0]
    for text, reason in (
        (short, ""),
        (long, ""),
        (long.replace(" }", ', reason = "So\\n it  is {x}." }'), "So it is {x}."),
    ):
        policy, found = _read(text)
        assert found == []
        assert (policy.demands[key].value, policy.demands[key].reason) == (value, reason)


WRONG = {
    "retries = 2": "FC720 retries",
    "Retry = 2": "FC720 Retry",
    "retry = { time = 2 }": "FC720 retry",
    "retry = { value = 2 }": "FC720 retry",
    "memory = { times = 2 }": "FC720 memory",
    "retry = { times = 2, because = 'x' }": "FC720 retry",
    "retry = 0": "FC721 retry",
    "retry = true": "FC721 retry",
    "retry = 2.5": "FC721 retry",
    "retry = '2'": "FC721 retry",
    "retry = []": "FC721 retry",
    "retry = {}": "FC721 retry",
    "retry = { reason = 'x' }": "FC721 retry",
    "retry = { times = 2, reason = 3 }": "FC721 retry",
    "timeout = 0": "FC721 timeout",
    "timeout = -1": "FC721 timeout",
    "timeout = inf": "FC721 timeout",
    "timeout = nan": "FC721 timeout",
    "timeout = { hours = '6' }": "FC721 timeout",
    "timeout = {}": "FC721 timeout",
    "timeout = true": "FC721 timeout",
    "cpu = -1": "FC721 cpu",
    "gpu = 0.5": "FC721 gpu",
    "memory = '64Gi'": "FC721 memory",
    "images = []": "FC721 images",
    "images = 'reg.io/*'": "FC721 images",
    "images = ['reg.io', 1]": "FC721 images",
    "images = ['']": "FC721 images",
    "owner = false": "FC721 owner",
    "catchup = true": "FC721 catchup",
    "require = ['retri']": "FC721 require",
    "require = ['parallel']": "FC721 require",
    "require = []": "FC721 require",
    "flow_name = '('": "FC721 flow_name",
    "flow_name = ''": "FC721 flow_name",
    "flow_name = 3": "FC721 flow_name",
    "step_name = '(?<=a+)b'": "FC721 step_name",
    f"step_name = '{'a' * 501}'": "FC721 step_name",
    f"step_name = '{'(' * 300}'": "FC721 step_name",
    "schedule = 1441": "FC721 schedule",
    "schedule = 0": "FC721 schedule",
    "locked = 'yes'": "FC721 locked",
    "rules = 'acme'": "FC721 rules",
    "rules = []": "FC721 rules",
    "forbidden_targets = 'airflow'": "FC721 forbidden_targets",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_policy_is_found_at_its_key(text: str) -> None:
    """And the rest of the table holds."""
    policy, found = _read(text + "\ndisk = 5\n")
    assert found == [WRONG[text]]
    assert list(policy.demands) == ["disk"]


def test_a_lock_that_is_none_locks(flowc: Flowc, folder: Path) -> None:
    """Nobody who wrote `locked = "yes"` meant the other thing."""
    assert _read("locked = 'yes'")[0].locked
    assert not _read("locked = false")[0].locked


def test_words_that_are_near_are_offered(flowc: Flowc, folder: Path) -> None:
    write(folder, '[tool.flowc.policy]\nretries = 2\nrequire = ["retri"]\nflow_name = "("\n')
    out = flowc("check", "flow.py").out
    for said in ("did you mean `retry`?", "which `retri` is not; did you mean `retry`?", "missing )"):
        assert said in out


@pytest.mark.parametrize("target", ["airflow", "argo", "step-functions"])
def test_create_writes_nothing_by_a_policy_that_it_does_not_understand(flowc: Flowc, folder: Path, target: str) -> None:
    write(folder, "[tool.flowc.policy]\nretries = 2\n")
    assert told(flowc) == [("FC720", 2)]
    ended = flowc(target, "create", "flow.py", "-o", "out/")
    assert (ended.code, (folder / "out").exists()) == (1, False)
    assert codes(flowc, "--target", target) == {"FC720"}


def test_a_target_that_nobody_has_is_found(flowc: Flowc, folder: Path) -> None:
    write(folder, '[tool.flowc.policy]\nforbidden_targets = ["airflw", "stepfunctions"]\n')
    assert told(flowc) == [("FC721", 2)]
    assert "`airflw` is not; did you mean `airflow`?" in flowc("check", "flow.py").out
