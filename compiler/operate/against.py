"""Today's flows against what is deployed: what `deploy` would change, asked for by `flowc diff --against deployed`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from compiler.backends.targets import load_backend
from compiler.call.sources import FLOWS, FlowName, Surroundings
from compiler.fleet.compiling import Request
from compiler.fleet.parts import distinct
from compiler.fleet.whole import is_whole
from compiler.ir.flow import Value
from compiler.mistakes import CallError
from compiler.operate.deploying import Step, steps
from compiler.operate.engines import connected, engine_of, operable
from compiler.operate.releases import releases
from compiler.slotted_class import record


@record
class Compared:
    """What differs on one engine; `where` is the engine for people."""

    target: str
    where: str
    steps: tuple[Step, ...]

    @property
    def is_equal(self) -> bool:
        """Whether deploying would change nothing."""
        return all(step.state == "unchanged" for step in self.steps)


def compared(
    words: Sequence[str],
    targets: Sequence[str],
    surroundings: Surroundings,
    connection: Mapping[str, Value],
) -> tuple[Compared, ...] | None:
    """What differs on the engine of each target, by default of each that the settings say how to reach.

    None where a flow of today has a mistake, which is shown. Without a word all flows of the workspace are compared, and what it no longer
    makes is told, too. Raises CallError, EngineError.
    """
    names = distinct(surroundings.flows([FLOWS.convert(word, None, None) for word in words]))
    settings = surroundings.settings(names[0].path)
    targets = tuple(targets) or connected(settings)
    if not targets:
        raise CallError(
            "--against deployed: say with --target on which engine, or how to reach one in [tool.flowc.<target>.connection]"
        )
    found: list[Compared] = []
    for target in targets:
        one = _on(target, names, surroundings, connection)
        if one is None:
            return None
        found.append(one)
    return tuple(found)


def _on(
    target: str, names: tuple[FlowName, ...], surroundings: Surroundings, connection: Mapping[str, Value]
) -> Compared | None:
    operable(target)
    backend = load_backend(target)
    assert backend is not None
    planned = releases(Request(backend, names, None, {}, surroundings, is_to_folder=True), time.time())
    if planned is None:
        return None
    first = planned[0]
    settings = surroundings.settings(first.compiled.path).for_flow(first.compiled.flow)
    engine = engine_of(target, settings, connection)
    workspace = first.release.record.workspace if is_whole(names, surroundings) else None
    return Compared(target, engine.where, steps(engine, planned, target, prune=workspace or None, env=surroundings.env))
