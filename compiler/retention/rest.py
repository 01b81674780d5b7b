"""When a run may be deleted: what is known of its process where that was here, else how long nothing has happened.

A store has no heartbeat (docs/decisions/0011): a task of a day writes nothing for a day. So a run of which nobody can tell that it
has ended counts as one that goes on until it has been silent for a while.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowc.artifacts.manifest import RunRecord
from flowc.store.protocol import Store

from compiler.retention.survey import State, Survey, survey
from compiler.run.process_state import Life, life
from compiler.terminal.times import ago

DAY = 86_400.0
SILENCE: Mapping[State, float] = {"succeeded": 0.0, "failed": DAY, "open": 7 * DAY, "unclaimed": 7 * DAY}
"""Seconds without a sign of life after which a run counts as ended. An engine may try a failed task again for a day; a task that
has begun may work for a week; what nobody has claimed may wait in a queue for its first step."""


def refusal(found: Survey, known: Life | None, now: float, *, insists: bool = False) -> str | None:
    """Why the run may not be deleted; None where it may. `insists`: somebody knows that it has ended."""
    name = f"{found.address.flow}/{found.address.run}"
    if known == "running":
        return f"{name} is running on this machine: end it first"
    if known or insists:
        return None
    silent = now - (found.newest if found.state != "unclaimed" else found.touched)
    if silent >= SILENCE[found.state]:
        return None
    last = ago(now - silent, now)
    until = f"counts as ended once it has been silent for {_days(SILENCE[found.state])}, or with --force"
    if found.state == "failed":
        return f"{name} has failed, and its engine may still try again: the last sign of life was {last}; it {until}"
    if found.state == "unclaimed":
        return f"{name} has not begun, the last that was written for it was {last}; it {until}"
    begun = (
        f"{found.open} of its tasks {'has' if found.open == 1 else 'have'} begun and not ended, " if found.open else ""
    )
    return f"{name} may be running: {begun}the last sign of life was {last}; it {until}"


def may_go_on(store: Store, run: RunRecord, now: float) -> str | None:
    """Why nobody should go on from this run yet: it has not ended, as far as anybody here can tell. None where it has."""
    name, known = f"{run.flow}/{run.run}", life(store.url, run.address)
    if known == "running":
        return f"{name} is running on this machine"
    if known:
        return None
    found = survey(store, run.address, run)
    last = max(found.newest, run.created)
    if found.state != "open" or now - last >= DAY:
        return None
    return f"{name} may be running: it has not ended, and the last sign of life was {ago(last, now)}"


def _days(seconds: float) -> str:
    days = int(seconds // DAY)
    return "a day" if days == 1 else f"{days} days"
