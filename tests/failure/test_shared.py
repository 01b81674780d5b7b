"""Containers that do several tasks, killed or without a store at any request: another one goes on, and what is left is one whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from tests.conformance.plan import LONG
from tests.conformance.results import read_result
from tests.conformance.sharing import Form, sharing
from tests.engines import FlowCase
from tests.engines.argo_case import run_argo
from tests.failure.shared import FLOW, LAST, ORDER, RUN, World
from tests.stages.container import write

HOWS = ("before", "after", "full", "process", "container", "alone")
MOST = 3
"""Containers after the one with the fault, at most: it has one, so the next is to mend it; a task that lives on may spoil one more."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """With the store as it was before each container of a run without faults, and at its end."""
    found = World(tmp_path_factory.mktemp("shared"))
    for name, one in ORDER.items():
        found.keep(name)
        code, said = found.do(one)
        assert code == 0, said
    found.keep("end")
    assert found.left(RUN.task("end"))["last"] == LAST
    return found


def _numbers(world: World, kind: str, how: str) -> list[int]:
    """The requests at which there is a fault: all, or one that each kind and way has of its own."""
    assert world.do(ORDER[kind], 0, 10_000, how)[0] == 0
    most = world.requests()
    if LONG:
        return list(range(1, most + 1))
    first = 1 + (7 * HOWS.index(how) + 3 * list(ORDER).index(kind)) % most
    return [first]


@pytest.mark.every(2)
@pytest.mark.parametrize("is_cleared", [False, True], ids=str)
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("kind", ORDER)
def test_a_fault_at_any_request_is_mended_by_the_next_container(
    world: World, kind: str, how: str, is_cleared: bool
) -> None:
    """`is_cleared`: it had come to its end, and an engine's clear has begun it anew when the fault is there."""
    one = ORDER[kind]
    world.restore("end")
    wanted = world.values(one)
    state = list({**ORDER, "end": None})[list(ORDER).index(kind) + is_cleared]
    world.restore(state)
    before = {address: world.left(address).token for address in one.tasks} if is_cleared else {}
    for number in _numbers(world, kind, how):
        world.restore(state)
        code, said = world.do(one, 0, number, how)
        assert "Traceback" not in said, (number, said)
        if how in ("before", "after", "full"):
            assert code in (0, 75), (number, code, said)
        for retry in range(1, MOST + 1):
            if code == 0:
                break
            code, said = world.do(one, retry)
        assert code == 0, (number, said)
        assert world.values(one) == wanted, number
        assert not any(world.left(address).token == token for address, token in before.items()), number
        for each in list(ORDER.values())[list(ORDER).index(kind) + 1 :]:
            assert world.do(each)[0] == 0
        assert not list(world.mixed()), number
        assert world.left(RUN.task("end"))["last"] == LAST
        assert max(world.tries(address) for address in one.tasks) <= 4 + is_cleared, number


@pytest.mark.parametrize("form", ["fused", "both"])
def test_a_workflow_that_is_submitted_again_under_its_name_does_all_anew(tmp_path: Path, form: Form) -> None:
    """As `argo retry` of what has succeeded: each container begins with `--retry 0` on what the first life has left."""
    write(tmp_path / "code", FLOW)
    case = sharing(FlowCase(tmp_path / "code" / "the_flow.py", "F"), form)
    assert case is not None
    outcomes = [run_argo(case, tmp_path, name="twice", uid="its-uid", seed=seed) for seed in (1, 2)]
    assert [each.success for each in outcomes] == [True, True], outcomes[-1].log
    tasks = read_result(outcomes[0], tmp_path / "code").tasks
    assert {task.attempts for (_, index), task in tasks.items() if "~" not in index} == {2}
    store, run = open_store(outcomes[0].store), RunAddress("F", outcomes[0].run_id)
    assert read(store, run.task("end"))["last"] == LAST
