"""A gang: the tasks of one `num_parallel` find each other in the store, run together, and end where one of them fails.

Under `<the split's folder>/gang-<its attempt>/` each node puts `here-<node>-<attempt>`; node 0 sees all of them and puts `met`:
who meets whom, and its own address. A node that fails puts `failed-<node>-<attempt>`. What an earlier life of the nodes left
there misleads nobody: where a node has been started before, node 0 counts it only once its `here` object changes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator

from flowc.artifacts.address import child
from flowc.artifacts.manifest import Manifest
from flowc.artifacts.ordering import Fence
from flowc.artifacts.pickling import Frame
from flowc.exceptions import MetaflowException, Terminated
from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path
from flowc.store.protocol import MissingError, Store, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TIMEOUT = "FLOWC_GANG_TIMEOUT"
"""The variable that says how long a node waits for the others, in seconds."""

ADDRESS = "FLOWC_ADDRESS"
"""The variable that says under which address other nodes reach this one."""

_TIMEOUT = 600.0
_SHORTEST, _LONGEST = 0.05, 2.0
_BEAT = 1.0
"""Seconds after which a node that waits shows again that it is alive."""

_WATCH, _GRACE = 3.0, 5.0


class GangError(MetaflowException):
    """The nodes did not meet, or one of them has failed."""

    headline = "Gang failed"


class Parallel(NamedTuple):
    """`current.parallel`."""

    main_ip: str
    num_nodes: int
    node_index: int
    control_task_id: str


class _Seen(NamedTuple):
    """One look at the gang's folder: the newest attempt of each node that came, the nodes that failed, whether they have met."""

    here: dict[int, int]
    failed: frozenset[tuple[int, int]]
    has_met: bool


class Gang:
    """One node of a gang. `split` is the manifest of the step that opened it, `frame` the node's place in it."""

    def __init__(self, store: Store, split: Manifest, frame: Frame, fence: Fence) -> None:
        self._store = store
        self._fence = fence
        self._node, self._size = frame.place, frame.fan
        self._step, self._index = fence.address.step, split.address.index
        self._folder = f"{split.address.folder}/gang-{split.attempt:04d}/"
        self._beats = 0
        self._seen_before: dict[int, tuple[int, bytes]] = {}
        self._trouble = ""
        first = self._look()
        self._old = first.failed if fence.attempt > 1 else frozenset()

    def meet(self) -> Parallel:
        """Wait until all nodes run. Raises GangError where they do not within the time, or one fails."""
        seconds = _seconds()
        until, pause, shown = time.monotonic() + seconds, _SHORTEST, 0.0
        while True:
            if time.monotonic() >= shown:
                shown = time.monotonic() + _BEAT
                self._show()
            seen = self._look()
            self._check(seen)
            address = self._lead(seen) if self._node == 0 else self._follow(seen)
            if address is not None:
                main = self._fence.address._replace(index=child(self._index, 0))
                return Parallel(address, self._size, self._node, main.id)
            if time.monotonic() >= until:
                raise GangError(self._missing(seen, seconds))
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST)

    @contextlib.contextmanager
    def watched(self, give_up: Callable[[BaseException], None]) -> Iterator[None]:
        """End the block with GangError where another node fails meanwhile; `give_up` must end the process where that does not help."""
        with standard_path():
            import threading

        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(over, give_up), daemon=True)
        watch.start()
        try:
            yield
        except Terminated:
            if self._trouble:
                raise GangError(self._trouble) from None
            raise
        finally:
            over.set()

    def fail(self) -> None:
        """Tell the others that this node has failed, where it has not failed because of them."""
        if self._trouble:
            return
        with contextlib.suppress(StoreError):
            self._store.put(f"{self._folder}failed-{self._node}-{self._fence.attempt:04d}", (b"",))

    def _show(self) -> None:
        self._beats += 1
        told = json.dumps({"token": self._fence.token, "beat": self._beats}).encode()
        self._store.put(f"{self._folder}{_here(self._node, self._fence.attempt)}", (told,))

    def _look(self) -> _Seen:
        here: dict[int, int] = {}
        failed = set()
        has_met = False
        for key in self._store.list(self._folder):
            kind, _, rest = key[len(self._folder) :].partition("-")
            node, _, attempt = rest.partition("-")
            if kind == "here":
                here[int(node)] = max(here.get(int(node), 0), int(attempt))
            elif kind == "failed":
                failed.add((int(node), int(attempt)))
            has_met = has_met or kind == "met"
        return _Seen(here, frozenset(failed), has_met)

    def _check(self, seen: _Seen) -> None:
        if seen.here.get(self._node, 0) > self._fence.attempt:
            raise GangError(f"a newer attempt of node {self._node} of {self._step!r} has begun")
        newest = {(node, attempt) for node, attempt in seen.failed - self._old if seen.here.get(node) == attempt}
        if newest:
            self._trouble = self._failure(newest)
            raise GangError(self._trouble)

    def _failure(self, failed: set[tuple[int, int]]) -> str:
        nodes = ", ".join(str(node) for node in sorted(node for node, _ in failed))
        return (
            f"node{'s' * (len(failed) > 1)} {nodes} of {self._step!r} has failed, and the nodes of a gang fail together"
        )

    def _missing(self, seen: _Seen, seconds: float) -> str:
        came = set(seen.here) if self._node else set(self._tokens(seen))
        absent = ", ".join(str(node) for node in range(self._size) if node not in came)
        told = f"node {absent} did not" if absent else "node 0 did not begin"
        return (
            f"{len(came)} of the {self._size} nodes of {self._step!r} came within {seconds:g} s, {told}: all of them must run at once. "
            f"Give the engine room for all, or more time by {TIMEOUT}; nodes that are started again must all be started again"
        )

    def _tokens(self, seen: _Seen) -> dict[int, str]:
        """The nodes that are certainly alive, by what only they know."""
        found: dict[int, str] = {}
        for node, attempt in seen.here.items():
            with contextlib.suppress(MissingError):
                data = self._store.get(self._folder + _here(node, attempt)).data
                before = self._seen_before.setdefault(node, (attempt, data))
                is_new = attempt == self._fence.attempt == 1 or node == self._node
                if is_new or before != (attempt, data):
                    found[node] = json.loads(data)["token"]
        return found

    def _lead(self, seen: _Seen) -> str | None:
        if len(seen.here) < self._size:
            return None
        tokens = self._tokens(seen)
        if len(tokens) < self._size:
            return None
        address = own_address()
        met = {"attempt": self._fence.attempt, "address": address, "tokens": list(tokens.values())}
        self._store.put(f"{self._folder}met", (json.dumps(met).encode(),))
        return address

    def _follow(self, seen: _Seen) -> str | None:
        if not seen.has_met:
            return None
        met: dict[str, Any] = json.loads(self._store.get(f"{self._folder}met").data)
        if self._fence.token not in met["tokens"] or met["attempt"] != seen.here.get(0):
            return None
        return str(met["address"])

    def _watch(self, over: Any, give_up: Callable[[BaseException], None]) -> None:
        while not over.wait(_WATCH):
            with contextlib.suppress(StoreError):
                seen = self._look()
                failed = {
                    one for one in seen.failed - self._old if one[0] != self._node and seen.here.get(one[0]) == one[1]
                }
                if failed:
                    self._trouble = self._failure(failed)
                    os.kill(os.getpid(), signal.SIGTERM)
                    if not over.wait(_GRACE):
                        give_up(GangError(self._trouble))
                    return


def _here(node: int, attempt: int) -> str:
    return f"here-{node}-{attempt:04d}"


def _seconds() -> float:
    text = os.environ.get(TIMEOUT) or str(_TIMEOUT)
    try:
        return float(text)
    except ValueError:
        raise GangError(f"{TIMEOUT} wants a number of seconds, not {text!r}") from None


def own_address() -> str:
    """The address of the interface that leads out of this machine; its name's, and at last the loopback's, where none does."""
    given = os.environ.get(ADDRESS)
    if given:
        return given
    with standard_path():
        import socket

    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # nothing is sent: it only asks for the route
        return str(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        return socket.gethostbyname(socket.gethostname())
    return "127.0.0.1"
