"""What a picture of a plan holds, free of any form: cards, frames around them, lines between them, in blocks that say how they stand.

A `Series` stands from top to bottom on one axis, what is `Beside` from left to right in the author's order, a `Frame` around what it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Literal

from compiler.ir.flow import Step, Switch
from compiler.ir.plan import FanOut, Node, Plan, Scope, Task, entry
from compiler.ir.text import value_text
from compiler.mistakes import CallError
from compiler.picture.marks import marks_of
from compiler.picture.ordering import Piece, arranged
from compiler.slotted_class import fresh, mutable, record

State = Literal["", "new", "changed"]


@record
class Since:
    """What differs from another state: `steps` that are new or changed, `gone` with where they went on to, `before` in words.

    `renamed` are the names that steps had there.
    """

    before: str
    steps: Mapping[str, State]
    gone: tuple[tuple[str, str], ...]
    renamed: Mapping[str, str] = fresh(default_factory=dict)


@record
class Card:
    """A step. `number` is its place in the author's order, `opens` the frame that its split opens."""

    key: str
    step: str
    number: int
    doc: str
    marks: tuple[str, ...]
    opens: str = ""
    state: State = ""


@record
class Label:
    """The keys of a switch on a way to a step."""

    key: str
    text: str


@record
class Bend:
    """Where a line passes what stands beside it."""

    key: str


@record
class Series:
    """From top to bottom."""

    parts: tuple[Block, ...]


@record
class Beside:
    """From left to right, tops on a line."""

    parts: tuple[Block, ...]


@record
class Frame:
    """A box around a block: a foreach, a gang, the arms of a split, steps that share a container, steps that are gone.

    `steps` is how many cards stand within.
    """

    key: str
    kind: FrameKind
    title: str
    inside: Block
    steps: int


FrameKind = Literal["foreach", "gang", "arms", "container", "gone"]
Block = Card | Label | Bend | Series | Beside | Frame


@record
class Line:
    """A way from a card, label or bend to another. `opens`: it parts from others at its beginning; `ends`: it has a head."""

    source: str
    target: str
    opens: bool = False
    ends: bool = True
    is_curved: bool = False


@record
class Drawing:
    """The whole: `facts` are what is said of the flow itself."""

    name: str
    doc: str
    facts: tuple[str, ...]
    block: Block
    lines: tuple[Line, ...]
    since: str = ""

    @property
    def cards(self) -> tuple[Card, ...]:
        """Every card, in the order of the picture."""
        return tuple(each for each in walk(self.block) if isinstance(each, Card))

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Every frame, outer ones first."""
        return tuple(each for each in walk(self.block) if isinstance(each, Frame))


def walk(block: Block) -> Iterator[Block]:
    """The block and all within, in the order of the picture."""
    waiting: list[Block] = [block]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(within(found)))


def within(block: Block) -> tuple[Block, ...]:
    """What stands directly in a block."""
    if isinstance(block, Series | Beside):
        return block.parts
    return (block.inside,) if isinstance(block, Frame) else ()


DEEPEST = 100
"""So many regions may stand in each other."""


def draw(plan: Plan, facts: Iterable[str] = (), since: Since | None = None) -> Drawing:
    """The picture of a plan. Raises CallError for one whose regions stand too deep in each other."""
    if _depth(plan.root) > DEEPEST:
        raise CallError(
            f"{plan.flow.name} has more than {DEEPEST} regions in each other, which no picture shows: `flowc show` prints it"
        )
    work = _Work(plan, since or Since("", {}, ()), {name: at for at, name in enumerate(plan.flow.steps)})
    block = work.scope(plan.root)
    if since and since.gone:
        parts = tuple(Card(f"gone-{at}", name, at, goes, (), "", "") for at, (name, goes) in enumerate(since.gone))
        gone = Frame("gone", "gone", f"gone since {since.before}", Beside(parts), len(parts))
        block = Series((block, gone))
    return Drawing(
        plan.flow.name, first_line(plan.flow.doc), tuple(facts), block, tuple(work.lines), since.before if since else ""
    )


def _depth(root: Scope) -> int:
    """How many regions stand in each other at most."""
    deepest, waiting = 0, [(root, 0)]
    while waiting:
        scope, depth = waiting.pop()
        deepest = max(deepest, depth)
        for node in scope.nodes:
            inner = (node.body,) if isinstance(node, FanOut) else () if isinstance(node, Task) else node.arms
            waiting.extend((each, depth + 1) for each in inner)
    return deepest


def first_line(doc: str | None) -> str:
    """The first line of a docstring."""
    return (doc or "").strip().partition("\n")[0].strip()


@mutable
class _Work:
    """The making of one picture."""

    plan: Plan
    since: Since
    numbers: Mapping[str, int]
    lines: list[Line] = fresh(default_factory=list)
    count: int = 0

    def scope(self, scope: Scope) -> Block:
        """The nodes of a level, with what is between them."""
        nodes = {entry(node).step: node for node in scope.nodes}
        keys = {
            (edge.node, name): self._keys(nodes[edge.node], edge.cases)
            for name, node in nodes.items()
            for edge in entry(node).after
            if edge.node in nodes and edge.cases
        }
        graph, texts = _with_labels(nodes, keys, self._next)
        blocks: dict[str, Block] = {name: self.node(node) for name, node in nodes.items()}
        blocks |= {key: Label(key, text) for key, text in texts.items()}
        arrangement = arranged(graph, lambda: self._next("bend"))
        blocks |= {key: Bend(key) for key in arrangement.bends}
        ends = {name: self._ends(node) for name, node in nodes.items()}
        for source, target in arrangement.ways:
            is_step, is_curved = target in nodes, target in arrangement.curved
            key = key_of(target) if is_step else target
            opens = source in nodes and not is_step and not is_curved
            self.lines.extend(Line(end, key, opens, is_step, is_curved) for end in ends.get(source, (source,)))
        return self._block(arrangement.piece, blocks)

    def _block(self, piece: Piece, blocks: Mapping[str, Block]) -> Block:
        if isinstance(piece, str):
            return blocks[piece]
        kind, parts = piece
        found = tuple(self._block(each, blocks) for each in parts)
        if len(found) == 1:
            return found[0]
        return Series(found) if kind == "series" else Beside(found)

    def node(self, node: Node) -> Block:
        """A node with all that it opens."""
        task = entry(node)
        opened = "" if isinstance(node, Task) else self._next("frame")
        head = self._container(task, opened)
        if isinstance(node, Task):
            return head
        last = key_of(task.steps[-1].step)
        if isinstance(node, FanOut):
            inside = self.scope(node.body)
            self.lines.append(Line(last, key_of(_entry_step(node.body)), opens=True))
            return Series((head, self._frame(opened, node.kind, self._fan_title(node), inside)))
        arms = tuple(self.scope(arm) for arm in node.arms)
        self.lines.extend(Line(last, key_of(_entry_step(arm)), opens=True) for arm in node.arms)
        inside = Beside(arms)
        return Series((head, self._frame(opened, "arms", f"{len(arms)} arms of {task.steps[-1].step}", inside)))

    def _frame(self, key: str, kind: FrameKind, title: str, inside: Block) -> Frame:
        return Frame(key, kind, title, inside, sum(isinstance(each, Card) for each in walk(inside)))

    def _fan_title(self, fan: FanOut) -> str:
        step = self.plan.flow.steps[fan.split.steps[-1].step]
        if fan.kind == "gang":
            return f"{value_text(fan.width)} nodes of a gang"
        chunk = entry(fan.body.nodes[0]).chunk
        portions = f", {chunk.size} members a container" if chunk else ""
        at_once = f", {chunk.workers} at once" if chunk and chunk.workers > 1 else ""
        return f"for each of {getattr(step.next, 'items', '')}{portions}{at_once}"

    def _container(self, task: Task, opens: str) -> Block:
        """The card of a step, or the cards of all that one container does."""
        steps = task.steps
        cards = tuple(self._card(each, opens if each is steps[-1] else "") for each in steps)
        if len(cards) == 1:
            return cards[0]
        for one, other in pairwise(steps):
            self.lines.append(Line(key_of(one.step), key_of(other.step)))
        return Frame(self._next("frame"), "container", "one container", Series(cards), len(cards))

    def _card(self, task: Task, opens: str) -> Card:
        step = self.plan.flow.steps[task.step]
        number = self.numbers[task.step]
        state = self.since.steps.get(task.step, "")
        before = self.since.renamed.get(task.step)
        marks = (f"before: {before}",) if before else ()
        return Card(
            key_of(task.step), task.step, number, first_line(step.doc), (*marks, *marks_of(step, task)), opens, state
        )

    def _ends(self, node: Node) -> tuple[str, ...]:
        """The steps that a line to what follows a node comes from."""
        if isinstance(node, Task):
            return (key_of(node.steps[-1].step),)
        scopes = (node.body,) if isinstance(node, FanOut) else node.arms
        return tuple(
            end
            for scope in scopes
            for each in scope.nodes
            if entry(each).step in _last(scope)
            for end in self._ends(each)
        )

    def _keys(self, node: Node, cases: tuple[int, ...]) -> str:
        step = self.plan.flow.steps[entry(node).steps[-1].step]
        return ", ".join(case_text(step, at) for at in cases)

    def _next(self, kind: str) -> str:
        self.count += 1
        return f"{kind}-{self.count}"


def key_of(step: str) -> str:
    """How a picture knows a step; no step's name has a hyphen."""
    return f"step-{step}"


def case_text(step: Step, position: int) -> str:
    """A key of a switch as it is written."""
    assert isinstance(step.next, Switch)
    return value_text(step.next.cases[position].key)


def _entry_step(scope: Scope) -> str:
    return entry(scope.nodes[0]).step


def _last(scope: Scope) -> set[str]:
    """The nodes of a scope that nothing in it follows."""
    followed = {edge.node for node in scope.nodes for edge in entry(node).after}
    return {entry(node).step for node in scope.nodes} - followed


def _with_labels(
    nodes: Mapping[str, Node], keys: Mapping[tuple[str, str], str], named: Callable[[str], str]
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What follows each node of a level, the keys of switches as nodes of their own between, in the author's order."""
    graph: dict[str, list[str]] = {name: [] for name in nodes}
    texts: dict[str, str] = {}
    for name, node in nodes.items():
        for edge in entry(node).after:
            if edge.node not in nodes:
                continue
            if edge.cases:
                label = named("label")
                texts[label] = keys[edge.node, name]
                graph[label] = [name]
                graph[edge.node].append(label)
            else:
                graph[edge.node].append(name)
    first = {(edge.node, entry(node).step): edge.cases[:1] for node in nodes.values() for edge in entry(node).after}
    for name in nodes:
        graph[name].sort(key=lambda each: first.get((name, graph[each][0]), (0,)) if each in texts else (0,))
    return graph, texts
