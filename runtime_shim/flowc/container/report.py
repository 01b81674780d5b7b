"""What the engine is told: how wide a foreach is, which case a switch took."""

from __future__ import annotations

import json
import os
import time

from flowc.artifacts.address import child
from flowc.exceptions import CallMistake
from flowc.store import KINDS


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
    elif scheme == MAESTRO:
        _maestro({"params": {name: _param(number) for name, number in _told(fan, case)}})
    elif scheme == "stdout":
        os.write(1, (json.dumps(told) + "\n").encode())
    elif scheme == "value":
        if fan is not None or case is not None:
            _write(place, str(case) if fan is None else _children(index, fan))
    elif target.startswith(KINDS):
        if fan is not None:
            _object(target, _children(index, fan))
        elif case is not None:
            _object(target, json.dumps(told))
    else:
        raise CallMistake(
            f"no way to report to {target!r}: use dir:, json:, maestro:, stdout:, value: or {', '.join(KINDS)}"
        )


def _children(index: str, fan: int) -> str:
    """The index paths of a foreach's children as a JSON array."""
    return json.dumps([child(index, part) for part in range(fan)])


MAESTRO = "maestro"
_START, _END = "MAESTRO_OUTPUT_START", "MAESTRO_OUTPUT_END"
"""Variables in which Maestro says between which words of a log it looks, the last ones there; without them it is these and `_TOKEN`."""


def failed(target: str, code: int) -> None:
    """Tell Maestro of a task that has not succeeded: after the exit codes that `maestro:1,2` names, it shall start no other."""
    scheme, _, codes = target.partition(":")
    if scheme == MAESTRO:
        is_final = str(code) in codes.split(",")
        _maestro(
            {"artifacts": {"maestro_retry": {"type": "RETRY", "retryable": False}}} if is_final else {"params": {}}
        )


def _maestro(output: dict[str, object]) -> None:
    """The last such output of a log is what counts, so each task ends with one, whatever it has printed before."""
    start, end = (os.environ.get(name, f"{name}_TOKEN") for name in (_START, _END))
    os.write(1, f"\n{start}{json.dumps(output)}{end}\n".encode())


def _told(fan: int | None, case: int | None) -> list[tuple[str, int]]:
    return [(name, number) for name, number in (("fan", fan), ("chosen", case)) if number is not None]


def _param(number: int) -> dict[str, object]:
    told = str(number)
    return {"type": "STRING", "value": told, "evaluated_result": told, "evaluated_time": int(time.time() * 1000)}


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
