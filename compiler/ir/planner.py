"""Flow to Plan: every decision that does not depend on a target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from compiler.ir import needs, options, triggers
from compiler.ir.flow import End, Flow, Foreach, Gang, Split, Step, Switch
from compiler.ir.graph import Level, order, predecessors, successors
from compiler.ir.plan import (
    NOBODY,
    Begin,
    Branches,
    Choice,
    Edge,
    Enter,
    FanOut,
    Follow,
    Gather,
    Load,
    Loads,
    Merge,
    Node,
    Packages,
    Plan,
    Retry,
    Scope,
    Task,
)
from compiler.slotted_class import fresh, mutable, record


def plan(flow: Flow, *, branch: str | None = None, production: bool = False, user: str = NOBODY) -> Plan:
    """Decide a flow that the frontend let pass: regions, edges, loads, options. Pure.

    `user` is whose branch it is where a flow with `@project` has none: nobody's in what is compiled, for the machine's user may
    not change the output.
    """
    project = options.project(flow, branch, production, user)
    return Plan(
        flow=flow,
        root=_scopes(_regions(flow)),
        schedule=options.schedule(flow),
        project=project,
        features=options.features(flow),
        options=options.flow_options(flow),
        hooks=triggers.hooks(flow),
        triggers=triggers.triggers(flow, project),
        packages=needs.flow_packages(flow),
    )


@record
class _Place:
    """One scope to be: the split that opens it, and for a static split the arm's first step."""

    split: str | None
    arm: str | None
    depth: int


_ROOT = _Place(None, None, 0)


@mutable
class _Regions:
    """Where every step lies: its scope, what stands before it in the whole graph, and each split's join."""

    flow: Flow
    before: Mapping[str, list[str]]
    place: dict[str, _Place] = fresh(default_factory=dict)
    members: dict[_Place, list[str]] = fresh(default_factory=dict)
    joins: dict[str, str] = fresh(default_factory=dict)
    levels: dict[_Place, Level] = fresh(default_factory=dict)
    closing: dict[str, dict[_Place, list[str]]] = fresh(default_factory=dict)
    """For each join the last steps before it, by the scope that they end."""
    packages: dict[str, tuple[Packages | None, str]] = fresh(default_factory=dict)
    """What each step's interpreter holds, and the first step with the same; no name where the flow's own image does."""
    ways: dict[str, tuple[Edge, ...]] = fresh(default_factory=dict)
    """For each step the cases that lead to it: `Task.ways`."""

    def ends(self, place: _Place) -> list[str]:
        """The last steps of a scope: those directly before the join that closes it."""
        assert place.split is not None
        join = self.joins[place.split]
        if join not in self.closing:
            arms = self.closing[join] = {}
            for name in self.before[join]:
                arms.setdefault(self.place[name], []).append(name)
        return self.closing[join][place]

    def level(self, place: _Place) -> Level:
        """The scope as a graph of its own, built when a switch is asked for."""
        if place not in self.levels:
            self.levels[place] = self._level(place)
        return self.levels[place]

    def _level(self, place: _Place) -> Level:
        members = self.members[place]
        after = {name: self._following(name, place) for name in members}
        cases: dict[str, tuple[str, ...]] = {}
        for name in members:
            transition = self.flow.steps[name].next
            if isinstance(transition, Switch):
                cases[name] = tuple(case.target for case in transition.cases)
        return Level(after, predecessors(after), {name: at for at, name in enumerate(members)}, cases)

    def _following(self, name: str, place: _Place) -> tuple[str, ...]:
        if isinstance(self.flow.steps[name].next, Split | Foreach | Gang):
            return (self.joins[name],)
        return tuple(target for target in successors(self.flow.steps[name]) if self.place[target] == place)


def _regions(flow: Flow) -> _Regions:
    graph = {name: successors(step) for name, step in flow.steps.items()}
    found = _Regions(flow, predecessors(graph), members={_ROOT: []}, packages=_packages(flow))
    for name in order(graph):
        place = _place(found, name)
        found.place[name] = place
        found.members.setdefault(place, []).append(name)
        found.ways[name] = _ways(found, flow.steps[name])
    assert len(found.place) == len(flow.steps), "a cycle that the frontend let pass"
    return found


def _packages(flow: Flow) -> dict[str, tuple[Packages | None, str]]:
    variants: dict[Packages | None, str] = {needs.flow_packages(flow): ""}
    found = {name: needs.step_packages(flow, step) for name, step in flow.steps.items()}
    return {name: (packages, variants.setdefault(packages, name)) for name, packages in found.items()}


def _place(found: _Regions, name: str) -> _Place:
    """The scope of a step, told by any step before it: the frontend saw that they agree."""
    if not found.before[name]:
        return _ROOT
    earlier = found.before[name][0]
    around, transition = found.place[earlier], found.flow.steps[earlier].next
    if isinstance(transition, Split):
        return _Place(earlier, name, around.depth)
    if isinstance(transition, Foreach | Gang):
        return _Place(earlier, None, around.depth + 1)
    if found.flow.steps[name].is_join:
        assert around.split is not None, "a join without a split that the frontend let pass"
        found.joins[around.split] = name
        return found.place[around.split]
    return around


def _ways(regions: _Regions, step: Step) -> tuple[Edge, ...]:
    """The cases of switches that lead to a step, where those before it have theirs."""
    split, opened = _closes(regions, step), _opened_by(regions, step)
    if opened and not isinstance(regions.flow.steps[opened].next, Split):
        return ()
    before = [split or opened] if split or opened else regions.before[step.name]
    found: dict[str, set[int]] = {}
    for name in before:
        assert name is not None
        if isinstance(regions.flow.steps[name].next, Switch):
            edges: tuple[Edge, ...] = (Edge(name, _cases(regions.flow.steps[name], step.name)),)
        else:
            edges = regions.ways[name]
        for edge in edges:
            found.setdefault(edge.node, set()).update(edge.cases)
        if not edges:
            return ()
    return _shortened(regions, found)


def _shortened(regions: _Regions, found: dict[str, set[int]]) -> tuple[Edge, ...]:
    """The same ways, with every switch whose cases all lead there replaced by its own."""
    waiting = list(found)
    while waiting:
        switch = waiting.pop()
        if switch not in found or found[switch] != _all_cases(regions.flow.steps[switch]):
            continue
        del found[switch]
        if not regions.ways[switch]:
            return ()
        for edge in regions.ways[switch]:
            found.setdefault(edge.node, set()).update(edge.cases)
            waiting.append(edge.node)
    return tuple(Edge(name, tuple(sorted(cases))) for name, cases in found.items())


def _all_cases(switch: Step) -> set[int]:
    """The positions that a switch may report: a case that sends it back to itself is never one."""
    assert isinstance(switch.next, Switch)
    return {at for at, case in enumerate(switch.next.cases) if case.target != switch.name}


def _scopes(regions: _Regions) -> Scope:
    """The root scope, built from the inside out."""
    done: dict[_Place, Scope] = {}
    for place in reversed(regions.members):
        done[place] = Scope(tuple(_node(regions, name, done) for name in regions.members[place]))
    return done[_ROOT]


def _node(regions: _Regions, name: str, done: Mapping[_Place, Scope]) -> Node:
    task, depth = _task(regions, regions.flow.steps[name]), regions.place[name].depth
    transition = regions.flow.steps[name].next
    if isinstance(transition, Split):
        return Branches(task, tuple(done[_Place(name, target, depth)] for target in transition.targets))
    if isinstance(transition, Foreach):
        return FanOut(task, done[_Place(name, None, depth + 1)], "foreach", None)
    if isinstance(transition, Gang):
        return FanOut(task, done[_Place(name, None, depth + 1)], "gang", transition.width)
    return task


def _task(regions: _Regions, step: Step) -> Task:
    packages, variant = regions.packages[step.name]
    return Task(
        step=step.name,
        after=_after(regions, step),
        prerequisites=tuple(_prerequisites(regions, step)),
        loads=_loads(regions, step),
        depth=regions.place[step.name].depth,
        reports=_reports(step),
        is_end=isinstance(step.next, End),
        retry=_retry(step),
        timeout=None if _repeats(step) or _is_node(regions, step) else options.timeout(step),
        catch=options.has(step, "catch"),
        image=options.image(step),
        resources=options.resources(step),
        environment=options.environment(step),
        options=options.step_options(step),
        doc=step.doc,
        span=step.span,
        secrets=needs.secrets(step),
        packages=packages,
        variant=variant,
        ways=regions.ways[step.name],
        repeats=_repeats(step),
    )


def _repeats(step: Step) -> bool:
    return isinstance(step.next, Switch) and any(case.target == step.name for case in step.next.cases)


def _is_node(regions: _Regions, step: Step) -> bool:
    """Whether the step's tasks are the nodes of a gang."""
    opened = _opened_by(regions, step)
    return opened is not None and isinstance(regions.flow.steps[opened].next, Gang)


def _retry(step: Step) -> Retry | None:
    """What the engine is told: of a step that repeats, it only starts the container again."""
    found = options.retry(step)
    return Retry(found.times, 0, found.only_system) if found and _repeats(step) else found


def _reports(step: Step) -> Literal["fan", "case"] | None:
    if isinstance(step.next, Foreach | Gang):
        return "fan"
    return "case" if isinstance(step.next, Switch) else None


def _closes(regions: _Regions, step: Step) -> str | None:
    """The split that a join closes; None for any other step."""
    return regions.place[regions.before[step.name][0]].split if step.is_join else None


def _opened_by(regions: _Regions, step: Step) -> str | None:
    """The split that the step is the first after; None for any other step."""
    before = regions.before[step.name]
    opens = before and isinstance(regions.flow.steps[before[0]].next, Split | Foreach | Gang)
    return before[0] if opens else None


def _after(regions: _Regions, step: Step) -> tuple[Edge, ...]:
    split = _closes(regions, step)
    if split:
        return (Edge(split),)
    if _opened_by(regions, step):
        return ()
    return tuple(Edge(name, _cases(regions.flow.steps[name], step.name)) for name in regions.before[step.name])


def _cases(switch: Step, target: str) -> tuple[int, ...]:
    if not isinstance(switch.next, Switch):
        return ()
    return tuple(at for at, case in enumerate(switch.next.cases) if case.target == target)


def _prerequisites(regions: _Regions, step: Step) -> Iterator[tuple[Edge, ...]]:
    closed, opened = _closes(regions, step), _opened_by(regions, step)
    if closed and isinstance(regions.flow.steps[closed].next, Split):
        for arm in _arms(regions, closed):
            yield tuple(Edge(name) for name in regions.ends(arm))
    elif opened and isinstance(regions.flow.steps[opened].next, Split):
        yield (Edge(opened),)
    elif regions.before[step.name] and not opened:
        yield _after(regions, step)


def _arms(regions: _Regions, split: str) -> Iterator[_Place]:
    transition = regions.flow.steps[split].next
    assert isinstance(transition, Split)
    for target in transition.targets:
        yield _Place(split, target, regions.place[split].depth)


def _loads(regions: _Regions, step: Step) -> Loads:
    before, split, opened = regions.before[step.name], _closes(regions, step), _opened_by(regions, step)
    if not before:
        return Begin()
    if split and isinstance(regions.flow.steps[split].next, Split):
        return Merge(split, tuple((str(arm.arm), _last(regions, arm)) for arm in _arms(regions, split)))
    if split:
        return Gather(split, _last(regions, _Place(split, None, regions.place[split].depth + 1)))
    if opened and not isinstance(regions.flow.steps[opened].next, Split):
        return Enter(opened, _is_node(regions, step))
    if len(before) == 1:
        return Follow(Load((Choice((), before[0]),)))
    return Follow(regions.level(regions.place[step.name]).load(before, step.name))


def _last(regions: _Regions, place: _Place) -> Load:
    """What a join loads of one scope that it closes."""
    ends = regions.ends(place)
    return Load((Choice((), ends[0]),)) if len(ends) == 1 else regions.level(place).load(ends, None)
