"""Gangs in every order of events: nodes killed, lost or failing at any call of the store, on a clock of their own.

Each process of a node is a thread that goes on only when it is its turn; a seed decides whose turn it is, who is killed and when.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Manifest
from flowc.artifacts.ordering import Fence, begin, publish
from flowc.artifacts.pickling import Frame
from flowc.store.protocol import Found, MissingError
from flowc.task import gang as gang_module
from flowc.task.gang import Chances, Gang, Parallel

SPLIT = TaskAddress("F", "r", "start")
PATIENCE = 60.0
STEPS = 60_000


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@dataclass
class Process:
    """One attempt of a node. `wakes` is when it may go on; `kill` whether it is killed at its next turn."""

    node: int
    retry: int
    wakes: float
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ended: int | None = None
    kill: bool = False
    lost: bool = False


class World:
    """The engine, the clock, and whose turn it is. A plan of failures says in which attempts a node's own code raises."""

    def __init__(self, seed: int, size: int, times: int, catch: bool = False) -> None:
        self.random = random.Random(seed)
        self.size, self.times, self.catch = size, times, catch
        self.now, self.kills, self.losses = 0.0, 0, 0
        self.spared: set[int] = set()
        self.raises: set[tuple[int, int]] = set()
        self.objects: dict[str, bytes] = {}
        self.processes: list[Process] = []
        self.ends: dict[int, str] = {}
        self.retries: dict[int, int] = {}
        self._back = threading.Semaphore(0)
        self._mine = threading.local()

    def run(self, nodes: Callable[[], range] | None = None) -> None:
        """Start the nodes anew and let the engine go on until all of them have ended for good, and all processes."""
        for node in (nodes or (lambda: range(self.size)))():
            self.ends.pop(node, None)
            self._start(node, 0)
        for _ in range(STEPS):
            waiting = [each for each in self.processes if each.ended is None]
            if not waiting:
                return
            self._step(waiting)
        raise AssertionError(f"no end: {self.ends}, {sorted(self.objects)}")

    def _step(self, waiting: list[Process]) -> None:
        ready = [each for each in waiting if each.wakes <= self.now]
        if not ready:
            self.now = min(each.wakes for each in waiting)
            return
        chosen = self.random.choice(ready)
        self.now += 0.01
        self._harm(chosen)
        chosen.turn.release()
        self._back.acquire()
        if chosen.ended is not None:
            self._ended(chosen)

    def _harm(self, chosen: Process) -> None:
        if self.spared:
            return
        if self.kills and self.random.random() < 0.02:
            self.kills -= 1
            chosen.kill = True
        elif self.losses and not chosen.lost and self.random.random() < 0.02:
            self.losses -= 1
            chosen.lost = True
            self._again(chosen)

    def _ended(self, process: Process) -> None:
        if process.lost:
            return
        if process.ended == 0:
            self.ends[process.node] = "done"
        else:
            self._again(process)

    def _again(self, process: Process) -> None:
        if process.retry < self.times + self.catch:
            self._start(process.node, process.retry + 1)
        else:
            self.ends[process.node] = "failed"

    def _start(self, node: int, retry: int) -> None:
        self.retries[node] = retry
        process = Process(node, retry, self.now + self.random.choice((0, 0, 1, 5)))
        self.processes.append(process)
        threading.Thread(target=self._live, args=(process,), daemon=True).start()

    def _live(self, process: Process) -> None:
        self._mine.process = process
        process.turn.acquire()
        try:
            code = 143 if process.kill else attempt(self, process)
        except Killed:
            code = 137
        process.ended = code
        self._back.release()

    def pause(self, seconds: float = 0.0) -> None:
        """Give the turn away."""
        process: Process = self._mine.process
        process.wakes = self.now + seconds
        self._back.release()
        process.turn.acquire()
        if process.kill:
            raise Killed

    def manifests(self) -> dict[int, Any]:
        """What each node has left, by its number."""
        keys = {node: address(node).manifest for node in range(self.size)}
        return {
            node: json.loads(self.objects[key].split(b"\n")[0]) for node, key in keys.items() if key in self.objects
        }


class Objects:
    """The store: a process may be killed before a call and after it."""

    url = "memory:"

    def __init__(self, world: World) -> None:
        self._world = world

    def _called(self, done: Callable[[], Any]) -> Any:
        self._world.pause()
        found = done()
        self._world.pause()
        return found

    def _found(self, key: str) -> Found:
        if key not in self._world.objects:
            raise MissingError(key)
        return Found(self._world.objects[key], lambda data: data.hex())

    def get(self, key: str) -> Found:
        found: Found = self._called(lambda: self._found(key))
        return found

    def put(self, key: str, parts: Iterator[bytes]) -> None:
        self._called(lambda: self._world.objects.__setitem__(key, b"".join(parts)))

    def create(self, key: str, data: bytes) -> bool:
        def create() -> bool:
            return self._world.objects.setdefault(key, data) is data

        return bool(self._called(create))

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        def replace() -> bool:
            if self._world.objects[key].hex() != etag:
                return False
            self._world.objects[key] = data
            return True

        return bool(self._called(replace))

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        found: list[str] = self._called(lambda: sorted(key for key in self._world.objects if key.startswith(prefix)))
        return iter(found[:limit])


def address(node: int) -> TaskAddress:
    return TaskAddress("F", "r", "node", str(node))


def attempt(world: World, process: Process) -> int:
    """One attempt of a node, as the shim goes through it."""
    store: Any = Objects(world)
    fence = begin(store, address(process.node), process.retry, f"{process.node}/{world.random.random()}", world.now)
    split = Manifest(store, SPLIT, json.dumps({"version": 1, "attempt": 1}).encode() + b"\n")
    world.spared.discard(process.node)
    chances = Chances(process.retry < world.times + world.catch)
    gang = Gang(store, split, Frame("start", process.node, world.size, "", 0), fence, chances)
    ready = gang.before()
    if ready is not None:
        publish(store, fence, Manifest(store, fence.address, ready).as_attempt(fence.attempt, fence.token))
        return 0
    if process.retry > world.times:
        return _failed(world, store, gang, fence)
    there = gang.meet()
    if not isinstance(there, Parallel) or _works(world, gang, process):
        return _failed(world, store, gang, fence)
    data = _data(fence, process.retry, there.main_ip)
    if gang.finish(data):
        return _failed(world, store, gang, fence)
    publish(store, fence, data)
    return 0


def _works(world: World, gang: Gang, process: Process) -> bool:
    """Whether the node's code ends too early: another one has failed, or it raises itself."""
    for _ in range(world.random.choice((0, 1, 2, 3, 50))):
        world.pause(world.random.choice((0, 3)))
        if gang.trouble():
            return True
    return (process.node, process.retry) in world.raises


def _failed(world: World, store: Any, gang: Gang, fence: Fence) -> int:
    gang.fail()
    if not world.catch or fence.retry < world.times:
        return 1
    publish(store, fence, _data(fence, fence.retry, None))
    return 0


def _data(fence: Fence, retry: int, meeting: str | None) -> bytes:
    header = {"version": 1, "attempt": fence.attempt, "token": fence.token, "retry": retry, "meeting": meeting}
    return json.dumps(header).encode() + b"\n"


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[World], None]:
    """Lets gangs live by a world's clock; the address of node 0 is the number of the meeting."""
    meetings = iter(range(10**9))

    def use(world: World) -> None:
        class Clock:
            monotonic = staticmethod(lambda: world.now)
            sleep = staticmethod(world.pause)

        monkeypatch.setattr(gang_module, "time", Clock)
        monkeypatch.setattr(gang_module, "own_address", lambda: f"meeting {next(meetings)}")
        monkeypatch.setenv("FLOWC_GANG_TIMEOUT", str(PATIENCE))

    return use


Clock = Callable[[World], None]


def _one_gang(world: World) -> set[object]:
    """The meetings that the visible results stem from; None for caught ones."""
    return {left["meeting"] for left in world.manifests().values()}


@pytest.mark.parametrize("seed", range(60))
def test_a_gang_that_loses_no_more_nodes_than_it_has_retries_ends_well(clock: Clock, seed: int) -> None:
    """Nodes that are killed, or whose code raises, cost every node one attempt, whoever they are and when it is."""
    world = World(seed, size=1 + seed % 4, times=3)
    clock(world)
    world.kills = seed % 3
    world.raises = {(world.random.randrange(world.size), retry) for retry in range(3 - world.kills)}
    world.run()
    assert set(world.ends.values()) == {"done"}
    assert len(_one_gang(world)) == 1
    assert len({left["retry"] for left in world.manifests().values()}) == 1


@pytest.mark.parametrize("catch", [False, True])
@pytest.mark.parametrize("seed", range(150))
def test_results_of_two_attempts_are_never_mixed(clock: Clock, seed: int, catch: bool) -> None:
    """Also where processes that the engine has given up go on; where all nodes end well, they have one end."""
    world = World(seed, size=2 + seed % 3, times=seed % 3, catch=catch)
    clock(world)
    world.kills, world.losses = world.random.randrange(4), world.random.randrange(3)
    world.raises = {(node, retry) for node in range(world.size) for retry in range(3) if world.random.random() < 0.1}
    world.run()
    assert set(world.ends) == set(range(world.size))
    if set(world.ends.values()) == {"done"}:
        assert len(_one_gang(world)) == 1
        assert len(world.manifests()) == world.size


@pytest.mark.parametrize("seed", range(60))
def test_a_gang_whose_last_attempt_fails_is_caught_whole(clock: Clock, seed: int) -> None:
    world = World(seed, size=3, times=seed % 2, catch=True)
    clock(world)
    world.raises = {(world.random.randrange(3), retry) for retry in range(world.times + 1)}
    world.run()
    assert set(world.ends.values()) == {"done"}
    assert _one_gang(world) == {None}


@pytest.mark.parametrize("seed", range(60))
def test_what_a_person_begins_anew_meets_anew(clock: Clock, seed: int) -> None:
    """All nodes together; one alone finds nobody, leaves what is there, and does not wait for ever."""
    world = World(seed, size=2, times=1)
    clock(world)
    world.run()
    before = world.manifests()
    world.kills, world.spared = seed % 2, {0, 1}
    world.run()
    after = world.manifests()
    assert set(world.ends.values()) == {"done"}
    assert all(after[node]["attempt"] > before[node]["attempt"] for node in range(2))
    assert len(_one_gang(world)) == 1
    world.kills = 0
    world.run(lambda: range(1, 2))
    assert (world.ends[1], world.manifests()) == ("failed", after)
