"""What the engine is told: how wide a foreach is, which case a switch took."""

from __future__ import annotations

import json
import os

from flowc.artifacts.address import child
from flowc.exceptions import CallMistake
from flowc.store import KINDS

METADATA, MEMBERS = "valohai:", "flowc_members"
"""The report by metadata of Valohai, and its key, which edges of a pipeline name."""

NOBODY = "none"
"""The index of a task that is nobody's: it does nothing."""


def report(target: str, index: str, fan: int | None, case: int | None) -> None:
    """Write the report of a task whose manifest is visible to where `FLOWC_REPORT` says. Raises CallMistake for a bad target."""
    scheme, _, place = target.partition(":")
    told = {"index": index, **({"fan": fan} if fan is not None else {}), **({"case": case} if case is not None else {})}
    if not target:
        return
    if scheme == "dir":
        _numbers(place, fan, case)
    elif scheme == "json":
        _write(place, json.dumps(told))
    elif scheme == "stdout":
        os.write(1, (json.dumps(told) + "\n").encode())
    elif target == METADATA:
        if fan is not None:
            tell_members(tuple(child(index, part) for part in range(fan)))
    elif target.startswith(KINDS):
        if fan is not None:
            _object(target, json.dumps([child(index, part) for part in range(fan)]))
        elif case is not None:
            _object(target, json.dumps(told))
    else:
        raise CallMistake(f"no way to report to {target!r}: use dir:, json:, stdout:, {METADATA} or {', '.join(KINDS)}")


def report_nothing(target: str) -> None:
    """The report of a task that is passed over: a foreach without members, where that is asked for."""
    if target == METADATA:
        tell_members(())


def tell_members(indexes: tuple[str, ...]) -> None:
    """Print the index paths of a foreach's members as a line of JSON, which Valohai keeps as metadata.

    What an empty list would be to a Task of its is written nowhere: a foreach without members has one that does nothing.
    """
    # what the step has printed may not end with a line's end
    line = ("\n" + json.dumps({MEMBERS: list(indexes) or [NOBODY]}) + "\n").encode()
    while line:  # a long one may not go at once
        line = line[os.write(1, line) :]


def _numbers(folder: str, fan: int | None, case: int | None) -> None:
    for name, number in (("fan", fan), ("case", case)):
        if number is not None:
            _write(os.path.join(folder, name), str(number))


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    fresh = f"{path}.{os.getpid()}"
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(fresh, path)


def _object(url: str, text: str) -> None:
    from flowc.store import open_store

    folder, _, name = url.rpartition("/")
    open_store(folder).put(name, (text.encode(),))
