"""What each step of a shape does: acts drawn at random, such that the flow is right and no merge conflicts by accident."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.conformance import acts
from tests.conformance.dice import chance
from tests.conformance.shapes import BEYOND_METAFLOW, Diamond, Each, Line, Node, first_step, last_step
from tests.conformance.texts import GivenParameter, hostile

CONSTANTS: tuple[tuple[str, object], ...] = (
    ("17", 17),
    ("None", None),
    ("-0.5", -0.5),
    ('"{{ x }} $(A) %s"', "{{ x }} $(A) %s"),
    ('b"\\x00\\xff"', b"\x00\xff"),
    ("frozenset({1, 2})", frozenset({1, 2})),
    ('{"a": (1, [2, None])}', {"a": (1, [2, None])}),
    ("Box([1, 2])", acts.Box([1, 2])),
    ("bytes(range(256)) * 300", bytes(range(256)) * 300),
    ("datetime.date(2024, 2, 29)", datetime.date(2024, 2, 29)),
)
NOISE = ('{"index": "9", "fan": 9}', "::error::", "{{=1+1}}", "x" * 300, "\\", "null")


@dataclass(frozen=True, slots=True)
class Version:
    """Who set a name last. `varies` is true where the value differs from one task of that step to another."""

    number: int
    varies: bool


Scope = Mapping[str, Version]


@dataclass(frozen=True, slots=True)
class Loop:
    """A foreach that is open, its variable as the split left it."""

    variable: str
    number: int
    width: int


@dataclass(frozen=True, slots=True)
class StepDef:
    """One step, ready to be written and to be run by the oracle."""

    name: str
    is_join: bool
    decorators: tuple[str, ...]
    acts: tuple[acts.Act, ...]
    transition: str | None
    leaves_early: bool = False


@dataclass(slots=True)
class Furnisher:
    """Draws the acts. `steps` fills in the order of the walk; `beyond` says that Metaflow itself cannot run this flow."""

    rng: random.Random
    flow: str
    parameters: tuple[GivenParameter, ...]
    steps: dict[str, StepDef] = field(default_factory=dict)
    beyond: bool = False
    versions: int = 0

    def sequence(self, nodes: Sequence[Node], scope: Scope, loops: tuple[Loop, ...], after: str | None) -> Scope:
        """Furnish nodes that run one after the other; the names that the last of them leaves."""
        for position, node in enumerate(nodes):
            following = first_step(nodes[position + 1 :]) if position + 1 < len(nodes) else after
            match node:
                case Line():
                    scope = self._line(node, scope, loops, following)
                case Diamond():
                    scope = self._diamond(node, scope, loops, following)
                case Each():
                    scope = self._each(node, scope, loops, following)
        return scope

    def _line(self, node: Line, scope: Scope, loops: tuple[Loop, ...], after: str | None) -> Scope:
        doing, names = self._opening(node.name, scope, loops)
        decorators, first, last = self._failing(node.name, loops, may_catch=True)
        doing += self._current(node.name, (*first, *last))
        names |= _names_of((*first, *doing, *last))
        early = after is not None and chance(self.rng, 0.08)
        transition = None if after is None else f"self.{after}"
        self._add(node.name, False, decorators, (*first, *doing, *last), transition, early)
        return self._set(scope, names, loops)

    def _diamond(self, node: Diamond, scope: Scope, loops: tuple[Loop, ...], after: str | None) -> Scope:
        doing, names = self._opening(node.split, scope, loops)
        decorators, first, _ = self._failing(node.split, loops, may_catch=False)
        doing += self._current(node.split, first)
        names |= _names_of((*first, *doing))
        targets = ", ".join(f"self.{first_step(arm)}" for arm in node.arms)
        self._add(node.split, False, decorators, (*first, *doing), targets)
        scope = self._set(scope, names, loops)
        ends = [self.sequence(arm, scope, loops, node.join) for arm in node.arms]
        arms = tuple(last_step(arm) for arm in node.arms)
        return self._join(node.join, ends, loops, after, conflicts=_differing(ends), arms=arms)

    def _each(self, node: Each, scope: Scope, loops: tuple[Loop, ...], after: str | None) -> Scope:
        doing, names = self._opening(node.split, scope, loops)
        decorators, first, _ = self._failing(node.split, loops, may_catch=False)
        doing += self._current(node.split, first)
        names |= _names_of((*first, *doing))
        items = acts.Items(node.split, node.variable, node.kind, node.width, node.ragged and bool(loops))
        self.beyond |= node.kind in BEYOND_METAFLOW
        target = f'self.{first_step(node.body)}, foreach="{node.variable}"'
        self._add(node.split, False, decorators, (*first, *doing, items), target)
        scope = self._set(scope, {**names, node.variable: True}, loops)
        before = self.versions
        loop = Loop(node.variable, scope[node.variable].number, node.width)
        end = self.sequence(node.body, scope, (*loops, loop), node.join)
        several = node.width > 1 or node.ragged
        conflicts = {name for name, at in end.items() if several and at.number > before and at.varies}
        differ = not node.ragged  # a ragged foreach may have one child, and one input conflicts with nothing
        return self._join(node.join, [end], loops, after, conflicts=conflicts, arms=(), differ=differ)

    def _join(
        self,
        name: str,
        ends: list[Scope],
        loops: tuple[Loop, ...],
        after: str | None,
        *,
        conflicts: set[str],
        arms: tuple[str, ...],
        differ: bool = True,
    ) -> Scope:
        rng = self.rng
        doing: list[acts.Act] = []
        scope: dict[str, Version] = {}
        if conflicts & {"trail"} and chance(rng, 0.3) and differ:
            doing.append(acts.RefusedMerge(name))
            scope |= self._set({}, {f"refused_{name}": False}, loops)
        own: list[acts.Act] = [acts.Gather(name), acts.Where(name)]
        names = {"trail": True, f"where_{name}": True}
        if all("bag" in end and "book" in end for end in ends) and chance(rng, 0.6):
            own.append(acts.Extend())
            names |= {"bag": True, "book": True}
        if arms and chance(rng, 0.5):
            own.append(acts.ByName(name, arms))
            names[f"named_{name}"] = True
        decorators, first, _ = self._failing(name, loops, may_catch=False)
        own += self._current(name, first)
        names |= _names_of((*first, *own))
        scope |= self._set({}, names, loops)
        doing = [*first, *doing]
        merge = self._merge(ends, conflicts, set(scope), rng)
        merged_first = merge is not None and not self._needs(merge, conflicts, set(scope)) and chance(rng, 0.4)
        doing += [*([merge] if merge and merged_first else []), *own, *([merge] if merge and not merged_first else [])]
        if merge:
            for brought in merge.brings:
                scope.setdefault(brought, next(end[brought] for end in ends if brought in end))
            if merged_first:
                scope |= {each: scope[each] for each in names}
        self._add(name, True, decorators, tuple(doing), None if after is None else f"self.{after}")
        return scope

    @staticmethod
    def _needs(merge: acts.Merge, conflicts: set[str], own: set[str]) -> bool:
        """True where the merge is only right after the join has set its own names."""
        clash = bool(conflicts & own) and "include" not in merge.source
        return clash or bool(own & set(merge.brings))

    def _merge(self, ends: list[Scope], conflicts: set[str], own: set[str], rng: random.Random) -> acts.Merge | None:
        everything = list(dict.fromkeys(name for end in ends for name in end))
        free = [name for name in everything if name not in conflicts and name not in own]
        kind = rng.choice(("none", "all", "all", "exclude", "include"))
        if kind == "none":
            return None
        if kind == "include" and free:
            chosen = rng.sample(free, rng.randint(1, min(3, len(free))))
            return acts.Merge(f"inputs, include={chosen!r}", tuple(chosen))
        left_out = [name for name in everything if name in conflicts and name not in own]
        if kind == "exclude" and free:
            left_out += rng.sample(free, 1)
        brings = tuple(name for name in free if name not in left_out)
        return acts.Merge(f"inputs, exclude={left_out!r}" if left_out else "inputs", brings)

    def _opening(self, step: str, scope: Scope, loops: tuple[Loop, ...]) -> tuple[list[acts.Act], dict[str, bool]]:
        """Acts of a step that is no join, and the names that they set (True: varies)."""
        rng = self.rng
        doing: list[acts.Act] = [acts.Trail(step) if scope else acts.Begin(step), acts.Where(step)]
        names = {"trail": True, f"where_{step}": True} | ({} if scope else {"bag": True, "book": True})
        if loops or chance(rng, 0.1):
            doing.append(acts.Item(step))
            names[f"item_{step}"] = True
            self.beyond |= any(scope.get(loop.variable, Version(0, False)).number != loop.number for loop in loops)
        if "bag" in scope and "book" in scope and chance(rng, 0.5):
            doing.append(acts.Append(step))
            names |= {"bag": True, "book": True}
        for variable in [name for name in scope if name.startswith("caught_")]:
            doing.append(acts.Told(step, variable))
            names[f"told_{step}"] = True
        if loops and loops[-1].variable in scope and chance(rng, 0.08):
            doing.insert(0, acts.Spoil(loops[-1].variable))
            names[loops[-1].variable] = False
            self.beyond = True
        doing += self._extras(step, names)
        return doing, names

    def _extras(self, step: str, names: dict[str, bool]) -> list[acts.Act]:
        rng = self.rng
        doing: list[acts.Act] = []
        if chance(rng, 0.4):
            source, value = rng.choice(CONSTANTS)
            name = rng.choice((f"const_{step}", f"_private_{step}", "shared_constant"))
            doing.append(acts.Constant(name, source, value))
            names[name] = False
        if self.parameters and chance(rng, 0.4):
            doing.append(acts.Sighting(step, rng.choice(self.parameters).attribute))
            names[f"saw_{step}"] = False
        if chance(rng, 0.2):
            doing.append(acts.Noise(rng.choice(NOISE)))
        return doing

    def _failing(
        self, step: str, loops: tuple[Loop, ...], *, may_catch: bool
    ) -> tuple[tuple[str, ...], tuple[acts.Act, ...], tuple[acts.Act, ...]]:
        """Decorators, acts at the beginning and acts at the end of a step that fails at times, or has an environment."""
        rng = self.rng
        only = rng.choice((None, 0, 1)) if loops else None
        (fate,) = rng.choices(("catch", "retry", "environment", "none"), weights=(8, 17, 15, 60))
        if fate == "catch" and may_catch and step not in ("start", "end"):
            retries = rng.choice((0, 0, 1))
            retry = (_retry(retries),) if retries else ()
            fail = acts.FailAlways(step, retries, only)
            return (f'@catch(var="{fail.variable}", print_exception=False)', *retry), (), (fail,)
        if fate == "retry":
            failures = rng.choice((1, 1, 2))
            fails = acts.FailFirst(step, failures, only)
            return (_retry(failures + rng.choice((0, 0, 1))),), (fails,), ()
        if fate == "environment":
            variable, text = f"GEN_{step.upper()}", hostile(rng)
            environment = acts.Environment(step, variable, text)
            return (f"@environment(vars={{{variable!r}: {text!r}}})",), (environment,), ()
        return (), (), ()

    def _current(self, step: str, failing: Sequence[acts.Act]) -> list[acts.Act]:
        """A look at `current`, where the number of attempts is the same in all tasks of the step."""
        fails = [act for act in failing if isinstance(act, acts.FailFirst | acts.FailAlways)]
        if chance(self.rng, 0.7) or any(act.only_index is not None for act in fails):
            return []
        return [acts.Current(step, self.flow, fails[0].attempts(()) - 1 if fails else 0)]

    def _set(self, scope: Scope, names: Mapping[str, bool], loops: tuple[Loop, ...]) -> dict[str, Version]:
        found = dict(scope)
        for name, varies in names.items():
            self.versions += 1
            found[name] = Version(self.versions, varies and bool(loops))
        return found

    def _add(
        self,
        name: str,
        is_join: bool,
        decorators: Sequence[str],
        doing: Sequence[acts.Act],
        transition: str | None,
        early: bool = False,
    ) -> None:
        assert name not in self.steps
        self.steps[name] = StepDef(name, is_join, tuple(decorators), tuple(doing), transition, early)


def _retry(times: int) -> str:
    return f"@retry(times={times}, minutes_between_retries=0)"


def _names_of(doing: Sequence[acts.Act]) -> dict[str, bool]:
    """The names that the acts of `_failing` and `_current` set."""
    names: dict[str, bool] = {}
    for act in doing:
        if isinstance(act, acts.FailFirst):
            names[f"haunted_{act.step}"] = False
        elif isinstance(act, acts.FailAlways):
            names[act.variable] = True
        elif isinstance(act, acts.Environment):
            names[f"env_{act.step}"] = False
        elif isinstance(act, acts.Current):
            names[f"now_{act.step}"] = False
    return names


def _differing(ends: Sequence[Scope]) -> set[str]:
    """Names that two arms hold in different versions."""
    numbers: dict[str, set[int]] = {}
    for end in ends:
        for name, version in end.items():
            numbers.setdefault(name, set()).add(version.number)
    return {name for name, found in numbers.items() if len(found) > 1}
