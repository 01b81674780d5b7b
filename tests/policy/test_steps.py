"""What a policy asks of every flow: each key broken, and kept, whatever the target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.policy.stage import TARGETS, codes, told, write
from tests.stages.command_line import Flowc

BROKEN: dict[str, tuple[str, str, dict[str, str]]] = {
    "a decorator that is not there": ('require = ["card"]', "FC701", {}),
    "a decorator of the flow": ('require = ["project"]', "FC701", {}),
    "too few retries": ("retry = 3", "FC702", {"body": "@retry(times=2)"}),
    "no retries": ("retry = { times = 1 }", "FC702", {"body": "@retry(times=0)"}),
    "retries by default": ("retry = 4", "FC702", {"body": "@retry"}),
    "a long timeout": ("timeout = 60", "FC703", {"body": "@timeout(minutes=1, seconds=1)"}),
    "no timeout": ("timeout = { minutes = 1, seconds = 30 }", "FC703", {}),
    "many CPUs": ("cpu = 4", "FC704", {"body": "@resources(cpu=4.5)"}),
    "many CPUs of the larger decorator": ("cpu = 4", "FC704", {"body": "@resources(cpu=2)\n@kubernetes(cpu=5)"}),
    "a GPU": ("gpu = 0", "FC704", {"body": "@resources(gpu=1)"}),
    "a GPU by its resource": ("gpu = 1", "FC704", {"body": "@kubernetes(extended_resources={'amd.com/gpu': 2})"}),
    "memory": ("memory = 8192", "FC704", {"body": "@resources(memory='8193')"}),
    "disk": ("disk = 1000", "FC704", {"body": "@kubernetes(disk=1001)"}),
    "shared memory": ("shared_memory = 64", "FC704", {"body": "@resources(shared_memory=65)"}),
    "an image": ('images = ["reg.io/*"]', "FC705", {"body": "@kubernetes(image='evil.io/reg.io/x')"}),
    "an image without a host": ('registries = ["reg.io"]', "FC706", {"body": "@batch(image='library/python')"}),
    "the image of a hook": (
        'registries = ["reg.io"]',
        "FC706",
        {"head": "def tell(run):\n    pass\n\n@exit_hook(on_error=[tell], options={'image': 'x:1'})"},
    ),
    "a flow's name": ("flow_name = 'Prices'", "FC709", {}),
    "a step's name": ("step_name = '[a-z]{5}'", "FC709", {}),
    "a schedule": ("schedule = 61", "FC712", {"head": "@schedule(hourly=True)"}),
}
KEPT: dict[str, tuple[str, dict[str, str]]] = {
    "every decorator is there": ('require = ["retry"]', {"body": "@retry", "first": "@retry"}),
    "a required catch where it can stand": ('require = ["catch"]', {"body": "@catch"}),
    "enough retries": ("retry = 3", {"body": "@retry(times=3)"}),
    "a short timeout": ("timeout = { minutes = 1 }", {"body": "@timeout(seconds=60)"}),
    "the largest size": ("cpu = 4\nmemory = 8192\ngpu = 1", {"body": "@resources(cpu=4, memory=8192, gpu=1)"}),
    "an image of ours": ('images = ["reg.io/*"]', {"body": "@kubernetes(image='reg.io/team/x:1')"}),
    "a registry in capitals": ('registries = ["Reg.io:*"]', {"body": "@batch(image='REG.io:5000/x')"}),
    "names": ("flow_name = '[A-Z][A-Za-z]*Flow'\nstep_name = 'fit|[a-z]+'", {}),
    "a schedule": ("schedule = 60", {"head": "@schedule(hourly=True)"}),
    "no schedule": ("schedule = 60", {}),
    "an empty policy": ("", {}),
    "only a lock": ("locked = true", {}),
}


def _policy(text: str) -> str:
    return f"[tool.flowc.policy]\n{text}\n"


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found_at_the_line_that_breaks_it(flowc: Flowc, folder: Path, name: str) -> None:
    """Once, with or without targets."""
    policy, code, parts = BROKEN[name]
    write(folder, _policy(policy), **parts)
    found = [(each, line) for each, line in told(flowc) if each == code]
    assert found
    lines = (folder / "flow.py").read_text().splitlines()
    for _, line in found:
        assert any(sign in lines[line - 1] for sign in ("@", "def ", "class ", "hook"))


def _without_retry(name: str) -> bool:
    return "enough" in name or "timeout" in name or "catch" in name or "every" in name


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_not_found(flowc: Flowc, folder: Path, name: str) -> None:
    """Where a key is about every step, at those that have what it asks for."""
    policy, parts = KEPT[name]
    write(folder, _policy(policy), **parts)
    kept = [line for code, line in told(flowc) if code.startswith("FC7")]
    lines = (folder / "flow.py").read_text().splitlines()
    named = {lines[line - 1].strip() for line in kept}
    expected = {"def join(self, inputs):", "def end(self):"} if _without_retry(name) else set[str]()
    if "enough" in name or "timeout" in name:
        expected |= {"def start(self):"}
    assert named == expected


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["no retries", "a long timeout", "memory", "a flow's name", "a schedule"])
def test_create_writes_nothing_of_what_the_policy_forbids(flowc: Flowc, folder: Path, name: str, target: str) -> None:
    policy, code, parts = BROKEN[name]
    write(folder, _policy(policy), **parts)
    ended = flowc(target, "create", "flow.py", "-o", "out/")
    assert (ended.code, f"error[{code}]" in ended.err, (folder / "out").exists()) == (1, True, False)
    write(folder, _policy("cpu = 64"), **parts)
    assert flowc(target, "create", "flow.py", "-o", "out/").code == 0


def test_what_is_required_and_missing_is_told_once(flowc: Flowc, folder: Path) -> None:
    """That it has no retries follows from that it has no `@retry`."""
    write(folder, _policy('require = ["retry", "timeout"]\nretry = 2\ntimeout = 60'))
    assert codes(flowc) == {"FC701"}
    assert len(told(flowc)) == 8


def test_decorators_that_settings_add_count(flowc: Flowc, folder: Path) -> None:
    write(folder, '[tool.flowc]\nwith = ["retry:times=2"]\n' + _policy('require = ["retry"]\nretry = 2'))
    assert codes(flowc) == set()
    write(folder, '[tool.flowc]\nwith = ["retry:times=1"]\n' + _policy("retry = 2"))
    assert codes(flowc) == {"FC702"}
