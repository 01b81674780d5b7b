"""Whether what a task loads belongs together: no two of its inputs stem from different attempts of one earlier task.

A container of an earlier attempt may start late and win (`argo retry` counts from 0 again), while what followed has loaded what
it replaced. Each manifest therefore carries the tokens of the splits that are open around it and of the switches that led to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowc.artifacts.manifest import Manifest
from flowc.exceptions import CallMistake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.artifacts.address import TaskAddress
    from flowc.artifacts.inputs import Inputs

_NAMED = 5
"""So many tasks are named; of more the number."""


class Mixed(CallMistake):
    """What the task loads stems from several attempts of one earlier task: what loaded the older one has to run again."""

    headline = "Mixed attempts"


def check_switches(found: Manifest, switches: Iterable[Manifest]) -> None:
    """Raise Mixed where a switch has decided anew since it led to the task that left `found`."""
    known = found.chose
    for switch in switches:
        if known.get(switch.address.step, switch.token) != switch.token:
            raise Mixed(_told([found.address], switch.address.step))


def check_inputs(split: Manifest, inputs: Inputs) -> None:
    """Raise Mixed where branches of a join went on from another attempt of its split, or of one around it, than the join does."""
    older: dict[str, list[TaskAddress]] = {}
    for place, found in zip(inputs.places, inputs.manifests()):
        check_switches(found, place.switches)
        for (step, _), before, now in zip(split.open, found.since or (), split.since or ()):
            if before != now:
                older.setdefault(step, []).append(found.address)
                break
    if older:
        step, addresses = next(iter(older.items()))
        raise Mixed(_told(addresses, step))


def _told(addresses: list[TaskAddress], step: str) -> str:
    more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
    names = ", ".join(f"{each.of.flow}/{each.of.run}/{each.step}/{each.name}" for each in addresses[:_NAMED]) + more
    return (
        f"{names} went on from an attempt of step {step!r} that a later one has replaced, so the run would mix both: "
        f"run the tasks again that lead from {step!r} to there"
    )
