"""What a generated flow holds, in words that can be counted: constructs, what its steps do, and in which regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.conformance.configuring import NAME, Configured
from tests.conformance.faults import FailAlways, FailFirst
from tests.conformance.furnish import StepDef
from tests.conformance.shapes import Level
from tests.conformance.structure import placed, places, structure


def traits(level: Level, steps: Mapping[str, StepDef]) -> frozenset[str]:
    """The words of a flow's structure, and of what happens where: `retry after kill in foreach in split`."""
    done = ((word, around) for step, around in places(level) for word in _of_step(steps[step]))
    return structure(level) | {word for what, around in done for word in placed(what, around)}


def _of_step(step: StepDef) -> Iterator[str]:
    for act in step.acts:
        match act:
            case FailFirst():
                yield f"retry after {act.kind}"
            case FailAlways():
                yield f"catch of {act.kind}"
            case Configured():
                yield "config"
            case _:
                pass
    if any(f"{NAME}." in decorator for decorator in step.decorators):
        yield "config in a decorator"
    if step.transition and f"self.{NAME}." in step.transition:
        yield "config as a key"
    if any(decorator.startswith("@timeout") for decorator in step.decorators):
        yield "timeout"
    if step.is_join and any(".merge_artifacts(" in line for act in step.acts for line in act.lines()):
        yield "merge"
    if any(decorator.startswith(("@noted", "@around")) for decorator in step.decorators):
        yield "wrapper"
