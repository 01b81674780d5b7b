"""What surrounds the code of a step: `current`, the variables of its environment, and for the first one what the run begins with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping

from flowc.artifacts import ordering
from flowc.artifacts.address import Begin, RunAddress
from flowc.artifacts.manifest import RunRecord, read_run
from flowc.language import current
from flowc.named_tuple import NamedTuple
from flowc.source.module import Loaded, folders
from flowc.standard_path import standard_path
from flowc.task.call import Broken, TaskCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.artifacts.address import TaskAddress
    from flowc.artifacts.ordering import Fence
    from flowc.language.decorators import StepMarks
    from flowc.store.protocol import Store


class First(NamedTuple):
    """What the first step begins the run with; no record elsewhere."""

    record: RunRecord | None
    given: Mapping[str, Any]


def begun(loaded: Loaded | Broken, call: TaskCall, store: Store, started: float) -> tuple[Loaded | Broken, First]:
    """The flow, broken where a default has raised, and what the run begins with. Raises CallMistake where the run is another owner's."""
    loaded, given = _given(loaded, call)
    return loaded, First(_claimed(loaded, call, store, tuple(given), started), given)


def _given(loaded: Loaded | Broken, call: TaskCall) -> tuple[Loaded | Broken, dict[str, Any]]:
    """The values of the parameters, which the first step alone takes; a default that raises breaks the flow."""
    if isinstance(loaded, Broken) or not isinstance(call.loads, Begin) or not loaded.parameters:
        return loaded, {}
    from flowc.language.parameters import DefaultFailed, values

    # A default may ask whether this is production.
    current.enter(call_facts(loaded, call), call.project, loaded.name, _known_before(loaded, call))
    try:
        return loaded, values(loaded.name, list(loaded.parameters), call.parameters, folders(loaded))
    except DefaultFailed as failed:
        return Broken(loaded.name, failed.error), {}
    finally:
        current.leave()


def _known_before(loaded: Loaded, call: TaskCall) -> dict[str, Callable[[], Any]]:
    return {"_run": run_of(loaded.name, call.run), "scheduled_at": lambda: moment(call.scheduled)}


def _claimed(
    loaded: Loaded | Broken, call: TaskCall, store: Store, parameters: tuple[str, ...], started: float
) -> RunRecord | None:
    if not isinstance(call.loads, Begin):
        return None
    user = current.username()
    record = RunRecord(
        loaded.name, call.run, call.owner, started, call.tags, parameters, call.step, user, call.project,
        origin=call.origin, given=call.parameters, trigger=call.trigger,
        scheduled=call.scheduled, has_ids=True, source=os.environ.get("FLOWC_FLOW", ""), code=os.environ.get("FLOWC_CODE", ""),
    )  # fmt: skip
    return ordering.claim(store, record)


def enter(
    loaded: Loaded,
    call: TaskCall,
    store: Store,
    fence: Fence,
    tags: tuple[str, ...],
    parameters: tuple[str, ...],
) -> None:
    """Fill `current` for a task whose run is known."""
    address = fence.address
    facts = {
        **call_facts(loaded, call),
        "task_id": address.id,
        "pathspec": str(address),
        "tags": set(tags),
        "parameter_names": list(parameters),
    }
    later: dict[str, Callable[[], Any]] = {
        "_graph": lambda: _graph(loaded),
        "_flow_graph": lambda: _flow_graph(loaded),
        "trigger": lambda: _trigger(store, address),
        "scheduled_at": lambda: moment(read_run(store, address.of).scheduled),
        "_run": run_of(loaded.name, call.run),
        "_task": _opener("Task", str(address)),
    }
    given = [mark.attributes for mark in reversed(loaded.steps[call.step].decorators) if mark.name == "card"]
    if given:
        facts["card"] = _cards(given, store, fence, loaded)
    current.enter(facts, call.project, loaded.name, later)


def call_facts(loaded: Loaded, call: TaskCall) -> dict[str, Any]:
    """What is known of a task before it has begun."""
    user = current.username()
    return {
        "flow_name": loaded.name,
        "run_id": call.run,
        "origin_run_id": call.origin or None,
        "step_name": call.step,
        "task_id": RunAddress(loaded.name, call.run).task(call.step, call.index).id,
        "retry_count": call.retry,
        "namespace": os.environ.get("METAFLOW_NAMESPACE") or f"user:{user}",
        "username": user,
        "tags": set(call.tags),
    }


def run_of(flow: str, run: str) -> Callable[[], Any]:
    """What `current.run` opens: the run as the client shows it."""
    return _opener("Run", f"{flow}/{run}")


def _opener(kind: str, pathspec: str) -> Callable[[], Any]:
    def opened() -> Any:
        with standard_path():
            from flowc.client import restore
            from flowc.client.context import open_here

        return restore(kind, pathspec, open_here().url, None)

    return opened


def _graph(loaded: Loaded) -> Any:
    with standard_path():
        from flowc.source.graph import graph_info
    return graph_info(loaded)


def _flow_graph(loaded: Loaded) -> Any:
    with standard_path():
        from flowc.source.flow_graph import FlowGraph
    return FlowGraph(loaded.name, _graph(loaded))


def _trigger(store: Store, address: TaskAddress) -> Any:
    """What triggered the run, as the first step wrote it down."""
    with standard_path():
        from flowc.client import trigger_of
    return trigger_of(read_run(store, address.of).trigger, store.url)


def moment(said: str) -> Any:
    """The time for which a clock started the run, as its record has it; None where none did."""
    if not said:
        return None
    from datetime import datetime

    return datetime.fromisoformat(said)


def _cards(given: list[dict[str, Any]], store: Store, fence: Fence, loaded: Loaded) -> Any:
    with standard_path():
        from flowc.cards.current_card import Cards
        from flowc.cards.live import Live
    cards = Cards(given)
    Live(store, fence, loaded).follow(cards)
    return cards


@contextlib.contextmanager
def environment(marks: StepMarks) -> Iterator[None]:
    """What `@environment` says, literal or computed when the module was imported."""
    said = (marks.find("environment") or {}).get("vars") or {}
    # What `os.environ.get` did not find is None: the variable stays unset.
    wanted = {name: str(value) for name, value in said.items() if value is not None}
    secrets = [mark.attributes for mark in marks.decorators if mark.name == "secrets"]
    if secrets:
        from flowc.task.secret_values import variables

        wanted.update(variables(secrets, {**os.environ, **wanted}))
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
