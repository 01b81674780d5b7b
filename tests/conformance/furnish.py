"""What each step of a shape does: acts drawn at random, such that the flow is right and no merge conflicts by accident."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.conformance import acts
from tests.conformance.configuring import NAME, Settings, configured
from tests.conformance.dice import chance
from tests.conformance.faults import FailAlways, FailFirst, Fatal, Kind, Told
from tests.conformance.faults import decorators as faulty
from tests.conformance.scopes import Loop, Scope, Version, differing, is_sure, meet
from tests.conformance.shapes import BEYOND_METAFLOW, GANG, Diamond, Each, Level, Line, first_step, last_step
from tests.conformance.switching import Decide, Peek
from tests.conformance.texts import GivenParameter, draw_keys, hostile, is_key
from tests.conformance.wrapping import Around, Noted
from tests.conformance.writing import HOWS, Delete, Written

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
KINDS: tuple[Kind, ...] = ("raise", "kill", "hang")
FATES = ("catch", "retry", "environment", "none")
NOISE = ('{"index": "9", "fan": 9}', "::error::", "{{=1+1}}", "x" * 300, "\\", "null")


@dataclass(frozen=True, slots=True)
class Going:
    """How a node is left: what `self.next` says (None at the end), and what decides between the keys of a switch."""

    text: str | None
    decides: Decide | None = None


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
    """Draws the acts. `steps` fills in the order of the walk, `constants` are the flow's; `beyond`: Metaflow itself cannot run it."""

    rng: random.Random
    flow: str
    parameters: tuple[GivenParameter, ...]
    settings: Settings | None = None
    fatal: Mapping[str, Fatal] = field(default_factory=dict)
    steps: dict[str, StepDef] = field(default_factory=dict)
    constants: dict[str, object] = field(default_factory=dict)
    globals: dict[str, object] = field(default_factory=dict)
    nodes: dict[str, int] = field(default_factory=dict)
    beyond: bool = False
    versions: int = 0

    def level(self, level: Level, scope: Scope, loops: tuple[Loop, ...], after: str | None) -> Scope:
        """Furnish a level whose exit is the step `after`; the names with which its ways get there."""
        arriving: list[list[Scope]] = [[] for _ in range(len(level.nodes) + 1)]
        arriving[0] = [scope]
        for at, node in enumerate(level.nodes):
            found = meet(arriving[at], self._number)
            going = self._going(level, at, after)
            match node:
                case Line():
                    left = self._line(node, found, loops, going)
                case Diamond():
                    left = self._diamond(node, found, loops, going)
                case Each():
                    left = self._each(node, found, loops, going)
            for target in dict.fromkeys(level.ways[at]):
                arriving[target].append(left)
        return meet(arriving[-1], self._number)

    def _spelled(self, variable: str) -> str:
        """A foreach's variable as real flows write it: a literal, a constant's name, an f-string of constants."""
        way = self.rng.choice(("literal", "literal", "literal", "name", "text"))
        if way == "literal":
            return f'"{variable}"'
        constant = f"{'OVER' if way == 'name' else 'REST'}_{variable.upper()}"
        self.globals[constant] = variable if way == "name" else variable[1:]
        return constant if way == "name" else f'f"{variable[0]}{{{constant}}}"'

    def _number(self) -> int:
        self.versions += 1
        return self.versions

    def _going(self, level: Level, at: int, after: str | None) -> Going:
        """The transition behind the node at a position."""
        node = level.nodes[at]
        steps = [after if way == len(level.nodes) else first_step(level.nodes[way]) for way in level.ways[at]]
        if not level.switches(at):
            return Going(None if steps[0] is None else f"self.{steps[0]}")
        step = last_step(node)
        decides = self._decides(step, len(steps), node.rounds if isinstance(node, Line) else 0)
        targets = [*steps, step] if decides.rounds else steps
        keys = [self._key(key) for key in decides.keys]
        cases = ", ".join(f"{key}: self.{target}" for key, target in zip(keys, targets, strict=True))
        return Going(f'{{{cases}}}, condition="{decides.condition}"', decides)

    def _key(self, key: object) -> str:
        return f"self.{NAME}.key" if self.settings and self.settings.is_key(key) else repr(key)

    def _decides(self, step: str, ways: int, rounds: int) -> Decide:
        rng = self.rng
        keys = draw_keys(rng, ways + bool(rounds))
        if self.settings and chance(rng, 0.5):
            keys = _with_key(rng, keys, self.settings.values["key"])
        kind = "artifact" if rounds else rng.choice(("artifact", "artifact", "artifact", "parameter", "constant"))
        parameters = [parameter for parameter in self.parameters if is_key(parameter.expected)]
        if kind == "parameter" and parameters:
            parameter = rng.choice(parameters)
            return Decide(step, f"{parameter.attribute}", _with_key(rng, keys, parameter.expected), None, 0)
        if kind == "constant":
            name = f"FIXED_{step.upper()}"
            self.constants[name] = rng.choice(keys)
            return Decide(step, name, keys, None, 0)
        return Decide(step, f"way_{step}", keys, rng.randint(0, ways - 1), rounds)

    def _line(self, node: Line, scope: Scope, loops: tuple[Loop, ...], going: Going) -> Scope:
        doing, names = self._opening(node.name, scope, loops)
        decorators, first, last = self._failing(
            node.name, loops, may_catch=going.decides is None, repeats=bool(node.rounds)
        )
        if node.name in self.nodes:  # when each is ended while another fails, or is caught, is left to chance
            again = [replace(one, nodes=self.nodes[node.name]) for one in first if isinstance(one, FailFirst)]
            again = [one for one in again if one.kind == "raise"]
            decorators = ("@parallel", *(decorators if again else ()))
            first, last = (acts.Node(node.name), *again), ()
            names[f"node_{node.name}"] = True
        doing += self._current(node.name, (*first, *last))
        names |= _names_of((*first, *doing, *last))
        early = going.text is not None and chance(self.rng, 0.08)
        names |= self._add(node.name, False, decorators, (*first, *doing, *last), going, early)
        left = self._set(scope, names | _decided(going), loops)
        killed = next((act for act in first if isinstance(act, FailAlways) and act.kind == "kill"), None)
        if any(isinstance(act, FailAlways) for act in last):  # what comes behind the step's own end may not come
            left |= {name: replace(left[name], sure=False) for name in (f"around_{node.name}",) if name in left}
        return _unsure(scope, left, killed.variable) if killed else left

    def _diamond(self, node: Diamond, scope: Scope, loops: tuple[Loop, ...], going: Going) -> Scope:
        doing, names = self._opening(node.split, scope, loops)
        decorators, first, _ = self._failing(node.split, loops, may_catch=False)
        doing += self._current(node.split, first)
        names |= _names_of((*first, *doing))
        targets = ", ".join(f"self.{arm.entry}" for arm in node.arms)
        names |= self._add(node.split, False, decorators, (*first, *doing), Going(targets))
        scope = self._set(scope, names, loops)
        ends = [self.level(arm, scope, loops, node.join) for arm in node.arms]
        return self._join(node.join, ends, loops, going, conflicts=differing(ends), arms=node.arms)

    def _each(self, node: Each, scope: Scope, loops: tuple[Loop, ...], going: Going) -> Scope:
        doing, names = self._opening(node.split, scope, loops)
        decorators, first, _ = self._failing(node.split, loops, may_catch=False)
        doing += self._current(node.split, first)
        names |= _names_of((*first, *doing))
        items = acts.Items(node.split, node.variable, node.kind, node.width, node.ragged and bool(loops))
        self.beyond |= node.kind in BEYOND_METAFLOW
        if node.kind == GANG:
            self.nodes[node.body.entry] = node.width
            width = self.rng.choice((str(node.width), f"self.{node.variable}", f"len(range(self.{node.variable}))"))
            target = f"self.{node.body.entry}, num_parallel={width}"
        else:
            target = f"self.{node.body.entry}, foreach={self._spelled(node.variable)}"
        names |= self._add(node.split, False, decorators, (*first, *doing, items), Going(target))
        scope = self._set(scope, {**names, node.variable: True}, loops)
        before = self.versions
        loop = Loop(node.variable, scope[node.variable].number, node.width)
        end = self.level(node.body, scope, (*loops, loop), node.join)
        several = node.width > 1 or node.ragged
        conflicts = {name for name, at in end.items() if several and at.number > before and at.varies}
        differ = not node.ragged  # a ragged foreach may have one child, and one input conflicts with nothing
        return self._join(node.join, [end], loops, going, conflicts=conflicts, arms=(), differ=differ)

    def _join(
        self,
        name: str,
        ends: list[Scope],
        loops: tuple[Loop, ...],
        going: Going,
        *,
        conflicts: set[str],
        arms: tuple[Level, ...],
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
        if all(is_sure(end, "bag", "book") for end in ends) and chance(rng, 0.6):
            own.append(acts.Extend())
            names |= {"bag": True, "book": True}
        if arms and chance(rng, 0.5):
            own.append(
                acts.ByName(name, tuple(arm.entry for arm in arms), tuple(end for arm in arms for end in arm.ends()))
            )
            names[f"named_{name}"] = True
        decorators, first, _ = self._failing(name, loops, may_catch=False)
        own += self._current(name, first)
        names |= _names_of((*first, *own)) | _decided(going)
        scope |= self._set({}, names, loops)
        doing = [*first, *doing]
        merge = self._merge(ends, conflicts, set(scope), rng)
        merged_first = merge is not None and not self._needs(merge, conflicts, set(scope)) and chance(rng, 0.4)
        doing += [*([merge] if merge and merged_first else []), *own, *([merge] if merge and not merged_first else [])]
        if merge:
            for brought in merge.brings:
                scope.setdefault(brought, _brought([end[brought] for end in ends if brought in end]))
            if merged_first:
                scope |= {each: scope[each] for each in names}
        scope |= self._set({}, self._add(name, True, decorators, tuple(doing), going), loops)
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
        sure = [name for name in free if any(is_sure(end, name) for end in ends)]
        if kind == "include" and sure:
            chosen = rng.sample(sure, rng.randint(1, min(3, len(sure))))
            return acts.Merge(f"inputs, include={chosen!r}", tuple(chosen))
        left_out = [name for name in everything if name in conflicts and name not in own]
        if kind == "exclude" and free:
            left_out += rng.sample(free, 1)
        brings = tuple(name for name in free if name not in left_out)
        return acts.Merge(f"inputs, exclude={left_out!r}" if left_out else "inputs", brings, tuple(left_out))

    def _opening(self, step: str, scope: Scope, loops: tuple[Loop, ...]) -> tuple[list[acts.Act], dict[str, bool]]:
        """Acts of a step that is no join, and the names that they set (True: varies)."""
        rng = self.rng
        doing: list[acts.Act] = [acts.Trail(step) if scope else acts.Begin(step), acts.Where(step)]
        names = {"trail": True, f"where_{step}": True} | ({} if scope else {"bag": True, "book": True})
        if loops or chance(rng, 0.1):
            doing.append(acts.Item(step))
            names[f"item_{step}"] = True
            self.beyond |= any(scope.get(loop.variable, Version(0, False)).number != loop.number for loop in loops)
        if is_sure(scope, "bag", "book") and chance(rng, 0.5):
            doing.append(acts.Append(step))
            names |= {"bag": True, "book": True}
        for variable in [name for name in scope if name.startswith("caught_") and is_sure(scope, name)]:
            doing.append(Told(step, variable))
            names[f"told_{step}"] = True
        unsure = [name for name, version in scope.items() if not version.sure]
        if unsure and chance(rng, 0.6):
            doing.append(Peek(step, rng.choice(unsure)))
            names[f"peek_{step}"] = True
        if loops and loops[-1].variable in scope and chance(rng, 0.08):
            doing.insert(0, acts.Spoil(loops[-1].variable))
            names[loops[-1].variable] = False
            self.beyond = True
        held = [
            name for name in scope if name.startswith(("const_", "w_")) and is_sure(scope, name) and name not in names
        ]
        if held and chance(rng, 0.15):
            doing.append(Delete(rng.choice(held)))
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
        if chance(rng, 0.25):
            written = Written(step, rng.choice(HOWS))
            doing.append(written)
            names |= dict.fromkeys(written.sets(), False)
        if self.parameters and chance(rng, 0.4):
            doing.append(acts.Sighting(step, rng.choice(self.parameters).attribute))
            names[f"saw_{step}"] = False
        if self.settings and chance(rng, 0.4):
            seen = configured(self.settings, step, rng)
            doing.append(seen)
            names[seen.name] = False
        if chance(rng, 0.2):
            doing.append(acts.Noise(rng.choice(NOISE)))
        return doing

    def _failing(
        self, step: str, loops: tuple[Loop, ...], *, may_catch: bool, repeats: bool = False
    ) -> tuple[tuple[str, ...], tuple[acts.Act, ...], tuple[acts.Act, ...]]:
        drawn = self._fault(step, loops, may_catch=may_catch, repeats=repeats)
        fatal = self.fatal.get(step)
        return (fatal.decorators, (fatal,), ()) if fatal else drawn

    def _fault(
        self, step: str, loops: tuple[Loop, ...], *, may_catch: bool, repeats: bool = False
    ) -> tuple[tuple[str, ...], tuple[acts.Act, ...], tuple[acts.Act, ...]]:
        """Decorators, acts at the beginning and acts at the end of a step that fails at times, or has an environment."""
        rng = self.rng
        only = rng.choice((None, 0, 1)) if loops else None
        (fate,) = rng.choices(FATES, weights=(0, 40, 15, 45) if repeats else (8, 17, 15, 60))
        (kind,) = rng.choices(KINDS, weights=(60, 25, 15) if repeats else (80, 15, 5))
        if fate == "catch" and may_catch and step not in ("start", "end"):
            retries = rng.choice((0, 0, 1)) if kind == "raise" else 0
            retry = (self._retry(retries),) if retries else ()
            fail = FailAlways(step, kind, retries, only)
            decorated = (f'@catch(var="{fail.variable}", print_exception=False)', *faulty(kind), *retry)
            return decorated, (fail,) if kind == "kill" else (), () if kind == "kill" else (fail,)
        if fate == "retry":
            failures = rng.choice((1, 1, 2)) if kind == "raise" else 1
            fails = FailFirst(step, kind, failures, only)
            return (*faulty(kind), self._retry(failures + rng.choice((0, 0, 1)))), (fails,), ()
        if fate == "environment":
            variable = f"GEN_{step.upper()}"
            spelled, text = self._text()
            environment = acts.Environment(step, variable, text)
            return (f"@environment(vars={{{variable!r}: {spelled}}})",), (environment,), ()
        return (), (), ()

    def _text(self) -> tuple[str, str]:
        """A text in a decorator, as it is written and as it is."""
        if self.settings and chance(self.rng, 0.6):
            return self.settings.spelled("text", self.rng), str(self.settings.values["text"])
        text = hostile(self.rng)
        return repr(text), text

    def _retry(self, times: int) -> str:
        configured = self.settings and times == self.settings.values["times"] and chance(self.rng, 0.5)
        text = self.settings.spelled("times", self.rng) if self.settings and configured else str(times)
        return f"@retry(times={text}, minutes_between_retries=0)"

    def _current(self, step: str, failing: Sequence[acts.Act]) -> list[acts.Act]:
        """A look at `current`, where the number of attempts is the same in all tasks of the step."""
        fails = [act for act in failing if isinstance(act, FailFirst | FailAlways)]
        if chance(self.rng, 0.7) or any(act.only_index is not None for act in fails):
            return []
        return [acts.Current(step, self.flow, fails[0].attempts(()) - 1 if fails else 0)]

    def _set(self, scope: Scope, names: Mapping[str, bool], loops: tuple[Loop, ...]) -> dict[str, Version]:
        found = dict(scope)
        for name, varies in names.items():
            found[name] = Version(self._number(), varies and bool(loops))
        return found

    def _add(
        self,
        name: str,
        is_join: bool,
        decorators: Sequence[str],
        doing: Sequence[acts.Act],
        going: Going,
        early: bool = False,
    ) -> dict[str, bool]:
        """Add a step; the names that its own decorators set."""
        assert name not in self.steps
        decides = (going.decides,) if going.decides else ()
        around, inner = self._wrapping(name, is_join)
        # What is noted is noted before anything is done, but for a kill, which leaves nothing.
        first = [act for act in doing if isinstance(act, FailAlways) and act.kind == "kill"]
        noted = [act for act in inner if isinstance(act, Noted)]
        after = [act for act in inner if isinstance(act, Around)]
        acts_ = (*first, *noted, *(act for act in doing if act not in first), *decides, *after)
        self.steps[name] = StepDef(name, is_join, (*around, *decorators), acts_, going.text, early)
        return {act.name: False for act in inner}

    def _wrapping(self, step: str, is_join: bool) -> tuple[tuple[str, ...], tuple[Noted | Around, ...]]:
        """Decorators of the author's own, and what they do."""
        rng = self.rng
        kind = rng.choice(("none", "none", "none", "none", "noted", "around", "both"))
        around = Around(step, is_join, rng.choice((None, 7)))
        noted = Noted(step, is_join)
        found: dict[str, tuple[tuple[str, Noted | Around], ...]] = {
            "none": (),
            "noted": (("@noted", noted),),
            "around": ((around.decorator, around),),
            "both": (("@noted", noted), (around.decorator, around)),
        }
        return tuple(text for text, _ in found[kind]), tuple(act for _, act in found[kind])


def _names_of(doing: Sequence[acts.Act]) -> dict[str, bool]:
    """The names that the acts of `_failing` and `_current` set."""
    names: dict[str, bool] = {}
    for act in doing:
        if isinstance(act, FailFirst):
            names[f"haunted_{act.step}"] = False
        elif isinstance(act, FailAlways):
            names[act.variable] = True
        elif isinstance(act, acts.Environment):
            names[f"env_{act.step}"] = False
        elif isinstance(act, acts.Current):
            names[f"now_{act.step}"] = False
    return names


def _decided(going: Going) -> dict[str, bool]:
    """The names that a switch's step sets to decide."""
    return dict.fromkeys(going.decides.sets(), True) if going.decides else {}


def _unsure(before: Scope, after: Scope, caught: str) -> Scope:
    """The names behind a step that may have been killed, which sets nothing but the failure.

    What it alone sets may not be there, and what was there before may have stayed so in some of its tasks.
    """
    return {
        name: replace(
            version,
            sure=is_sure(before, name) or name == caught,
            varies=version.varies or (name in before and before[name].number != version.number),
        )
        for name, version in after.items()
    }


def _brought(versions: Sequence[Version]) -> Version:
    """What a merge brings: sure where any input is sure to have it."""
    return replace(versions[0], sure=any(version.sure for version in versions))


def _with_key(rng: random.Random, keys: tuple[object, ...], key: object) -> tuple[object, ...]:
    """The keys with this one among them."""
    if key in keys:
        return keys
    at = rng.randrange(len(keys))
    return (*keys[:at], key, *keys[at + 1 :])
