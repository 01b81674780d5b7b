"""`flowc gc`: all runs that may go, what was begun and never finished, what was deleted by half."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from flowc.artifacts.address import RunAddress, escape
from flowc.store.protocol import Store, Unfinished

from compiler.retention.deletion import Freed, GoneError, KeptError, delete_run
from compiler.retention.rest import DAY, refusal
from compiler.retention.selection import Listing, Rules, flows, listing, selected, without_record
from compiler.retention.survey import Survey
from compiler.run.process_state import Life
from compiler.slotted_class import record
from compiler.terminal.times import ago


@record
class Kept:
    """A run that might have gone by its age, and why it stays."""

    address: RunAddress
    why: str


Event = Freed | Kept | Unfinished


def collect(
    store: Store,
    flow: str | None,
    rules: Rules,
    now: Callable[[], float],
    *,
    dry: bool = False,
    told: Callable[[RunAddress, int], None] = lambda *_: None,
) -> Iterator[Event]:
    """Delete what may go of one flow or of all, and tell of each once it is gone; with `dry` only tell.

    `told` hears, while a run is deleted, how many of its objects are gone. Raises StoreError.
    """
    began = now()
    listings = [listing(store, name) for name in flows(store)]
    wanted = [each for each in listings if flow in (None, each.flow)]
    chosen = [run.address for run in selected(listings, [each.flow for each in wanted], rules, began)]
    chosen += [address for each in wanted for address in without_record(store, each)]
    for address in chosen:
        try:
            yield delete_run(store, address, _judge(rules, began), now, dry=dry, told=partial(told, address))
        except KeptError as error:
            yield Kept(address, str(error))
        except GoneError:  # by somebody else, meanwhile
            continue
    for each in wanted:
        yield from _swept(store, each, began, dry=dry)


def _judge(rules: Rules, now: float) -> Callable[[Survey, Life | None], str | None]:
    def judge(found: Survey, life: Life | None) -> str | None:
        name = f"{found.address.flow}/{found.address.run}"
        if found.state != "unclaimed" and now - found.newest < rules.older_than:
            return f"{name} is older, and its last sign of life was {ago(found.newest, now)}"
        if rules.only_failed and found.state == "succeeded":
            return f"{name} has succeeded"
        return refusal(found, life, now)

    return judge


def _swept(store: Store, found: Listing, now: float, *, dry: bool) -> Iterator[Unfinished]:
    """What killed writers have left for a day, and places among the flow's runs of runs that are there no more."""
    for each in store.unfinished(f"{escape(found.flow)}/", now - DAY):
        if not dry:
            store.discard(each)
        yield each
    if not dry:
        store.delete_all(found.stale)
