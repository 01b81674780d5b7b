"""What an orchestrator is asked for once a flow is compiled: the protocol that each target's `operate` holds to, and what it answers.

An `Engine` is a connection to one orchestrator. It knows deployments, runs and tasks as the orchestrator does, and nothing of the store:
`compiler.operate` joins both. Only what carries our mark is ever changed. Every answer is a value; every refusal an `EngineError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from flowc.artifacts.address import child, last_part, parent
from flowc.container.beside_parameters import PARAMETERS, SCHEDULED, TAGS
from flowc.exceptions import CallMistake
from flowc.grouping.step_words import parse_step_word

from compiler.backends import OutputFile
from compiler.ir.flow import Value
from compiler.ir.plan import title_of
from compiler.mistakes import CallError
from compiler.mistakes import NotThereError as NotThereError  # noqa: PLC0414 - engines raise it beside the others
from compiler.slotted_class import fresh, record

if TYPE_CHECKING:
    from urllib.parse import SplitResult

Phase = Literal["queued", "running", "succeeded", "failed", "terminated", "unknown"]
"""How a run or a task stands, whatever the engine calls it."""

OVER: frozenset[Phase] = frozenset({"succeeded", "failed", "terminated"})
"""The phases that do not change by themselves."""

ChangeKind = Literal["new", "changed", "unchanged", "gone", "foreign"]
"""`gone`: deployed, and made by no file any more. `foreign`: an object of that name is there and does not carry our mark."""


class EngineError(CallError):
    """The engine cannot be reached, does not permit it, or has refused: one line that says what to do; exit code 5."""

    code = 5


class RefusedError(CallError):
    """The engine takes the request for wrong, or what is there forbids it: exit code 2."""


@record
class Connection:
    """Where an engine is: `options` by [tool.flowc.<target>.connection] and the command line, in the keys of `connection_options`.

    `variables` are those of the caller, in which ecosystems keep addresses and credentials. `store` and `namespace` are the settings.
    """

    options: Mapping[str, Value]
    variables: Mapping[str, str]
    namespace: str | None = None
    store: str | None = None
    timeout: float = 30.0
    """Seconds that one request may take."""

    def text(self, key: str, table: str) -> str:
        """An option that is a text, without spaces around it; empty where it is not set. Raises CallError, which names the table."""
        value = self.options.get(key, "")
        if not isinstance(value, str):
            raise CallError(f"`{key}` in {table} must be a text")
        return value.strip()

    def certificates(self, key: str, table: str) -> str:
        """The file of the certificates that are trusted; empty where none is named. Raises CallError where it is not there."""
        path = self.text(key, table)
        if path and not Path(path).is_file():
            raise CallError(f"there is no file {path}: `{key}` in {table} names one with certificates")
        return path


def web_address(url: str) -> SplitResult | None:
    """The parts of an http or https address; None where it is none."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - compiling needs none of it

    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts if is_address else None


@record
class Record:
    """What is kept beside a deployment: which flow it is, of which commit, by whom. Written and read by `as_texts` and `record_of`."""

    flow: str
    """`path/of/flow.py:FlowName`, relative to the repository."""
    digest: str
    """sha256 of all files of the deployment, in hexadecimal digits."""
    revision: str = ""
    """The git commit; empty outside of git. It ends in `+` where what was deployed differs from the commit."""
    by: str = ""
    at: str = ""
    """ISO 8601, in UTC."""
    version: str = ""
    """flowc's."""
    store: str = ""
    workspace: str = ""
    """Which repository and folder of it: only what carries the same is ever removed as something that a workspace no longer makes."""


RECORD_PREFIX = "flowc/"
"""How a record's keys begin where an engine keeps texts by key (annotations, tags)."""


def as_texts(record_: Record) -> dict[str, str]:
    """A record as texts by key, empty ones left out: `flowc/flow`, `flowc/digest`, …."""
    return {f"{RECORD_PREFIX}{key}": value for key in _KEYS if (value := str(getattr(record_, key)))}


def record_of(texts: Mapping[str, str]) -> Record | None:
    """The record in texts by key; None where there is none."""
    found = {key: str(texts[RECORD_PREFIX + key]) for key in _KEYS if RECORD_PREFIX + key in texts}
    return Record(**found) if "flow" in found and "digest" in found else None


_KEYS = ("flow", "digest", "revision", "by", "at", "version", "store", "workspace")


@record
class Release:
    """What is to be deployed under a name: the files that `emit` gave, the main one first, and the record to keep with them."""

    name: str
    files: tuple[OutputFile, ...]
    record: Record


@record
class Change:
    """One object of a deployment, as it is and as it would be: `kind` and `name` in the engine's words, both states as text.

    `old` is empty where it is new, `new` where it is gone. Texts hold no secret. `by_hand`: it is not what its record says was deployed.
    """

    kind: str
    name: str
    state: ChangeKind
    old: str = ""
    new: str = ""
    by_hand: bool = False


@record
class Deployment:
    """What is deployed under a name. `parameters` names those that a run takes, `schedule` is the engine's text of it."""

    name: str
    record: Record | None
    is_suspended: bool = False
    schedule: str = ""
    parameters: tuple[str, ...] = ()
    problem: str = ""
    """Why no run can start, in the engine's words and ours: an import error of a DAG, a failed validation."""
    url: str = ""
    tells_parameters: bool = True
    """Whether `parameters` are all that a run takes; where an engine does not keep them, the first step judges what it is given."""


BESIDE = frozenset({TAGS, PARAMETERS, SCHEDULED})
"""Names beside a run's parameters that no parameter has: every engine hands them on."""


@record
class Start:
    """How a run is started. `unique` (lower-case letters and digits) makes the run's name, so that a lost answer starts nothing twice.

    Values are text as a command line gives them, or what JSON gives; the engine spells them as the deployment's declaration wants them.
    """

    unique: str
    parameters: Mapping[str, object] = fresh(default_factory=dict)
    tags: tuple[str, ...] = ()


@record
class Sharing:
    """What a container does that does several tasks: its steps in order, each for `size` members of a foreach, whose index then
    ends in the number of a portion (0: for one index)."""

    steps: tuple[str, ...]
    size: int = 0

    @property
    def title(self) -> str:
        """What a person calls it, as the engine's node is called: `fit to score`."""
        return title_of(self.steps)


def step_of(word: str) -> tuple[str, Sharing | None]:
    """The step that a container's argv names, and what else it does; the first of several. A word that is none is a step's name."""
    try:
        said = parse_step_word(word)
    except CallMistake:
        return word.removesuffix("~"), None
    steps = tuple(step.removesuffix("~") for step in said.steps)
    return steps[0], Sharing(steps, said.size) if said.is_group else None


@record
class EngineTask:
    """A task as the engine sees it. `step` and `index` are ours (`-` outside any foreach); `node` is the engine's own id.

    Where a container does several tasks (`shares`), it is all of them: `step` is the first, and with portions `index` is its own.

    `step` is empty for what the engine does beside steps; such a task is told only where it went wrong.
    """

    step: str
    index: str
    phase: Phase
    node: str
    attempt: int | None = None
    """Counts from 0; None where the engine does not tell."""
    reason: str = ""
    """The engine's own word: `OOMKilled`, `ImagePullBackOff`, `States.Timeout`."""
    message: str = ""
    """The engine's own sentence, bounded."""
    cure: str = ""
    """Ours: what it means, and what to do."""
    started: float | None = None
    finished: float | None = None
    """Seconds since 1970."""
    shares: Sharing | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """Each step that it does."""
        return self.shares.steps if self.shares else (self.step,)

    @property
    def title(self) -> str:
        """What a person calls it: its step, or `first to last`."""
        return self.shares.title if self.shares else self.step

    @property
    def members(self) -> str:
        """The index path that it is for; of a portion those from the first to the last that it may have: `32-47`."""
        size = self.shares.size if self.shares else 0
        if not size or self.index == "-":
            return self.index
        first = last_part(self.index) * size
        return f"{child(parent(self.index), first)}-{first + size - 1}"

    def for_member(self, index: str) -> bool:
        """Whether it is for the task at this index path."""
        return self.index == (portion_of(index, self.shares.size) if self.shares and self.shares.size else index)


def index_path(numbers: Iterable[int]) -> str:
    """The index path of a task by its number in each foreach around it, from the outermost on."""
    return reduce(child, numbers, "-")


def portion_of(index: str, size: int) -> str:
    """The index of the container that does a member of a foreach in portions of so many."""
    return index if index == "-" else child(parent(index), last_part(index) // size)


@record
class EngineRun:
    """A run as the engine sees it. `run` is our id of it (`argo-<namespace>-<workflow>` and so on), `own` the engine's name.

    `tasks` are none where runs are only listed. `next_runs` are runs that went on from this one under another name.
    """

    run: str
    own: str
    deployment: str
    phase: Phase
    created: float | None = None
    started: float | None = None
    finished: float | None = None
    reason: str = ""
    message: str = ""
    cure: str = ""
    url: str = ""
    tags: tuple[str, ...] = ()
    tasks: tuple[EngineTask, ...] = ()
    next_runs: tuple[str, ...] = ()


@record
class LogLine:
    """A line of a task's log, without its end; `at` in seconds since 1970 where the engine tells."""

    text: str
    at: float | None = None


@record
class LogPart:
    """The lines behind a position. `position` is where to go on (the engine's own text); `is_whole`: there will be no more."""

    lines: tuple[LogLine, ...]
    position: str
    is_whole: bool


@record
class Diagnosis:
    """One thing that `doctor` has looked at: `is_well` None where it could not be told. `cure` says what to do where it is not."""

    subject: str
    is_well: bool | None
    told: str
    cure: str = ""


class Engine(Protocol):
    """A connection to an orchestrator. Each method may raise EngineError, and RefusedError where it changes something.

    Reading is tried again, within bounds, where an answer was lost, slow, 429 or 5xx; changes only where a second one does no harm.
    """

    where: str
    """For people: `Argo in the namespace flows of the context minikube`. It holds no secret."""

    def deployments(self) -> Iterator[Deployment]:
        """All that carry our mark, by name."""
        ...

    def deployment(self, name: str) -> Deployment:
        """That of a name. Raises NotThereError where there is none of ours."""
        ...

    def changes(self, release: Release) -> tuple[Change, ...]:
        """What `deploy` would do, object by object; changes nothing."""
        ...

    def deploy(self, release: Release, tell: Callable[[str], None]) -> Deployment:
        """Make the engine hold the release, changing only what differs, and wait until it has taken it or says why not.

        Two calls at once leave one of both, whole. Raises RefusedError for a foreign object. `tell` hears of long waits.
        """
        ...

    def delete(self, name: str) -> None:
        """Remove a deployment with all its objects; its runs stay. Raises NotThereError."""
        ...

    def suspend(self, name: str) -> None:
        """Let neither schedule nor event start it. Raises NotThereError."""
        ...

    def resume(self, name: str) -> None:
        """Take `suspend` back. Raises NotThereError."""
        ...

    def trigger(self, name: str, start: Start) -> EngineRun:
        """Start a run. Raises NotThereError; RefusedError for values that the deployment does not take."""
        ...

    def runs(self, name: str, limit: int) -> Sequence[EngineRun]:
        """The runs of a deployment, the newest first, without tasks. Raises nothing where there are none."""
        ...

    def run(self, run: str) -> EngineRun:
        """A run by our id, with its tasks: all that have not gone well and, for a wide run, as many of the rest as is cheap.

        Raises NotThereError where the engine has none, also where it has deleted it.
        """
        ...

    def log(self, run: str, task: EngineTask, position: str = "") -> LogPart:
        """What a task has printed behind a position. Raises NotThereError where the engine has kept none."""
        ...

    def terminate(self, run: str) -> None:
        """End a run and its tasks; nothing where it is over. Raises NotThereError."""
        ...

    def retry(self, run: str, step: str | None) -> EngineRun:
        """Do again what has failed, or all from a step on, keeping what has succeeded before; the run that goes on, which may be a new one.

        Raises NotThereError; RefusedError where it still runs, has succeeded (unless a step is named), or the engine cannot.
        """
        ...

    def page(self, run: str) -> str:
        """The address of a run's page in the engine's own interface; empty where it has none."""
        ...

    def diagnose(self) -> Iterator[Diagnosis]:
        """What `doctor` tells: reachable, version, rights for each verb, clock; raises nothing."""
        ...


class Operable(Protocol):
    """A backend that can be operated. `connection_options` are its keys of [tool.flowc.<target>.connection], with a line of help each."""

    connection_options: ClassVar[Mapping[str, str]]
    run_prefix: ClassVar[str]
    """How its runs' ids begin: `argo-`."""

    def connect(self, connection: Connection) -> Engine:
        """The engine; asks nothing of it yet. Raises CallError for wrong options, EngineError where a client library or address lacks."""
        ...
