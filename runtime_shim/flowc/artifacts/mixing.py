"""Whether what a task loads belongs together: no two of its inputs stem from different attempts of one earlier task, or of other code.

A container of an earlier attempt may start late and win (`argo retry` counts from 0 again), while what followed has loaded what
it replaced. Each manifest therefore carries the tokens of the splits that are open around it and of the switches that led to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flowc.artifacts.manifest import Manifest
from flowc.exceptions import CallMistake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.artifacts.address import TaskAddress
    from flowc.artifacts.inputs import Inputs

_NAMED = 5
"""So many tasks or files are named; of more the number."""


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


class OtherCode(CallMistake):
    """What the task loads was left by other code than it would run itself, and `same_code` refuses that."""

    headline = "Other code"


def check_code(step: str, code: Mapping[str, str], loaded: Iterable[Manifest]) -> None:
    """Raise OtherCode where a file of the code was another one for a task that left one of the manifests.

    What a resumed run has taken over is no such task: to go on with other code is what that is for.
    """
    for found in loaded:
        files = [] if found.origin else sorted(changed(code, found.code))
        if files:
            raise OtherCode(
                f"step {step!r} would run other code than {found.address}, which it goes on from: {named(files)} changed since, "
                "and the setting same_code refuses that. Start a new run, run what came before it again, "
                "or give the run the code back that it began with"
            )


def changed(code: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    """The files that both have run and that differ; one of them may have imported more."""
    return {path for path, digest in code.items() if other.get(path, digest) != digest}


def other_code(manifests: Iterable[Manifest]) -> dict[TaskAddress, tuple[str, ...]]:
    """The tasks of a run that ran other code than those that began before them, and the files that had changed by then.

    What a resumed run has taken over is left out.
    """
    first: dict[str, str] = {}
    found: dict[TaskAddress, tuple[str, ...]] = {}
    for manifest in sorted(manifests, key=lambda each: each.started):
        code = {} if manifest.origin else manifest.code
        files = tuple(sorted(path for path, digest in code.items() if first.setdefault(path, digest) != digest))
        if files:
            found[manifest.address] = files
    return found


def named(names: Sequence[str]) -> str:
    """Some names as a text, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _told(addresses: list[TaskAddress], step: str) -> str:
    names = named([f"{each.of.flow}/{each.of.run}/{each.step}/{each.name}" for each in addresses])
    return (
        f"{names} went on from an attempt of step {step!r} that a later one has replaced, so the run would mix both: "
        f"run the tasks again that lead from {step!r} to there"
    )
