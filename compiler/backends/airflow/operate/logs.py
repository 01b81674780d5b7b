"""Logs of task instances, piece by piece.

A position is `<try>:<token>`: which start of the task is read, and what Airflow goes on from.
"""

from __future__ import annotations

from collections.abc import Sequence

from compiler.backends.airflow.operate.api.protocol import Api, Instance, Row
from compiler.backends.airflow.operate.tasks import place_of
from compiler.backends.operating import EngineError, EngineTask, LogLine, LogPart, NotThereError, RefusedError
from compiler.slotted_class import replaced

LOOKED_AT = 400
"""Lines at the end of a log in which the cause of a failure is looked for."""
_GOES_ON = frozenset({"running", "deferred"})
_PIECES = 50
"""Pieces of a log that are read to find its end."""


def part(api: Api, row: Row, task: EngineTask, position: str) -> LogPart:
    """What a task has printed behind a position. Raises NotThereError where Airflow has kept nothing."""
    place = place_of(task.node)
    number, colon, token = position.partition(":")
    there = api.instance(row.dag, row.id, place.task, place.map_index)
    tries = int(number) if colon and number.isdecimal() else _try(task, there)
    if tries < 1:
        return LogPart((), position, is_whole=False)
    try:
        chunk = api.log(row.dag, row.id, replaced(there, tries=tries), token)
    except RefusedError as error:
        raise NotThereError(f"the log of {task.node} cannot be read from there: {error}") from None
    goes_on = _goes_on(there, tries)
    if (
        goes_on and chunk.is_last
    ):  # it has ended between the two questions, most often: a piece without a token is read once
        goes_on = _goes_on(api.instance(row.dag, row.id, place.task, place.map_index), tries)
    lines = tuple(LogLine(text, at) for at, text in chunk.lines)
    is_whole = not goes_on and (chunk.is_last or not lines)
    return LogPart(lines, f"{tries}:{chunk.token or token}", is_whole)


def _goes_on(there: Instance, tries: int) -> bool:
    return there.tries == tries and there.state in _GOES_ON


def _try(task: EngineTask, there: Instance) -> int:
    return there.tries if task.attempt is None else task.attempt + 1


def tail(api: Api, row: Row, instance: Instance) -> Sequence[str]:
    """The last lines of a task that has ended; none where Airflow has none, or does not show them."""
    lines: list[str] = []
    token = ""
    try:
        for _ in range(_PIECES):
            chunk = api.log(row.dag, row.id, instance, token)
            lines = [*lines, *(text for _, text in chunk.lines)][-LOOKED_AT:]
            token = chunk.token
            if chunk.is_last or not chunk.lines:
                break
    except (EngineError, NotThereError, RefusedError):
        return lines
    return lines
