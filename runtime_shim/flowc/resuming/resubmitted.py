"""A run that an engine begins in the middle: what an earlier one has done becomes its own, before the first of its tasks."""

from __future__ import annotations

import time

from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read_run
from flowc.artifacts.ordering import claim
from flowc.client.walk import walk
from flowc.exceptions import CallMistake
from flowc.resuming.clone import Clone
from flowc.store.protocol import MissingError, Store


def take_over(store: Store, run: RunAddress, origin: str) -> None:
    """Let the run have all that `origin` has finished, unless it has begun by itself. Raises CallMistake where there is no such run.

    Several tasks may do so at once: each manifest is put where there is none, and the run's record, which tells that all is
    there, comes last.
    """
    if store.size(run.record) is not None:
        return
    try:
        earlier = read_run(store, RunAddress(run.flow, origin))
    except MissingError:
        raise CallMistake(
            f"{run.run} goes on from {origin}, and the store {store.url} has nothing of that: start a new run, from its first step"
        ) from None
    into = earlier._replace(run=run.run, owner=f"goes on from {origin}", created=time.time(), origin=origin)
    clone = Clone(store, earlier, into)
    clone.begin()
    for address, manifest in walk(store, earlier.address):
        found = clone.finished(address.step, address.index) if manifest is not None else None
        if found is not None:
            clone.take(found)
    clone.check()
    claim(store, into)
