"""What surrounds the code of a step: `current`, and the variables of its environment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

from flowc import running
from flowc.lean import TYPE_CHECKING
from flowc.manifest import read_run
from flowc.standard import standard_path

if TYPE_CHECKING:
    from typing import Any

    from flowc.address import TaskAddress
    from flowc.decorators import StepMarks
    from flowc.sources import Loaded
    from flowc.store import Store
    from flowc.task import TaskCall


def enter(
    loaded: Loaded,
    call: TaskCall,
    store: Store,
    address: TaskAddress,
    tags: tuple[str, ...],
    parameters: tuple[str, ...],
) -> None:
    """Fill `current` for a task whose run is known."""
    facts = {
        **call_facts(loaded, call),
        "task_id": address.name,
        "pathspec": str(address),
        "tags": set(tags),
        "parameter_names": list(parameters),
    }
    later: dict[str, Callable[[], Any]] = {
        "_graph": lambda: _graph(loaded),
        "trigger": lambda: _trigger(store, address),
    }
    given = [mark.attributes for mark in reversed(loaded.steps[call.step].decorators) if mark.name == "card"]
    if given:
        facts["card"] = _cards(given)
    running.enter(facts, call.project, loaded.name, later)


def call_facts(loaded: Loaded, call: TaskCall) -> dict[str, Any]:
    """What is known of a task before it has begun."""
    user = running.username()
    return {
        "flow_name": loaded.name,
        "run_id": call.run,
        "origin_run_id": call.origin or None,
        "step_name": call.step,
        "task_id": call.index,
        "retry_count": call.retry,
        "namespace": os.environ.get("METAFLOW_NAMESPACE") or f"user:{user}",
        "username": user,
        "tags": set(call.tags),
    }


def _graph(loaded: Loaded) -> Any:
    with standard_path():
        from flowc.graph import graph_info
    return graph_info(loaded)


def _trigger(store: Store, address: TaskAddress) -> Any:
    """What triggered the run, as the first step wrote it down."""
    with standard_path():
        from flowc.events import trigger_of
    return trigger_of(read_run(store, address.of).trigger, store.url)


def _cards(given: list[dict[str, Any]]) -> Any:
    with standard_path():
        from flowc.cards.appended import Cards
    return Cards(given)


@contextlib.contextmanager
def environment(marks: StepMarks) -> Iterator[None]:
    """What `@environment` says, literal or computed when the module was imported."""
    said = (marks.find("environment") or {}).get("vars") or {}
    # What `os.environ.get` did not find is None: the variable stays unset.
    wanted = {name: str(value) for name, value in said.items() if value is not None}
    secrets = [mark.attributes for mark in marks.decorators if mark.name == "secrets"]
    if secrets:
        from flowc.secret_values import variables

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
