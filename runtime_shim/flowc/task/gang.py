"""A gang: the tasks of one `num_parallel` find each other in the store, run together, and end as one.

Each attempt of the gang is one attempt of every node. Under `<the split's folder>/gang-<its attempt>/` lie

    here-<node>-<attempt>             a node that lives: it changes as long as the node waits
    apart-<attempt of node 0>         who has to end, because another node is further with its attempts
    met-<attempt of node 0>           a meeting: the attempts of its nodes, and the address of node 0
    failed-<node>-<attempt>-<retry>   a node that failed before it met
    left-<node>-<attempt>             the manifest that a node would publish
    done-<node>-<attempt>             whether that attempt has done its part: `done`, or `lost` where a later one began; put once
    end-<attempt of node 0>           how the meeting ended, for all of its nodes; put once

What an earlier life of the nodes left misleads nobody: where a node has been started before, node 0 counts it only once its
`here` object changes. docs/decisions/0016-gangs-again.md says why nothing of two attempts is ever mixed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

from flowc.artifacts.address import child
from flowc.artifacts.manifest import Manifest, attempts, read
from flowc.artifacts.ordering import Fence
from flowc.artifacts.pickling import Frame
from flowc.exceptions import MetaflowException, Terminated
from flowc.language import current
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

_RARELY = 30.0
"""The same of a node that works, or has done its part and waits for the others to do theirs."""

_WATCH, _GRACE = 3.0, 5.0
_DONE, _LOST = b"done", b"lost"


class GangError(MetaflowException):
    """The nodes did not meet, or one of them has failed."""

    headline = "Gang failed"


class Parallel(NamedTuple):
    """`current.parallel`."""

    main_ip: str
    num_nodes: int
    node_index: int
    control_task_id: str


class Chances(NamedTuple):
    """What the engine gives each node: whether it may start it again after this attempt, and the pause before it does, in seconds."""

    again: bool = False
    pause: float = 0.0


class _Seen(NamedTuple):
    """One look at the gang's folder: its keys, the newest attempt of each node that came, and the failures before a meeting:
    node, attempt, and how much of `@retry` that had used up.
    """

    keys: frozenset[str]
    here: dict[int, int]
    failed: frozenset[tuple[int, int, int]]


class _Meeting(NamedTuple):
    """Nodes that have met, each by its attempt; the attempt of node 0 is also the meeting's name. All have used up as much of `@retry`."""

    attempts: tuple[int, ...]
    retry: int
    address: str

    @property
    def end(self) -> str:
        return f"end-{self.attempts[0]:04d}"


class Gang:
    """One node of a gang. `split` is the manifest of the step that opened it, `frame` the node's place in it."""

    def __init__(self, store: Store, split: Manifest, frame: Frame, fence: Fence, chances: Chances) -> None:
        self._store, self._fence, self._chances = store, fence, chances
        self._node, self._size = frame.place, frame.fan
        self._step, self._index = fence.address.step, split.address.index
        self._folder = f"{split.address.folder}/gang-{split.attempt:04d}/"
        self._beats, self._shown, self._patience = 0, float("-inf"), 0.0
        self._heard: dict[int, tuple[bytes, float]] = {}
        self._seen_before: dict[int, tuple[int, bytes]] = {}
        self._meeting: _Meeting | None = None
        self.known_trouble = ""
        """Why this node ends with the others; empty as long as it has none but its own trouble."""
        self._lives = self._lives_before()
        first = self._look()
        is_later_life = len(self._lives) > 1 if fence.retry else fence.attempt > 1
        self._old = first.failed if is_later_life else frozenset()

    def before(self) -> bytes | None:
        """The manifest that an earlier attempt of this node had ready, where its gang has ended well: nothing is to be done again.

        From here on no earlier attempt of this node can end its part of a meeting.
        """
        if self._fence.attempt == 1:
            return None
        self._show()
        for attempt in self._earlier(self._look()):
            self._store.create(self._key(f"done-{self._node}-{attempt:04d}"), _LOST)
        seen = self._look()
        meeting = self._left(seen)
        if meeting is None or not self._settled(meeting, seen) or not self._is_of_this_life(meeting, seen):
            return None
        return self._store.get(self._key(f"left-{self._node}-{meeting.attempts[self._node]:04d}")).data

    def meet(self) -> Parallel | GangError:
        """Wait until all nodes run; a GangError where they do not within the time, or one fails."""
        try:
            return self._meet()
        except GangError as error:
            return error

    def enter(self) -> GangError | None:
        """Meet, and say so in `current`; why the nodes did not."""
        there = self.meet()
        if isinstance(there, GangError):
            return there
        current.add({"parallel": there, "is_parallel": True})
        return None

    def finish(self, data: bytes) -> GangError | None:
        """Wait until all nodes have done their part; `data` is the manifest that this one then publishes.

        A node that was killed is known by its next attempt: where there will be none, nobody waits. Where none comes although the
        engine owes it, its silence tells. A GangError where another node has failed.
        """
        if self._chances.again:
            self._store.put(self._key(f"left-{self._node}-{self._fence.attempt:04d}"), (data,))
            self._store.create(self._key(f"done-{self._node}-{self._fence.attempt:04d}"), _DONE)
            self.known_trouble = self._ended()
        return GangError(self.known_trouble) if self.known_trouble else None

    def _meet(self) -> Parallel:
        self._patience = seconds = _seconds() + (self._chances.pause if self._fence.retry else 0)
        until, pause = time.monotonic() + seconds, _SHORTEST
        while True:
            if time.monotonic() >= self._shown + _BEAT:
                self._shown = time.monotonic()
                self._show()
            seen = self._look()
            self._check(seen)
            self._meeting = self._lead(seen) if self._node == 0 else self._follow(seen)
            if self._meeting is not None:
                main = self._fence.address._replace(index=child(self._index, 0))
                return Parallel(self._meeting.address, self._size, self._node, main.id)
            if time.monotonic() >= until:
                raise GangError(self._missing(seen, seconds))
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST)

    def watched(self, give_up: Callable[[BaseException], None]) -> Watched:
        """End the block with GangError where another node fails meanwhile; `give_up` must end the process where that does not help."""
        return Watched(self, give_up)

    def fail(self) -> None:
        """Tell the others that this node has failed, where it has not failed because of them."""
        with contextlib.suppress(StoreError):
            if self._meeting is not None:
                self._end(self._meeting, self.known_trouble or self._failure({self._node}))
            elif not self.known_trouble:
                name = f"failed-{self._node}-{self._fence.attempt:04d}-{self._fence.retry}"
                self._store.put(self._key(name), (b"",))

    def trouble(self) -> str:
        """Why the meeting is over while this node runs; empty where it is not. Shows the others that it does."""
        self._show_sometimes()
        meeting, seen = self._met(), self._look()
        self.known_trouble = self._told(meeting) if meeting.end in seen.keys else self._lost(meeting, seen)
        return self.known_trouble

    def _ended(self) -> str:
        """Wait until the meeting has ended; what ended it, empty where all nodes have done their part."""
        meeting, pause = self._met(), _SHORTEST
        while True:
            seen = self._look()
            if meeting.end in seen.keys:
                return self._told(meeting)
            if self._show_sometimes():
                self._listen(meeting, seen)
            if self._node == 0:
                self._decide(meeting, seen)
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST)

    def _show_sometimes(self) -> bool:
        """Show that this node lives, where others may wait for it and it has not done so for a while; whether it has."""
        if not self._chances.again or time.monotonic() < self._shown + min(_RARELY, self._patience / 4):
            return False
        self._shown = time.monotonic()
        self._show()
        return True

    def _listen(self, meeting: _Meeting, seen: _Seen) -> None:
        """End the meeting where a node that this one waits for has been silent for too long: the engine has given it up."""
        now = time.monotonic()
        silent = set()
        for node in range(self._size) if self._node == 0 else (0,):
            name = _here(node, meeting.attempts[node])
            data = self._store.get(self._key(name)).data
            if self._heard.setdefault(node, (data, now))[0] != data:
                self._heard[node] = data, now
            elif now - self._heard[node][1] > self._patience:
                silent.add(node)
        if silent:
            is_done = self._all_done(meeting, seen)
            self._end(meeting, "" if is_done else self._because(silent, f"has been silent for {self._patience:g} s"))

    def _lives_before(self) -> tuple[int, ...]:
        """The attempts of this node with which an engine, or a person, has begun it anew, before this one."""
        if self._fence.attempt == 1:
            return ()
        earlier = attempts(self._store, self._fence.address)
        return tuple(one.number for one in earlier if one.number < self._fence.attempt and not one.retry)

    def _key(self, name: str) -> str:
        return self._folder + name

    def _show(self) -> None:
        self._beats += 1
        told = {"token": self._fence.token, "beat": self._beats, "retry": self._fence.retry}
        self._store.put(self._key(_here(self._node, self._fence.attempt)), (json.dumps(told).encode(),))

    def _look(self) -> _Seen:
        keys = frozenset(key[len(self._folder) :] for key in self._store.list(self._folder))
        here: dict[int, int] = {}
        failed = set()
        for key in keys:
            kind, *numbers = key.split("-")
            if kind == "here":
                node, attempt = map(int, numbers)
                here[node] = max(here.get(node, 0), attempt)
            elif kind == "failed":
                node, attempt, retry = map(int, numbers)
                failed.add((node, attempt, retry))
        return _Seen(keys, here, frozenset(failed))

    def _earlier(self, seen: _Seen) -> Iterator[int]:
        """The attempts of this node before this one that may still end their part of a meeting."""
        start = f"here-{self._node}-"
        for key in sorted(seen.keys):
            attempt = int(key[len(start) :]) if key.startswith(start) else self._fence.attempt
            if attempt < self._fence.attempt and f"done-{self._node}-{attempt:04d}" not in seen.keys:
                yield attempt

    def _left(self, seen: _Seen) -> _Meeting | None:
        """The newest meeting of an earlier attempt of this node; it may have met anew already, since it was seen."""
        for name in sorted((key for key in seen.keys if key.startswith("met-")), reverse=True):
            meeting = self._read_meeting(name)
            if meeting.attempts[self._node] < self._fence.attempt:
                return meeting
        return None

    def _is_of_this_life(self, meeting: _Meeting, seen: _Seen) -> bool:
        """Whether the meeting is one that the engine starts this node again from, and not one that a person has begun anew after."""
        own = meeting.attempts[self._node]
        newer = {node: at for node, at in seen.here.items() if at > meeting.attempts[node] and node != self._node}
        if any(self._retry(node, at) <= meeting.retry for node, at in newer.items()):
            return False
        if self._fence.retry:
            return own >= max(self._lives, default=0)
        try:
            return read(self._store, self._fence.address).attempt < own
        except MissingError:
            return True

    def _retry(self, node: int, attempt: int) -> int:
        return int(json.loads(self._store.get(self._key(_here(node, attempt))).data)["retry"])

    def _settled(self, meeting: _Meeting, seen: _Seen) -> bool:
        """Whether a meeting that this node has left has ended well; this decides it where nothing has."""
        if meeting.end not in seen.keys:
            self._end(meeting, "" if self._all_done(meeting, seen) else self._again({self._node}))
        return not self._told(meeting)

    def _decide(self, meeting: _Meeting, seen: _Seen) -> None:
        """End the meeting where all have done their part, or one of them has been started again."""
        if self._all_done(meeting, seen):
            self._end(meeting, "")
        elif lost := self._lost(meeting, seen):
            self._end(meeting, lost)

    def _all_done(self, meeting: _Meeting, seen: _Seen) -> bool:
        names = [f"done-{node}-{attempt:04d}" for node, attempt in enumerate(meeting.attempts)]
        return seen.keys.issuperset(names) and all(self._store.get(self._key(name)).data == _DONE for name in names)

    def _lost(self, meeting: _Meeting, seen: _Seen) -> str:
        """Which nodes have been started again since they met; empty where none has."""
        lost = {node for node, attempt in enumerate(meeting.attempts) if seen.here.get(node, 0) > attempt}
        return self._again(lost) if lost else ""

    def _end(self, meeting: _Meeting, trouble: str) -> None:
        """Let the meeting end in this way, unless it has ended already."""
        self._store.create(self._key(meeting.end), json.dumps({"trouble": trouble}).encode())

    def _told(self, meeting: _Meeting) -> str:
        """What ended the meeting; empty where all nodes have done their part."""
        return str(json.loads(self._store.get(self._key(meeting.end)).data)["trouble"])

    def _met(self) -> _Meeting:
        assert self._meeting is not None, "the nodes have met"
        return self._meeting

    def _check(self, seen: _Seen) -> None:
        if seen.here.get(self._node, 0) > self._fence.attempt:
            self._stop(f"a newer attempt of node {self._node} of {self._step!r} has begun")
        newest = {
            node
            for node, attempt, retry in seen.failed - self._old
            if node != self._node and retry >= self._fence.retry and seen.here.get(node, 0) <= attempt
        }
        if newest:
            self._stop(self._failure(newest))
        apart = f"apart-{seen.here.get(0, 0):04d}"
        if apart in seen.keys:
            told: dict[str, Any] = json.loads(self._store.get(self._key(apart)).data)
            if told["behind"].get(str(self._node)) == self._fence.attempt:
                self._stop(self._again(set(told["ahead"])))

    def _stop(self, trouble: str) -> None:
        self.known_trouble = trouble
        raise GangError(trouble)

    def _failure(self, failed: set[int]) -> str:
        return f"{self._named(failed)} has failed, and the nodes of a gang fail together"

    def _again(self, lost: set[int]) -> str:
        return self._because(lost, "was ended and started again")

    def _because(self, nodes: set[int], how: str) -> str:
        """The failure of nodes that did not tell it themselves. How it was noticed goes to the log: artifacts are the same everywhere."""
        sys.stderr.write(f"flowc: {self._named(nodes)} {how}\n")
        return self._failure(nodes)

    def _named(self, nodes: set[int]) -> str:
        return f"node{'s' * (len(nodes) > 1)} {', '.join(map(str, sorted(nodes)))} of {self._step!r}"

    def _missing(self, seen: _Seen, seconds: float) -> str:
        came = set(seen.here) if self._node else set(self._alive(seen))
        absent = ", ".join(str(node) for node in range(self._size) if node not in came)
        told = f"node {absent} did not" if absent else "node 0 did not begin"
        return (
            f"{len(came)} of the {self._size} nodes of {self._step!r} came within {seconds:g} s, {told}: all of them must run at once. "
            f"Give the engine room for all, or more time by {TIMEOUT}; nodes that are started again must all be started again"
        )

    def _alive(self, seen: _Seen) -> dict[int, int]:
        """The nodes that are certainly alive, and how much of `@retry` each has used up."""
        found: dict[int, int] = {}
        for node, attempt in seen.here.items():
            with contextlib.suppress(MissingError):
                data = self._store.get(self._key(_here(node, attempt))).data
                before = self._seen_before.setdefault(node, (attempt, data))
                is_new = attempt == self._fence.attempt == 1 or node == self._node
                if is_new or before != (attempt, data):
                    found[node] = json.loads(data)["retry"]
        return found

    def _lead(self, seen: _Seen) -> _Meeting | None:
        if len(seen.here) < self._size and max(seen.here.values(), default=1) == 1:
            return None
        alive = self._alive(seen)
        most = max(alive.values(), default=0)
        behind = {node: seen.here[node] for node, retry in alive.items() if retry < most}
        if behind:
            told = {"behind": behind, "ahead": sorted(alive.keys() - behind.keys())}
            self._store.put(self._key(f"apart-{self._fence.attempt:04d}"), (json.dumps(told).encode(),))
            self._check(self._look())  # node 0 may be behind itself
        if behind or len(alive) < self._size:
            return None
        meeting = _Meeting(tuple(seen.here[node] for node in range(self._size)), most, own_address())
        self._store.put(self._key(f"met-{self._fence.attempt:04d}"), (json.dumps(meeting._asdict()).encode(),))
        return meeting

    def _follow(self, seen: _Seen) -> _Meeting | None:
        name = f"met-{seen.here.get(0, 0):04d}"
        meeting = self._read_meeting(name) if name in seen.keys else None
        return meeting if meeting and meeting.attempts[self._node] == self._fence.attempt else None

    def _read_meeting(self, name: str) -> _Meeting:
        told: dict[str, Any] = json.loads(self._store.get(self._key(name)).data)
        return _Meeting(tuple(told["attempts"]), int(told["retry"]), str(told["address"]))


class Watched:
    """A block that ends where the meeting does."""

    def __init__(self, gang: Gang, give_up: Callable[[BaseException], None]) -> None:
        with standard_path():
            import threading

        self._gang, self._give_up, self._over = gang, give_up, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._over.set()
        trouble = self._gang.known_trouble
        if trouble and (error is None or isinstance(error, Terminated)):
            raise GangError(trouble) from None

    def _watch(self) -> None:
        while not self._over.wait(_WATCH):
            with contextlib.suppress(StoreError):
                trouble = self._gang.trouble()
                if trouble:
                    os.kill(os.getpid(), signal.SIGTERM)
                    if not self._over.wait(_GRACE):
                        self._give_up(GangError(trouble))
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
