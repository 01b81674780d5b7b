"""Splits and joins: one pass in topological order that carries, for each step, the splits that are open before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.diagnostics import Insert, Note, Report
from compiler.frontend.findings import fc2xx
from compiler.frontend.shape.outline import Drawing
from compiler.ir.flow import Foreach, Gang, Split, Step


class _Frame:
    """An open split on the way from the start: which of its arms, and what was open around it. Compared by identity."""

    __slots__ = ("arm", "around", "depth", "split")

    def __init__(self, split: str, arm: str | None, around: _Frame | None, depth: int) -> None:
        self.split = split
        self.arm = arm
        self.around = around
        self.depth = depth


_LOST = _Frame("", None, None, 0)
"""What is open is not known, because of something that was reported: nothing that follows from it is."""


class _Levels:
    """What the pass knows so far: frames on their way to a step, the joins of each split, what is no longer judged."""

    __slots__ = ("after", "arriving", "drawing", "ended", "joins", "report", "spoiled")

    def __init__(self, drawing: Drawing, after: Mapping[str, tuple[str, ...]], report: Report) -> None:
        self.drawing = drawing
        self.after = after
        self.report = report
        self.arriving: dict[str, list[tuple[str, _Frame | None]]] = {}
        self.joins: dict[str, list[str]] = {}
        self.spoiled: set[str] = set()
        self.ended: list[tuple[str, _Frame]] = []


def check_levels(
    drawing: Drawing, after: Mapping[str, tuple[str, ...]], reached: frozenset[str], report: Report
) -> None:
    """Report splits that stay open, joins that join nothing or too much, and steps at two levels."""
    levels = _Levels(drawing, after, report)
    waiting = dict.fromkeys(reached, 0)
    for name in reached:
        for target in after[name]:
            if target in waiting:
                waiting[target] += 1
    ready = [str(drawing.start)]
    levels.arriving[ready[0]] = [("", None)]
    while ready:
        name = ready.pop()
        _visit(levels, name)
        for target in reversed(after[name]):
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    _check_ended(levels)
    _check_joins(levels)


def _visit(levels: _Levels, name: str) -> None:
    step = levels.drawing.steps[name]
    arrivals = levels.arriving.pop(name, [])
    if name == levels.drawing.end:
        _end(levels, name, step, arrivals)
        return
    frames = {id(frame): frame for _, frame in arrivals}
    found = list(frames.values())
    if _LOST in found:
        frame: _Frame | None = _LOST
    elif step.is_join:
        frame = _join(levels, name, found)
    else:
        frame = found[0] if len(found) == 1 else _meet(levels, name, found)
    if name in levels.drawing.vague:
        _spoil(levels, frame)
        levels.spoiled.add(name)
    _leave(levels, name, step, frame)


def _leave(levels: _Levels, name: str, step: Step, frame: _Frame | None) -> None:
    depth = frame.depth + 1 if frame else 1
    for target in levels.after[name]:
        if isinstance(step.next, Split):
            opened: _Frame | None = _Frame(name, target, frame, depth)
        elif isinstance(step.next, Foreach | Gang):
            opened = _Frame(name, None, frame, depth)
        else:
            opened = frame
        levels.arriving.setdefault(target, []).append((name, opened))


def _spoil(levels: _Levels, frame: _Frame | None) -> None:
    """Say no more of the splits that are open here. What is around a spoiled split is spoiled already."""
    while frame is not None and frame is not _LOST and frame.split not in levels.spoiled:
        levels.spoiled.add(frame.split)
        frame = frame.around


def _spoil_all(levels: _Levels, frames: Iterable[_Frame | None]) -> _Frame:
    for frame in frames:
        _spoil(levels, frame)
    return _LOST


def _meet(levels: _Levels, name: str, frames: list[_Frame | None]) -> _Frame:
    """Several paths lead to a step that is no join, and not all from the same level."""
    place = levels.drawing.places[name]
    open_ones = [frame for frame in frames if frame is not None]
    splits = list(dict.fromkeys(frame.split for frame in open_ones))
    siblings = len(open_ones) == len(frames) and len({id(frame.around) for frame in open_ones}) == 1
    if siblings and len(splits) == 1:
        notes = _split_notes(levels, splits)
        # Another mistake may well be why they meet.
        fix = () if levels.report.failed else (Insert("arguments", place, "inputs"),)
        levels.report.add(fc2xx.MEET_WITHOUT_JOIN, place, *notes, *fix, split=splits[0], name=name)
    elif siblings:
        notes = _split_notes(levels, splits)
        levels.report.add(fc2xx.TWO_SPLITS, place, *notes, name=name, first=splits[0], second=splits[1])
    else:
        _two_levels(levels, name, open_ones)
    return _spoil_all(levels, frames)


def _two_levels(levels: _Levels, name: str, frames: list[_Frame]) -> None:
    deepest = max(frames, key=lambda frame: frame.depth)
    notes = _split_notes(levels, [deepest.split])
    levels.report.add(fc2xx.TWO_LEVELS, levels.drawing.places[name], *notes, name=name, split=deepest.split)


def _split_notes(levels: _Levels, splits: list[str]) -> list[Note]:
    return [Note(levels.drawing.steps[split].next.span, f"`{split}` splits here") for split in splits[:3]]


def _join(levels: _Levels, name: str, frames: list[_Frame | None]) -> _Frame | None:
    """What is open behind a join: what was open around the split that it closes."""
    place = levels.drawing.places[name]
    open_ones = [frame for frame in frames if frame is not None]
    splits = list(dict.fromkeys(frame.split for frame in open_ones))
    if not splits:
        levels.report.add(fc2xx.JOIN_WITHOUT_SPLIT, place, name=name)
        return None
    if len(open_ones) < len(frames):
        _two_levels(levels, name, open_ones)
        return _spoil_all(levels, frames)
    if len(splits) == 1:
        levels.joins.setdefault(splits[0], []).append(name)
        return open_ones[0].around
    notes = _split_notes(levels, splits)
    if len({id(frame.around) for frame in open_ones}) == 1:
        levels.report.add(fc2xx.TWO_SPLITS, place, *notes, name=name, first=splits[0], second=splits[1])
    else:
        shown = ", ".join(f"`{split}`" for split in splits)
        levels.report.add(fc2xx.UNRELATED_JOIN, place, *notes, name=name, splits=shown)
    return _spoil_all(levels, frames)


def _end(levels: _Levels, name: str, step: Step, arrivals: list[tuple[str, _Frame | None]]) -> None:
    frames = [frame for _, frame in arrivals]
    if not step.is_join:
        levels.ended.extend((source, frame) for source, frame in arrivals if frame is not None)
        return
    if any(frame is not None and frame is not _LOST for frame in frames):
        levels.report.add(fc2xx.END_IS_JOIN, levels.drawing.places[name], name=name)
    elif _LOST not in frames:
        levels.report.add(fc2xx.JOIN_WITHOUT_SPLIT, levels.drawing.places[name], name=name)
    _spoil_all(levels, frames)


def _check_ended(levels: _Levels) -> None:
    """Report the splits that are still open at the last step."""
    seen: set[_Frame] = set()
    open_splits: set[str] = set()
    for source, last in levels.ended:
        frame: _Frame | None = last
        while frame is not None and frame is not _LOST and frame not in seen:
            seen.add(frame)
            if frame.split in levels.joins:
                _end_before_join(levels, source, frame.split)
                break
            open_splits.add(frame.split)
            frame = frame.around
    for split in open_splits - levels.spoiled:
        _report_open(levels, split)


def _end_before_join(levels: _Levels, source: str, split: str) -> None:
    if split not in levels.spoiled:
        span = levels.drawing.steps[source].next.span
        join = levels.joins[split][0]
        note = Note(levels.drawing.places[join], "the join")
        end = levels.drawing.end
        levels.report.add(fc2xx.END_BEFORE_JOIN, span, note, name=source, end=end, split=split)


def _report_open(levels: _Levels, split: str) -> None:
    transition = levels.drawing.steps[split].next
    if isinstance(transition, Foreach):
        levels.report.add(fc2xx.FOREACH_WITHOUT_JOIN, transition.span, items=transition.items)
    elif isinstance(transition, Gang):
        levels.report.add(fc2xx.GANG_WITHOUT_JOIN, transition.span, target=transition.target)
    else:
        levels.report.add(fc2xx.SPLIT_WITHOUT_JOIN, transition.span, name=split)


def _check_joins(levels: _Levels) -> None:
    for split, joins in levels.joins.items():
        if len(joins) > 1 and split not in levels.spoiled:
            place = levels.drawing.places[joins[1]]
            note = Note(levels.drawing.places[joins[0]], "the first join")
            levels.report.add(fc2xx.TWO_JOINS, place, note, split=split, first=joins[0], second=joins[1])
