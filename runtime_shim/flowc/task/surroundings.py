"""What surrounds the code of a step: `current`, and the variables of its environment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read_run
from flowc.language import current
from flowc.standard_path import standard_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.artifacts.address import TaskAddress
    from flowc.artifacts.ordering import Fence
    from flowc.language.decorators import StepMarks
    from flowc.source.module import Loaded
    from flowc.store.protocol import Store
    from flowc.task.call import TaskCall


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
