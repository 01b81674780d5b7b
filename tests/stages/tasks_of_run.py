"""The tasks of a run, found without the client: what tests compare it and the engines with."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.artifacts.manifest import Manifest, read, read_run
from flowc.store.protocol import MissingError, Store


def walk(store: Store, address: RunAddress) -> Iterator[tuple[TaskAddress, Manifest | None]]:
    """Every task that the run's decisions and widths lead to, from the first step on, with its manifest.

    None in place of a manifest: the task runs, waits, or has failed (`attempts` tells). What an earlier life of the run left
    and no decision leads to any more is not seen. Raises MissingError where there is no such run.
    """
    waiting = [address.task(read_run(store, address).first)]
    seen = set(waiting)
    for task in waiting:
        try:
            manifest: Manifest | None = read(store, task)
        except MissingError:
            manifest = None
        yield task, manifest
        for follower in manifest.followers() if manifest else ():
            if follower not in seen:
                seen.add(follower)
                waiting.append(follower)
