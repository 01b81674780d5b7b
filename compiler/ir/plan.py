"""What every target must know of a flow, decided once and free of any target.

A `Scope` is one level of index paths. A foreach or gang (`FanOut`) opens a scope of its own: one more part in the index
path. A static split (`Branches`) has one scope an arm at the same depth; Airflow and Argo see the arms dissolved
(`Scope.flat` and `Task.prerequisites`), Step Functions sees them as they are (`Scope.nodes` and `Task.after`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import Literal

from compiler.ir.flow import Dynamic, Flow, Parameter, Span, Value
from compiler.slotted_class import record

Feature = Literal[
    "switch", "recursion", "gang", "trigger", "trigger-on-finish", "exit-hook", "conda", "pypi", "card", "secrets",
    "config", "callable-default", "sensor", "wrapper", "schedule", "project", "catch", "retry", "timeout", "environment",
]  # fmt: skip


@record
class Edge:
    """A dependency on a sibling, known by its step (a `FanOut` and a `Branches` by their split's).

    An edge to a `FanOut` means that all of its body has ended; to a `Branches`, that all of its arms have.
    `cases` are the positions of the sibling's switch keys that open the edge; empty where it is no switch.
    """

    node: str
    cases: tuple[int, ...] = ()


@record
class Choice:
    """The step to load from where each of the named switches took one of the named cases."""

    when: tuple[tuple[str, tuple[int, ...]], ...]
    step: str


@record
class Load:
    """A decision list: the choice whose conditions hold is loaded. One choice without conditions where no switch is between."""

    choices: tuple[Choice, ...]


@record
class Begin:
    """The first step: it takes the parameters and claims the run."""


@record
class Follow:
    """The step goes on from one earlier step at its own index path."""

    load: Load


@record
class Enter:
    """The first step of a foreach's body: it loads `split` one level up, and the item of its own last index part.

    In a gang it then waits until all of its siblings run, too.
    """

    split: str
    gang: bool = False


@record
class Merge:
    """The join of a static split: its inputs, in the order of the split's `self.next(...)`, each under its arm's first step."""

    split: str
    arms: tuple[tuple[str, Load], ...]


@record
class Gather:
    """The join of a foreach: `load` at `<index>.0`, `<index>.1`, … as many as `split` recorded."""

    split: str
    load: Load


Loads = Begin | Follow | Enter | Merge | Gather


GRACE = 300
"""Seconds by which a container may outlive its step's `@timeout`: to fetch the image, to load, to save, to end it in order."""


@record
class Retry:
    """Attempts are 1 + `times`; `pause` in seconds between them. `only_system`: none follows an exception of the step."""

    times: int
    pause: float
    only_system: bool = False


@record
class Resources:
    """What a container asks for, merged over the decorators by maximum; None where the author says nothing. Sizes in MiB."""

    cpu: float | None = None
    gpu: int | None = None
    memory: int | None = None
    disk: int | None = None
    shared_memory: int | None = None


@record
class Option:
    """One decorator option that only some targets can spell, with its place."""

    decorator: str
    name: str
    value: Value | Dynamic
    span: Span


@record
class Secret:
    """One source of `@secrets`, its keys variables of the step. `kind`: `kubernetes`, `aws-secrets-manager`, or empty for the target's own.

    `override`: whether it may replace a variable that is there; `as_text`: the secret is one value, and not a JSON object;
    `variable`: the name of that value, where the author gives one.
    """

    kind: Literal["", "kubernetes", "aws-secrets-manager"]
    name: str
    role: str | None
    override: bool
    as_text: bool
    variable: str | None
    region: str | None
    span: Span


@record
class Packages:
    """What `@pypi`, `@conda` and their `_base` ask for, as one: requirements by name, as pip and conda write them."""

    pypi: tuple[str, ...]
    conda: tuple[str, ...]
    python: str | None


@record
class Chunk:
    """How many members of a foreach one container does, and how many of them at once."""

    size: int
    workers: int = 1


@record
class Task:
    """One container with everything that a target decides its spelling by: one step of the flow, or several in a row.

    `after`: alternatives among the siblings of its scope (more than one only where switch arms meet); empty for the first.
    `prerequisites`: the same with branches dissolved: all of these groups, of each any one; empty for a foreach scope's first.
    `depth`: the number of parts of its index path. `reports`: what the shim tells the engine when the step ends.
    `environment`: literal `@environment` values, in the author's order; others are evaluated in the container.
    `repeats`: a switch may send it back to itself: the shim runs the iterations in one task, each with `@retry`, its pause and
    `@timeout`. So `retry.pause` and `timeout`, which are the engine's, say nothing there; nor does `timeout` where a gang must first meet.
    `packages`: what its interpreter must hold; `variant` is the first step with the same, whose name its image carries, and
    empty for the packages that the flow itself asks for, which are in the flow's own image.
    `ways`: the cases of switches of its level that lead to it, any one of them; a switch named there may itself have ways.
    Empty where it runs whenever its level does: outside any arm, and where all arms have met again.
    `group`: the steps that one container does one after the other, each as it would be alone; `step` is then the first one's,
    by which edges know it, `loads` too, `reports` and `is_end` the last one's. The shim does each with `@retry`, its pause,
    `@timeout` and `@catch`: `retry` says how often the engine starts a container again that was lost, and no more.
    `chunk`: it does so for several members of its foreach, and the last part of its index counts these portions.
    `counts_by`: it reports the width of its foreach in portions of so many members.
    """

    step: str
    after: tuple[Edge, ...]
    prerequisites: tuple[tuple[Edge, ...], ...]
    loads: Loads
    depth: int
    reports: Literal["fan", "case"] | None
    is_end: bool
    retry: Retry | None
    timeout: float | None
    catch: bool
    image: str | None
    resources: Resources
    environment: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]
    doc: str | None
    span: Span
    secrets: tuple[Secret, ...] = ()
    packages: Packages | None = None
    variant: str = ""
    ways: tuple[Edge, ...] = ()
    repeats: bool = False
    group: tuple[Task, ...] = ()
    chunk: Chunk | None = None
    counts_by: int = 1

    @property
    def steps(self) -> tuple[Task, ...]:
        """Each step that the container does, in order, as a task of its own."""
        return self.group or (self,)

    @property
    def title(self) -> str:
        """What an engine's node is called: its step, or `first to last`."""
        return title_of([task.step for task in self.steps])

    def named_image(self, images: Mapping[str, str]) -> str | None:
        """The image that the author names, or that `images` names by step or by variant; None for the flow's, with its own packages."""
        return self.image or images.get(self.step) or images.get(self.variant)

    @property
    def attempts(self) -> int:
        """How many times the engine may start it: 1 + retries, and one more where `@catch` must survive a killed container."""
        return 1 + (self.retry.times if self.retry else 0) + int(self.catch)

    @property
    def restarts(self) -> int:
        """The same less one, for an engine that tells no exit code from another: a portion that has failed for good is started as often
        as one member would be."""
        return sum(each.attempts - 1 for each in self.group) if self.chunk else self.attempts - 1

    @property
    def deadline(self) -> int | None:
        """The seconds after which the engine ends an attempt: `@timeout`, which the shim itself holds, and a grace."""
        return None if self.timeout is None else ceil(self.timeout) + GRACE


def attempts_of_all(attempts: Iterable[int], chunk: Chunk | None) -> int:
    """How many times the engine may start a container of several tasks, each of which it might start so often alone: as often as any of
    them may want it."""
    return 1 + sum(each - 1 for each in attempts) * (chunk.size if chunk else 1)


def title_of(steps: Sequence[str]) -> str:
    """What a container is called that does these steps in a row."""
    return f"{steps[0]} to {steps[-1]}" if len(steps) > 1 else steps[0]


@record
class FanOut:
    """A foreach or gang: the step that splits, and the body that runs once an item."""

    split: Task
    body: Scope
    kind: Literal["foreach", "gang"]
    width: int | Dynamic | None
    """The gang's number of nodes; None for a foreach, whose width the shim reports."""


@record
class Branches:
    """A static split up to, without, its join. `arms` in the order of `self.next(...)`."""

    split: Task
    arms: tuple[Scope, ...]


Node = Task | FanOut | Branches


@record
class Scope:
    """Nodes in a stable topological order: the author's where it is one."""

    nodes: tuple[Node, ...]

    @property
    def flat(self) -> tuple[Task | FanOut, ...]:
        """The nodes with branches dissolved, still in topological order; hang each by its `prerequisites`."""
        return tuple(_flat(self))

    @property
    def tails(self) -> tuple[str, ...]:
        """The steps (of flat nodes) that nothing in this scope follows: where the scope ends."""
        flat = self.flat
        followed = {edge.node for node in flat for group in entry(node).prerequisites for edge in group}
        return tuple(entry(node).step for node in flat if entry(node).step not in followed)

    def gangs(self) -> Iterator[tuple[FanOut, bool]]:
        """Every gang at any depth, and whether nothing else of the run can run beside its nodes."""
        waiting: list[tuple[Scope, bool]] = [(self, True)]
        while waiting:
            scope, is_alone = waiting.pop()
            for node in scope.nodes:
                if isinstance(node, FanOut):
                    if node.kind == "gang":
                        yield node, is_alone
                    waiting.append((node.body, False))
                elif isinstance(node, Branches):
                    waiting.extend((arm, False) for arm in node.arms)

    def meeting(self) -> int:
        """How many nodes of gangs may wait for each other at once: one gang after the other, or several beside each other.

        What the branches of a split wait for adds up. Widths that only run time knows are left out.
        """
        scopes: list[Scope] = [self]
        for scope in scopes:
            scopes.extend(inner for node in scope.nodes for inner in _within(node))
        found: dict[int, int] = {}
        for scope in reversed(scopes):
            found[id(scope)] = max((_meeting(node, found) for node in scope.nodes), default=0)
        return found[id(self)]

    def tasks(self) -> Iterator[Task]:
        """The task of every step at any depth, in order, each as it would be alone in its container."""
        return (task for container in self.containers() for task in container.steps)

    def containers(self) -> Iterator[Task]:
        """What an engine starts, at any depth, in order: a step, or a group of them."""
        waiting = list(reversed(self.nodes))
        while waiting:
            node = waiting.pop()
            yield entry(node)
            waiting.extend(each for scope in reversed(_within(node)) for each in reversed(scope.nodes))


def entry(node: Node) -> Task:
    """The task that a node begins with, by whose name it is known."""
    return node if isinstance(node, Task) else node.split


def _within(node: Node) -> tuple[Scope, ...]:
    """The scopes that a node opens."""
    return node.arms if isinstance(node, Branches) else (node.body,) if isinstance(node, FanOut) else ()


def _meeting(node: Node, within: Mapping[int, int]) -> int:
    """How many nodes may wait for each other in this one; `within` tells it of the scopes that it opens."""
    inner = [within[id(scope)] for scope in _within(node)]
    if isinstance(node, FanOut):
        return max(node.width if isinstance(node.width, int) else 0, *inner)
    return sum(inner)


def _flat(scope: Scope) -> Iterator[Task | FanOut]:
    waiting = list(reversed(scope.nodes))
    while waiting:
        node = waiting.pop()
        if isinstance(node, Branches):
            yield node.split
            waiting.extend(inner for arm in reversed(node.arms) for inner in reversed(arm.nodes))
        else:
            yield node


@record
class Schedule:
    """Five cron fields and a zone of the tz database (None: UTC)."""

    cron: str
    timezone: str | None
    span: Span


NOBODY = "shared"
"""The user of a branch that nobody has chosen."""


@record
class Project:
    """`@project`: the deployment is `<name>.<branch>.<flow>`; `branch` is `prod`, `prod.<b>`, `test.<b>` or `user.<u>`."""

    name: str
    branch: str
    is_production: bool

    @property
    def is_nobodys(self) -> bool:
        """Whether neither the author nor the call says whose branch it is."""
        return self.branch == f"user.{NOBODY}"


@record
class Hook:
    """A function that runs when the run has ended: its dotted name in the flow's module, or an import path that ends with it.

    `image` is what `options={"image": …}` names. What it raises changes nothing about the run.
    """

    function: str
    on: Literal["success", "error"]
    image: str | None
    span: Span


@record
class EventTrigger:
    """`@trigger`: an event by its name. `parameters` are pairs of a parameter's command-line name and a field of the payload."""

    event: str
    parameters: tuple[tuple[str, str], ...]
    span: Span


@record
class FlowTrigger:
    """`@trigger_on_finish`: a run of another deployed flow has succeeded. Both `project` and `branch`, or neither."""

    flow: str
    project: str | None
    branch: str | None
    span: Span

    @property
    def deployment(self) -> str:
        """The other deployment's name before a target mangles it, as `Plan.name` is."""
        return f"{self.project}.{self.branch}.{self.flow}" if self.project else self.flow


Trigger = EventTrigger | FlowTrigger


@record
class Obstacle:
    """A step that was to share a container (`option`: `fuse` or `chunk`), and why it cannot."""

    option: Literal["fuse", "chunk"]
    step: str
    reason: str
    span: Span


@record
class Plan:
    """A flow decided: what a backend spells, and what the local run walks."""

    flow: Flow
    root: Scope
    schedule: Schedule | None
    project: Project | None
    features: tuple[tuple[Feature, Span], ...]
    options: tuple[Option, ...]
    """Flow-level decorator options that only some targets can spell."""
    hooks: tuple[Hook, ...] = ()
    """In the author's order; each runs by itself, after the one before it."""
    triggers: tuple[Trigger, ...] = ()
    """A run starts when all of them have come; of one kind only."""
    packages: Packages | None = None
    """What the flow's own image holds: `@pypi_base` and `@conda_base`."""
    obstacles: tuple[Obstacle, ...] = ()
    """What was asked for by name and cannot share a container."""

    @property
    def name(self) -> str:
        """The deployment's name before a target mangles it."""
        return f"{self.project.name}.{self.project.branch}.{self.flow.name}" if self.project else self.flow.name

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The flow's parameters in the author's order."""
        return self.flow.parameters

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Every task by its step, in order."""
        return {task.step: task for task in self.root.tasks()}
