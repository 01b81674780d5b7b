"""What a replay says: lines for a person, and the JSON document of docs/replay.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.legible import one_line
from compiler.replay.chosen import Chosen
from compiler.replay.code import Code
from compiler.replay.differing import Artifact, Comparison, End, Side
from compiler.slotted_class import record
from compiler.terminal.said import Colour, Part, Styled
from compiler.terminal.times import size

VERSION = 1
"""Of the JSON document."""

_COLOURS: Mapping[str, Colour] = {"equal": "green", "differs": "yellow", "failed": "red"}


@record
class Replay:
    """A replay that has ended. `replaced` are tasks that have left something else since the attempt loaded it, `kept` a store's URL."""

    chosen: Chosen
    code: Code
    replaced: tuple[str, ...]
    comparison: Comparison
    kept: str

    @property
    def attempt(self) -> str:
        """The attempt by its number."""
        return f"attempt {self.chosen.number}"


def notes(chosen: Chosen, code: Code, replaced: tuple[str, ...]) -> Iterator[str]:
    """What is to be known before it begins."""
    yield f"replay of {one_line(chosen.path)}, attempt {chosen.number} ({chosen.state}), by the code of {one_line(str(code.flow.path))}"
    if chosen.now is not None and chosen.now.origin:
        yield f"note: it was done by run {one_line(chosen.now.origin)} and taken over from there; here `current` tells of this run"
    for path in replaced[:_SHOWN]:
        yield f"note: {one_line(path)} has left something else since attempt {chosen.number} loaded it: what it left last counts"
    if len(replaced) > _SHOWN:
        yield f"note: so have {len(replaced) - _SHOWN} more"


_SHOWN = 5


def lines(replay: Replay) -> Iterator[tuple[Part, ...]]:
    """The verdict, and each difference."""
    found = replay.comparison
    before, now, name = found.before, found.now, one_line(replay.chosen.path)
    for file in found.other_code:
        yield (f"note: {one_line(file)} has changed since {replay.attempt}",)
    if found.result == "failed":
        yield from _failed(replay)
    elif before.state == "replaced":
        yield (
            f"{name} ",
            _styled("done"),
            f": nothing is left of {replay.attempt} to compare it with; a later one counts",
        )
    elif found.result == "equal":
        count = len(found.artifacts)
        yield (
            f"{name} ",
            _styled("equal"),
            f" to {replay.attempt}: {count} artifact{'' if count == 1 else 's'}, {_way(now)}",
        )
    else:
        yield (f"{name} ", _styled("differs"), f" from {replay.attempt}:")
        yield from _ends(replay)
        yield from (_artifact(each) for each in found.artifacts if each.kind not in ("equal", "set"))
    for each in found.artifacts:
        if each.kind == "set":
            yield (f"  artifact {one_line(each.name)}: as --set says",)
    if replay.kept:
        yield (f"kept in {one_line(replay.kept)}",)


def _failed(replay: Replay) -> Iterator[tuple[Part, ...]]:
    found, name = replay.comparison, one_line(replay.chosen.path)
    before, now = found.before, found.now
    why = one_line(now.says) or "its process was ended"
    if before.state == now.state and not found.differences:
        yield f"{name} ", _styled("failed"), f" as {replay.attempt} did: {why}"
        return
    yield f"{name} ", _styled("failed"), f": {why}"
    yield (f"  {replay.attempt} {_told(before)}",)


def _ends(replay: Replay) -> Iterator[tuple[Part, ...]]:
    found = replay.comparison
    before, now = found.before, found.now
    if before.state != now.state or "exception" in found.differences:
        yield (f"  {replay.attempt} {_told(before)}; now it {_told(now)}",)
    if before.next is not None and now.next is not None and _way(before) != _way(now):
        yield (f"  {_way(before)} before, {_way(now)} now",)


def _told(end: End) -> str:
    match end.state:
        case "failed":
            return f"failed: {one_line(end.says)}" if end.failure else "failed"
        case "caught":
            return f"went on by @catch: {one_line(end.says)}"
        case "killed":
            return "has not ended by itself: it was killed, or still runs"
        case "replaced":
            return "was replaced by a later one"
        case "done":
            return "was done"


def _way(end: End) -> str:
    """Where a task went on to."""
    if not end.next:
        return "the end of the flow"
    wide = f", {end.width} children" if end.width is not None else ""
    case = f", case {end.case}" if end.case is not None else ""
    return f"on to {', '.join(map(one_line, end.next))}{wide}{case}"


def _artifact(each: Artifact) -> tuple[Part, ...]:
    name = f"  artifact {one_line(each.name)}: "
    match each.kind:
        case "new":
            return name, "new: ", _side(each.now)
        case "gone":
            return name, "gone: it was ", _side(each.before)
        case "differs" | "equal" | "set":
            why = f" ({one_line(each.why)})" if each.why else ""
            return name, f"{_side(each.before)} before, {_side(each.now)} now{why}"


def _side(side: Side | None) -> str:
    assert side is not None, "that side has the artifact"
    kind = f"{one_line(side.type)}, {size(side.size)}"
    return kind if side.value is None else f"{one_line(side.value)} ({kind})"


def _styled(word: str) -> Styled:
    return Styled(word, fg=_COLOURS.get(word), bold=True)


def document(replay: Replay) -> dict[str, Any]:
    """The JSON document."""
    chosen, found = replay.chosen, replay.comparison
    return {
        "version": VERSION,
        "result": found.result,
        "differences": found.differences,
        "flow": chosen.record.flow,
        "run_id": chosen.record.run,
        "step": chosen.address.step,
        "index": chosen.address.name,
        "task": chosen.path,
        "attempt": chosen.number,
        "retry": chosen.retry,
        "code": {"by": replay.code.by, "file": str(replay.code.flow.path), "changed": found.other_code},
        "replaced_inputs": replay.replaced,
        "before": _end(found.before),
        "now": _end(found.now),
        "artifacts": [_facts(each) for each in found.artifacts],
        "kept": replay.kept or None,
    }


def _end(end: End) -> dict[str, Any]:
    failure = {**end.failure._asdict(), "place": end.place or None} if end.failure else None
    return {"state": end.state, "failure": failure, "next": end.next, "width": end.width, "case": end.case}


def _facts(each: Artifact) -> dict[str, Any]:
    sides = {name: _side_facts(side) for name, side in (("before", each.before), ("now", each.now))}
    return {"name": each.name, "kind": each.kind, **sides, "why": each.why or None}


def _side_facts(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {"type": side.type, "size": side.size, **({} if side.value is None else {"value": side.value})}
