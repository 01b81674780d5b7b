"""What the engine is told: how wide a foreach is, which case a switch took."""

from __future__ import annotations

import json
import os
import time

from flowc.artifacts.address import child
from flowc.exceptions import CallMistake
from flowc.store import KINDS

METADATA = "valohai:"
MEMBERS, NOBODY = "flowc_members", "none"
"""The key of Valohai's metadata under which the members of a foreach stand, and the one member of a foreach that has none."""


def report(target: str, index: str, fan: int | None, case: int | None) -> None:
    """Write the report of a task whose manifest is visible to where `FLOWC_REPORT` says. Raises CallMistake for a bad target."""
    if not target:
        return
    scheme, _, place = target.partition(":")
    if target.startswith(KINDS):
        _object(target, index, fan, case)
    elif scheme in _WAYS:
        _WAYS[scheme](place, index, fan, case)
    else:
        ways = ", ".join(f"{way}:" for way in _WAYS)
        raise CallMistake(f"no way to report to {target!r}: use {ways} or {', '.join(KINDS)}")


def report_nothing(target: str) -> None:
    """The report of a task that is passed over: a foreach without members, where that is asked for."""
    if target == METADATA:
        tell_members(())


def report_failure(target: str, code: int) -> None:
    """Tell Maestro of a task that has not succeeded: after the exit codes that `maestro:1,2` names, it shall start no other."""
    scheme, _, codes = target.partition(":")
    if scheme == "maestro":
        is_final = str(code) in codes.split(",")
        final: dict[str, object] = {"artifacts": {"maestro_retry": {"type": "RETRY", "retryable": False}}}
        _tell_maestro(final if is_final else {"params": {}})


def tell_members(indexes: tuple[str, ...]) -> None:
    """Print the index paths of a foreach's members as a line of JSON, which Valohai keeps as metadata.

    What an empty list would be to a Task of its is written nowhere: a foreach without members has one that does nothing.
    """
    # what the step has printed may not end with a line's end
    _print("\n" + json.dumps({MEMBERS: list(indexes) or [NOBODY]}) + "\n")


def _numbers(folder: str, index: str, fan: int | None, case: int | None) -> None:
    for name, number in (("fan", fan), ("case", case)):
        if number is not None:
            _write(os.path.join(folder, name), str(number))


def _json(path: str, index: str, fan: int | None, case: int | None) -> None:
    _write(path, _told(index, fan, case))


def _last_line(_: str, index: str, fan: int | None, case: int | None) -> None:
    _print(_told(index, fan, case) + "\n")


def _value(path: str, index: str, fan: int | None, case: int | None) -> None:
    if fan is not None or case is not None:
        _write(path, str(case) if fan is None else json.dumps(_children(index, fan)))


def _params(_: str, index: str, fan: int | None, case: int | None) -> None:
    numbers = (("fan", fan), ("chosen", case))
    _tell_maestro({"params": {name: _param(number) for name, number in numbers if number is not None}})


def _members(_: str, index: str, fan: int | None, case: int | None) -> None:
    if fan is not None:
        tell_members(_children(index, fan))


def _object(url: str, index: str, fan: int | None, case: int | None) -> None:
    from flowc.store import open_store

    if fan is None and case is None:
        return
    text = _told(index, fan, case) if fan is None else json.dumps(_children(index, fan))
    folder, _, name = url.rpartition("/")
    open_store(folder).put(name, (text.encode(),))


_WAYS = {
    "dir": _numbers,
    "json": _json,
    "maestro": _params,
    "stdout": _last_line,
    "valohai": _members,
    "value": _value,
}
"""By what stands before the colon of `FLOWC_REPORT`: what the rest of it means, and how it is told."""


def _told(index: str, fan: int | None, case: int | None) -> str:
    numbers = (("fan", fan), ("case", case))
    return json.dumps({"index": index, **{name: number for name, number in numbers if number is not None}})


def _children(index: str, fan: int) -> tuple[str, ...]:
    """The index paths of a foreach's children."""
    return tuple(child(index, part) for part in range(fan))


_START, _END = "MAESTRO_OUTPUT_START", "MAESTRO_OUTPUT_END"
"""Variables in which Maestro says between which words of a log it looks, the last ones there; without them it is these and `_TOKEN`."""


def _tell_maestro(output: dict[str, object]) -> None:
    """The last such output of a log is what counts, so each task ends with one, whatever it has printed before."""
    start, end = (os.environ.get(name, f"{name}_TOKEN") for name in (_START, _END))
    _print(f"\n{start}{json.dumps(output)}{end}\n")


def _param(number: int) -> dict[str, object]:
    told = str(number)
    return {"type": "STRING", "value": told, "evaluated_result": told, "evaluated_time": int(time.time() * 1000)}


def _print(text: str) -> None:
    line = text.encode()
    while line:  # a long one may not go at once
        line = line[os.write(1, line) :]


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    fresh = f"{path}.{os.getpid()}"
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(fresh, path)
