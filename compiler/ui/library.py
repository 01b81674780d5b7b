"""What the pages show, read from the store by as few requests as tell the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from flowc.artifacts.address import RunAddress, TaskAddress, created_prefix, escape, unescape
from flowc.artifacts.manifest import Manifest, RunRecord, attempts, parse_run, read, read_run
from flowc.client.context import flow_names
from flowc.client.walk import at_once
from flowc.grouping.progress import container_of
from flowc.store.protocol import DamagedError, MissingError, Store

from compiler.call.history import HistoryError, NoRunError, RunState, TaskState, read_state
from compiler.ir.plan import title_of
from compiler.operate.tasks.views import TASK_PHASES
from compiler.operate.views import RUN_PHASES
from compiler.run.process_state import life
from compiler.slotted_class import fresh, mutable, record

PAGE = 50
"""Runs on a page."""
TASKS = 100
"""Tasks of one step on a page."""
RECENT = 12
"""Runs of a flow that its line tells of."""
_AT_ONCE = 16
_KEPT = 2_000
"""Runs that are over and remembered."""
OVER = frozenset({"succeeded", "failed", "terminated"})


@record
class RunLine:
    """A run among others. `status` is one of the six words of `flowc status`."""

    flow: str
    run: str
    status: str
    created: float
    finished: float | None = None
    tags: tuple[str, ...] = ()
    user: str = ""
    origin: str = ""
    parameters: Mapping[str, object] = fresh(default_factory=dict)
    damage: str = ""


@record
class FlowLine:
    """A flow, how many runs it has, and the newest of them, the newest first."""

    name: str
    count: int
    recent: tuple[RunLine, ...]


@record
class RunPart:
    """Runs of a flow, the newest first; `before` is where the next ones begin, empty at the end."""

    runs: tuple[RunLine, ...]
    before: str
    count: int


@record
class StepPart:
    """Tasks of one step, in the order of their index paths, and how many there are."""

    tasks: tuple[TaskState, ...]
    page: int
    count: int


@record
class LiveCard:
    """A card of a task that runs: its page's key, its number among the cards of the step, its type and its id."""

    key: str
    number: int
    kind: str
    name: str


@mutable
class Library:
    """One store. Runs that are over are read once."""

    store: Store
    _over: dict[tuple[str, str, str], RunLine] = fresh(default_factory=dict)

    def flows(self) -> tuple[FlowLine, ...]:
        """All flows that have runs, those first whose newest run is the newest."""
        found = [self._flow(name) for name in flow_names(self.store)]
        return tuple(sorted((flow for flow in found if flow.recent), key=lambda flow: -flow.recent[0].created))

    def _flow(self, name: str) -> FlowLine:
        keys = self._keys(name)
        return FlowLine(name, len(keys), self._lines(name, keys[:RECENT]))

    def _keys(self, flow: str) -> list[str]:
        """What names the flow's runs, the newest first."""
        prefix = created_prefix(flow)
        return [key[len(prefix) :] for key in self.store.list(prefix)]

    def runs(self, flow: str, before: str = "", status: str = "", tag: str = "", user: str = "") -> RunPart:
        """A page of a flow's runs. Raises NoRunError where it has none."""
        keys = self._keys(flow)
        if not keys:
            raise NoRunError(f"no run of {flow} in {self.store.url}")
        rest = [key for key in keys if key > before]
        found: list[RunLine] = []
        last = ""
        while rest and len(found) < PAGE:
            part, rest = rest[:PAGE], rest[PAGE:]
            for key, line in zip(part, self._lines(flow, part, whole=True), strict=True):
                if len(found) == PAGE:
                    break
                last = key
                if line.damage != _GONE and _is_wanted(line, status, tag, user):
                    found.append(line)
        is_more = bool(rest) or (bool(last) and last != keys[-1])
        return RunPart(tuple(found), last if is_more else "", len(keys))

    def _lines(self, flow: str, keys: Iterable[str], *, whole: bool = False) -> tuple[RunLine, ...]:
        lines = at_once(lambda key: self._line(flow, key), list(keys), _AT_ONCE)
        return tuple(line for line in lines if whole or line.damage != _GONE)

    def _line(self, flow: str, key: str) -> RunLine:
        name = key.partition("~")[2]
        known = self._over.get((flow, name, key))
        if known is not None:
            return known
        try:
            kept = parse_run(self.store.get(f"{escape(flow)}/{name}/_run.json").data)
            state = read_state(self.store, flow, kept.run, whole=False)
        except (MissingError, NoRunError):
            return RunLine(flow, unescape(name) or name, "unknown", 0.0, damage=_GONE)
        except (DamagedError, HistoryError) as error:
            return RunLine(flow, unescape(name) or name, "unknown", _moment_of(key), damage=str(error))
        line = line_of(state)
        if line.status in OVER:
            if len(self._over) >= _KEPT:
                self._over.pop(next(iter(self._over)))
            self._over[flow, name, key] = line
        return line

    def run(self, flow: str, run: str) -> RunState:
        """A run; of a wide foreach the tasks that have simply gone well are counted. Raises HistoryError."""
        return read_state(self.store, flow, run, whole=False)

    def step(self, flow: str, run: str, step: str, page: int) -> StepPart:
        """A page of the tasks of one step that have begun. Raises HistoryError."""
        kept = self.record(flow, run)
        folder = f"{kept.address.folder}/{escape(step)}/"
        names = {key[len(folder) :].partition("/")[0] for key in self.store.list(folder)}
        addresses = sorted(
            (kept.address.task(step, name) for name in names if "~" not in name), key=lambda one: one.place
        )
        shown = addresses[page * TASKS : (page + 1) * TASKS]
        return StepPart(tuple(at_once(self._task, shown, _AT_ONCE)), page, len(addresses))

    def task(self, flow: str, run: str, step: str, index: str) -> TaskState:
        """A task or an iteration of one. Raises NoRunError where it has not begun."""
        found = self._task(self.record(flow, run).address.named(step, index))
        if found.manifest is None and not found.attempts:
            raise NoRunError(f"{flow}/{run} has no task {step}/{index} that has begun")
        return found

    def _task(self, address: TaskAddress) -> TaskState:
        return TaskState(
            address, _left(self.store, address), attempts(self.store, address), life(self.store.url, address.of)
        )

    def iterations(self, task: TaskState) -> tuple[TaskState, ...]:
        """Those of a step that repeats, as far as they have begun."""
        prefix = task.address.iterations
        numbers = {key[len(prefix) :].partition("/")[0] for key in self.store.list(prefix)}
        found = sorted(int(number) for number in numbers if number.isdecimal())
        return tuple(self._task(task.address._replace(iteration=number)) for number in islice(found, TASKS))

    def live_cards(self, task: TaskState) -> tuple[LiveCard, ...]:
        """The cards of the newest attempt of a task that has left nothing, as its step showed them last."""
        if task.manifest is not None or not task.attempts:
            return ()
        prefix = task.address.live(task.attempts[-1].number)
        return tuple(_live_card(key, key[len(prefix) :]) for key in self.store.list(prefix))

    def record(self, flow: str, run: str) -> RunRecord:
        """What the run began with. Raises NoRunError."""
        try:
            return read_run(self.store, RunAddress(flow, run))
        except MissingError:
            raise NoRunError(f"no run {flow}/{run} in {self.store.url}") from None

    def mark(self, flow: str, run: str, *task: str) -> str:
        """What changes whenever the run has gone on: how many objects it has, and whether its process lives.

        Of a task, its step and its index path, also when its cards were written.
        """
        address = RunAddress(flow, run)
        count = sum(1 for _ in self.store.list(f"{address.folder}/"))
        pages = self.store.entries(address.named(*task).live_pages) if task else ()
        return f"{count} {life(self.store.url, address)} {[(each.size, each.modified) for each in pages]}"


def _live_card(key: str, words: str) -> LiveCard:
    number, kind, name = (*words.split("~", 2), "", "")[:3]
    return LiveCard(key, int(number) if number.isdecimal() else 0, unescape(kind) or kind, unescape(name) or name)


_GONE = "gone"
NOT_BEGUN = "not begun"


def line_of(state: RunState) -> RunLine:
    """A run as a line of its own."""
    kept = state.record
    status = RUN_PHASES[state.status]
    if status == "unknown" and state.life is None and not state.damage and _is_fresh(state):
        status = "running"
    return RunLine(
        kept.flow, kept.run, status, kept.created, state.finished, tuple(kept.tags), kept.user, kept.origin, kept.given or {},
        state.damage,
    )  # fmt: skip


def _is_fresh(state: RunState) -> bool:
    """Whether a run of an engine, of which a store alone does not tell, has tasks under way."""
    return any(task.status == "unfinished" for task in state.tasks)


def phase_of(task: TaskState, *, is_over: bool = False) -> str:
    """How a task stands, by the words of `flowc status`; what an engine's run has begun and not ended runs as far as anybody knows.

    Where the run is over, what waits was never begun.
    """
    if task.status == "unfinished" and task.life is None:
        return "running"
    if is_over and task.status == "waiting":
        return NOT_BEGUN
    return TASK_PHASES[task.status]


def sharing(tasks: Iterable[TaskState]) -> dict[tuple[str, str], str]:
    """By step and index path of each task that shared a container with others of these, the steps and members that the container did:
    `fit to score`, `square 32-47`."""
    together: dict[str, list[TaskState]] = {}
    for task in tasks:
        token = task.manifest.token if task.manifest else task.attempts[-1].token if task.attempts else ""
        if token and not task.is_taken_over:
            together.setdefault(container_of(token), []).append(task)
    shared = [each for each in together.values() if len(each) > 1]
    return {(task.address.step, task.address.index): _title(each) for each in shared for task in each}


def _title(tasks: Sequence[TaskState]) -> str:
    steps = title_of(list(dict.fromkeys(task.address.step for task in tasks)))
    places = sorted({task.address.place for task in tasks})
    first, last = (".".join(map(str, place)) for place in (places[0], places[-1]))
    members = first if first == last else f"{first}-{places[-1][-1]}"
    return f"{steps} {members}" if members else steps


def _left(store: Store, address: TaskAddress) -> Manifest | None:
    try:
        return read(store, address)
    except MissingError:
        return None


def _is_wanted(line: RunLine, status: str, tag: str, user: str) -> bool:
    return status in ("", line.status) and (not tag or tag in line.tags) and user in ("", line.user)


def _moment_of(key: str) -> float:
    """When the run of a key was created: the key holds it, so that the newest comes first."""
    number = key.partition("~")[0]
    return (10**16 - 1 - int(number)) / 1_000_000 if number.isdecimal() else 0.0


def counted(
    tasks: Iterable[TaskState], unread: Mapping[str, int], phase: Callable[[TaskState], str]
) -> Iterator[tuple[str, dict[str, int], list[TaskState]]]:
    """Each step in its order, how many tasks have each phase, and the tasks that were read."""
    steps: dict[str, list[TaskState]] = {}
    for task in tasks:
        steps.setdefault(task.address.step, []).append(task)
    for step, found in steps.items():
        phases: dict[str, int] = {}
        for task in found:
            phases[phase(task)] = phases.get(phase(task), 0) + 1
        if unread.get(step):
            phases["succeeded"] = phases.get("succeeded", 0) + unread[step]
        yield step, phases, found
