"""The log of a task, from its pod while there is one, else from Argo's archive; a position is the time of the last line.

Kubernetes gives logs from a second on, so lines of that second are counted over again: `t/<nanoseconds>/<lines of that time>`. An
archived log has no times: `b/<bytes>`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from compiler.backends.argo.operate.api.protocol import AbsentError, Api, Object
from compiler.backends.argo.operate.nodes import ENDED, nodes_of, pod_name, tasks_of, templates_of
from compiler.backends.operating import EngineError, EngineTask, LogLine, LogPart, NotThereError
from compiler.slotted_class import record

_MOST = 4 * 1024 * 1024
"""Bytes of one answer; a second that has more is asked for with more."""

_LARGEST = 256 * 1024 * 1024
_NANO = 1_000_000_000
_DIGITS = 9


@record
class _Line:
    text: str
    at: int | None
    """Nanoseconds since 1970."""


@record
class _Place:
    """Where to go on: behind `count` lines of the time `at`, or behind `offset` bytes of an archived log."""

    at: int = 0
    count: int = 0
    offset: int | None = None

    @property
    def text(self) -> str:
        """As a position."""
        return f"t/{self.at}/{self.count}" if self.offset is None else f"b/{self.offset}"


def part(api: Api, workflow: Object, task: EngineTask, position: str) -> LogPart:
    """What a task has printed behind a position. Raises NotThereError where nobody has kept it."""
    node = _node(workflow, task)
    place = _read(position)
    is_over = node.get("phase") in ENDED
    if place.offset is not None:
        return _kept(api, workflow, node, place.offset)
    if not node.get("startedAt") and not is_over:
        return LogPart((), place.text, is_whole=False)
    try:
        lines, is_cut = _behind(api, workflow, pod_name(workflow, node), place, is_over)
    except AbsentError:
        if not is_over:
            return LogPart((), place.text, is_whole=False)
        return _kept(api, workflow, node, 0) if not place.at else LogPart((), place.text, is_whole=True)
    if not lines and is_over and not place.at and not api.has_rights:
        return _kept(api, workflow, node, 0)  # Argo Server says nothing of a pod that is gone
    told = tuple(LogLine(line.text, None if line.at is None else line.at / _NANO) for line in lines)
    return LogPart(told, _after(place, lines).text, is_over and not is_cut)


def _node(workflow: Object, task: EngineTask) -> Object:
    nodes = nodes_of(workflow)
    if nodes is None:
        raise NotThereError(
            "Argo keeps the run's tasks in its database, which Kubernetes does not show: set ARGO_SERVER"
        )
    for each in tasks_of(nodes, templates_of(workflow)):
        ids = [str(attempt.get("id")) for attempt in (each.tree, *each.attempts)]
        if task.node in ids:
            is_one = task.attempt is not None and task.attempt < len(each.attempts)
            return each.attempts[task.attempt] if is_one and task.attempt is not None else each.last
    raise NotThereError(f"Argo has no task {task.node} any more")


def _behind(api: Api, workflow: Object, pod: str, place: _Place, is_over: bool) -> tuple[list[_Line], bool]:
    """The lines behind a place, and whether there is more than that."""
    most = _MOST
    while True:
        since = place.at / _NANO if place.at else None
        data = api.log(str(workflow["metadata"]["name"]), pod, since, most)
        is_cut = len(data) >= most
        found = list(_new(_lines(data, is_whole=is_over and not is_cut), place))
        if found or not is_cut:
            return found, is_cut
        if most >= _LARGEST:
            raise EngineError(
                f"the pod {pod} has printed more than {_LARGEST} bytes in one second: read its log with kubectl"
            )
        most *= 4


def _lines(data: bytes, *, is_whole: bool) -> Iterator[_Line]:
    """The lines of a log, the last one only where it has its end or there is no more to come."""
    *lines, last = data.split(b"\n")
    for line in [*lines, last] if is_whole and last else lines:
        stamp, _, text = line.partition(b" ")
        at = _nanoseconds(stamp.decode("ascii", "replace"))
        yield _Line((line if at is None else text).decode("utf-8", "replace"), at)


def _new(lines: Iterator[_Line], place: _Place) -> Iterator[_Line]:
    """Those that a place has not passed."""
    same = 0
    for line in lines:
        if line.at is not None and place.at:
            if line.at < place.at:
                continue
            if line.at == place.at:
                same += 1
                if same <= place.count:
                    continue
        yield line


def _after(place: _Place, lines: list[_Line]) -> _Place:
    at, count = place.at, place.count
    for line in lines:
        if line.at is not None:
            at, count = line.at, count + 1 if line.at == at else 1
    return _Place(at, count)


def _kept(api: Api, workflow: Object, node: Object, offset: int) -> LogPart:
    data = api.kept_log(workflow, str(node.get("id")))
    rest = data[offset:]
    lines = rest.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return LogPart(
        tuple(LogLine(line.decode("utf-8", "replace")) for line in lines), _Place(offset=len(data)).text, is_whole=True
    )


def _read(position: str) -> _Place:
    kind, *numbers = position.split("/")
    known = [int(each) for each in numbers if each.isdecimal()]
    if kind == "b" and len(known) == len(numbers) == len(("offset",)):
        return _Place(offset=known[0])
    if kind == "t" and len(known) == len(numbers) == len(("at", "count")):
        return _Place(*known)
    return _Place()


def _nanoseconds(stamp: str) -> int | None:
    """A time of RFC 3339 with up to nine digits of a second."""
    head, dot, rest = stamp.removesuffix("Z").partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    zone = rest[len(digits) :] or ("Z" if stamp.endswith("Z") else "")
    if "T" not in head or (not zone and not dot and "+" not in head):
        return None
    try:
        whole = datetime.datetime.fromisoformat(f"{head}{zone.replace('Z', '+00:00')}")
    except ValueError:
        return None
    if whole.tzinfo is None:
        return None
    return int(whole.timestamp()) * _NANO + int(digits[:_DIGITS].ljust(_DIGITS, "0"))
