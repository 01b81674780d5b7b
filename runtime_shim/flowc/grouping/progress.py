"""Containers that do the same tasks, one after the other or, by a fault of the engine, at once: which counts, and where it goes on.

A container takes the next number, as an attempt of a task does; what its tasks begin carries its token. One whose `--retry` is 0
begins a life: all of its tasks run. One that follows it goes on at the first task that no container of that life has finished.
Whoever has the higher number wins: a task that has begun looks whether there is a later container, and ends where there is.
"""

from __future__ import annotations

import json
import os
import time

from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import VERSION, Attempt, Manifest, attempts, read
from flowc.artifacts.pickling import opened, seal
from flowc.named_tuple import NamedTuple
from flowc.store.protocol import DamagedError, MissingError, Store, sha256
from flowc.task.call import Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TOKEN = 16
"""The last so many digits of a task's token are its container's."""


class Life(NamedTuple):
    """A container, and the tokens of those of the same life, its own among them; `goes_on` where others were before it."""

    container: Container
    tokens: frozenset[str]
    goes_on: bool

    def has_made(self, token: str) -> bool:
        """Whether a container of this life has begun what has this token."""
        return container_of(token) in self.tokens


def container_of(token: str) -> str:
    """The token of the container that has begun what has this one; where no other has the same, it did that task alone."""
    return token[-_TOKEN:]


def begin(store: Store, first: TaskAddress, retry: int, *, at_most: bool, owner: str) -> Life:
    """The next container of tasks of which `first` is the first. Where that begins the run, another `owner` has other containers.

    `retry`: how often the engine has started it before in this life; with `at_most` it counts what was no start, too.
    """
    prefix = f"{first.folder}/container-" + (f"{sha256((owner.encode(),))[:8]}-" if owner else "")
    token = os.urandom(_TOKEN // 2).hex()
    earlier = _earlier(store, prefix) if retry else []
    number = len(earlier) + 1
    while True:
        if at_most:
            retry = min(retry, earlier[-1]["retry"] + 1 if earlier else 0)
        fields = {"version": VERSION, "token": token, "retry": retry, "started": time.time()}
        if store.create(f"{prefix}{number:04d}", seal(json.dumps(fields).encode())):
            break
        earlier = _earlier(store, prefix)
        number = max(len(earlier), number) + 1
    tokens = {token, *_of_life(earlier)} if retry else {token}
    return Life(Container(token, f"{prefix}{number + 1:04d}"), frozenset(tokens), len(tokens) > 1)


def _earlier(store: Store, prefix: str) -> list[dict[str, Any]]:
    found = []
    for key in store.list(prefix):
        fields = opened(store.get(key).data)
        if fields is None:
            raise DamagedError(f"the record of a container, {key}, is damaged: start a new run")
        found.append(fields)
    return found


def _of_life(earlier: list[dict[str, Any]]) -> list[str]:
    """The tokens of the containers since the last that began a life."""
    begun = max((at for at, fields in enumerate(earlier) if not fields["retry"]), default=0)
    return [fields["token"] for fields in earlier[begun:]]


def left(store: Store, address: TaskAddress, life: Life) -> Manifest | None:
    """What a task has left in this life; None where it has not finished in it."""
    try:
        found = read(store, address)
    except MissingError:
        return None
    return found if life.has_made(found.token) else None


def begun(store: Store, address: TaskAddress, life: Life) -> tuple[Attempt, ...]:
    """The attempts of a task that containers of this life have begun."""
    return tuple(one for one in attempts(store, address) if life.has_made(one.token))
