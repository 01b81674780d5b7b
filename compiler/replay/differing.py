"""What a replay left beside what the attempt had left: artifacts by name, the way on, how both ended."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Literal

from flowc.artifacts.inputs import content
from flowc.artifacts.manifest import Blob, Failure, Manifest, Stored
from flowc.artifacts.mixing import changed

from compiler.replay.chosen import Chosen, State
from compiler.replay.scratch import Scratch
from compiler.slotted_class import record

Kind = Literal["equal", "differs", "new", "gone", "set"]
"""`set`: it has the value that was given with `--set`."""
Result = Literal["equal", "differs", "failed"]
Compared = Callable[[list[str]], Mapping[str, Mapping[str, object]]]
"""What the author's classes say of artifacts whose bytes differ."""


@record
class Side:
    """An artifact as one side has it; `value` is its short text, where that was asked for."""

    type: str
    size: int
    value: str | None


@record
class Artifact:
    """An artifact before and now. `why` says why a value could not be compared."""

    name: str
    kind: Kind
    before: Side | None
    now: Side | None
    why: str = ""


@record
class End:
    """How one side ended. `next`, `width` and `case` are None where it has left nothing."""

    state: State
    failure: Failure | None
    next: tuple[str, ...] | None = None
    width: int | None = None
    case: int | None = None

    @property
    def place(self) -> str:
        """Where the exception was raised, as `flow.py:12 in fit`; empty where nobody knows."""
        found = (
            re.findall(r'^  File "(.+)", line (\d+), in (.+)$', self.failure.stacktrace, re.MULTILINE)
            if self.failure
            else []
        )
        return f"{os.path.basename(found[-1][0])}:{found[-1][1]} in {found[-1][2]}" if found else ""

    @property
    def says(self) -> str:
        """The exception in one line."""
        if self.failure is None:
            return ""
        text = self.failure.exception.partition("\n")[0]
        at = f", at {self.place}" if self.place else ""
        return f"{self.failure.type.removeprefix('builtins.')}{': ' if text else ''}{text}{at}"


@record
class Comparison:
    """All that a replay says. `other_code` are the files of the code that had changed since."""

    before: End
    now: End
    artifacts: tuple[Artifact, ...]
    other_code: tuple[str, ...]

    @property
    def differences(self) -> tuple[str, ...]:
        """The names of what differs: `state`, `exception`, `next`, `width`, `case`, and artifacts as `artifact NAME`."""
        return tuple(self._differing())

    def _differing(self) -> Iterator[str]:
        before, now = self.before, self.now
        if before.state == "replaced":
            return
        if before.state != now.state:
            yield "state"
        if before.failure and now.failure and _told(before) != _told(now):
            yield "exception"
        if before.next is not None and now.next is not None:
            yield from (name for name in ("next", "width", "case") if getattr(before, name) != getattr(now, name))
        yield from (f"artifact {each.name}" for each in self.artifacts if each.kind not in ("equal", "set"))

    @property
    def result(self) -> Result:
        """`failed` where the replay did, whatever the attempt had done."""
        if self.now.state in ("failed", "killed"):
            return "failed"
        return "differs" if self.differences else "equal"


def _told(end: End) -> tuple[str, str, str]:
    assert end.failure is not None, "only what failed is told"
    return end.failure.type, end.failure.exception, end.place


def compared(chosen: Chosen, scratch: Scratch, failure: Failure | None, ask: Compared, *, shows: bool) -> Comparison:
    """Both sides. `failure` is the replay's, where it failed; `shows`: with the values of the artifacts that are not equal."""
    left, now = chosen.left, scratch.left
    before = _end(chosen.state, chosen.failure, left)
    ended: State = "failed" if failure else "killed"
    after = _end(ended, failure, None) if now is None else _end("caught" if now.caught else "done", now.caught, now)
    if left is None or now is None:
        return Comparison(before, after, (), ())
    fixed = {*scratch.blobs, *scratch.store.rules.given}
    artifacts = tuple(_artifacts(left, now, scratch, fixed, ask, shows=shows))
    return Comparison(before, after, artifacts, tuple(sorted(changed(left.code, now.code))))


def _end(state: State, failure: Failure | None, left: Manifest | None) -> End:
    if left is None:
        return End(state, failure)
    return End(state, failure, left.next, left.fan, left.case)


def _artifacts(
    left: Manifest, now: Manifest, scratch: Scratch, fixed: Collection[str], ask: Compared, *, shows: bool
) -> Iterator[Artifact]:
    names = list(dict.fromkeys((*left.names, *now.names)))
    common = [name for name in names if name in left and name in now]
    kinds: dict[str, Kind] = {name: "new" if name in now else "gone" for name in names if name not in common}
    unsure = []
    for name in common:
        if _is_set(name, now, scratch, fixed):
            kinds[name] = "set"
        elif left.entry(name).kind != now.entry(name).kind:
            kinds[name] = "differs"
        elif content(Stored(left, left.entry(name))) == content(Stored(now, now.entry(name))):
            kinds[name] = "equal"
        else:
            unsure.append(name)
    asked = [*unsure, *(name for name in names if shows and kinds.get(name, "equal") != "equal")]
    said = ask(asked) if asked else {}
    for name in unsure:
        kinds[name] = "equal" if said.get(name, {}).get("is_equal") is True else "differs"
    for name in sorted(names):
        values = said.get(name, {}).get("values")
        texts = values if isinstance(values, list) else [None, None]
        why = said.get(name, {}).get(
            "why", "" if name in said or name not in unsure else "its values could not be read"
        )
        yield Artifact(name, kinds[name], _side(left, name, texts[0]), _side(now, name, texts[1]), str(why))


def _is_set(name: str, now: Manifest, scratch: Scratch, fixed: Collection[str]) -> bool:
    return name in fixed and (name not in scratch.blobs or now.entry(name) == scratch.blobs[name])


def _side(manifest: Manifest, name: str, value: str | None) -> Side | None:
    if name not in manifest:
        return None
    entry = manifest.entry(name)
    return Side(entry.kind, sum(entry.parts) if isinstance(entry, Blob) else entry.size, value)
