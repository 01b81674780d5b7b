"""What a run left, against the same flow undisturbed: each way in which it can be wrong has a word."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store.protocol import Store

from tests.soak.flows import FLOW

VERDICTS = ("torn", "mixed", "lost", "differs", "hung", "left behind", "unexplained")
"""A value cannot be read; of two tries; not there after a success; not what it must be; no end; processes; a text or code of no meaning."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one task left: where it came from, the digests of its data, and which try of each task before it it had met."""

    line: str
    data: tuple[str, str]
    met: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Left:
    """All that a run left, by what its tasks call themselves, and what could not be read."""

    tasks: Mapping[str, Kept]
    wrong: list[str] = field(default_factory=list)


def read_back(store: Store, run: str) -> Left:
    """Read every artifact of every task of a run."""
    address, tasks, wrong = RunAddress(FLOW, run), dict[str, Kept](), list[str]()
    for key in list(store.list(f"{address.folder}/")):
        step, _, rest = key.removeprefix(f"{address.folder}/").partition("/")
        if step.startswith("_") or not rest.endswith("/manifest"):
            continue
        index = rest.removesuffix("/manifest")
        try:
            manifest = read(store, address.task(unquote(step), index))
            found = {name: manifest[name] for name in manifest.names}
        except Exception as error:  # noqa: BLE001 - whatever cannot be read is what is looked for
            wrong.append(f"torn: {run}: {step}/{index} cannot be read: {type(error).__name__}: {error}")
            continue
        me, data = found["me"], [hashlib.sha256(found[name]).hexdigest() for name in ("heavy", "common")]
        kept = Kept(found["line"], (data[0], data[1]), found["met"])
        if tasks.setdefault(me, kept) != kept:  # what repeats leaves its last turn under the step's own name, too
            wrong.append(f"differs: {run}: two tasks are {me}")
    return Left(tasks, wrong)


def faults(left: Left, wanted: Left, run: str, *, is_whole: bool) -> Iterator[str]:
    """How a run differs from the undisturbed one; of one that is not whole, only what is there is compared."""
    yield from left.wrong
    for me, kept in left.tasks.items():
        if me not in wanted.tasks:
            yield f"differs: {run}: {me} must not be there"
            continue
        if (kept.line, kept.data) != (wanted.tasks[me].line, wanted.tasks[me].data):
            yield f"differs: {run}: {me} has other values"
        for task, mark in kept.met.items():
            there = left.tasks.get(task)
            if there is not None and there.met[task] != mark:
                yield f"mixed: {run}: {me} has met another try of {task} than the one that is there"
    if is_whole:
        for me in sorted(wanted.tasks.keys() - left.tasks.keys()):
            yield f"lost: {run}: {me} is not there, though the run was a success"


def unexplained(code: int | None, log: str, run: str, allowed: frozenset[int]) -> Iterator[str]:
    """An exit code that says nothing, a fault of ours that is told as one, a traceback in which the author has no line."""
    if code is not None and code not in allowed:
        yield f"unexplained: {run} ended with {code}"
    log = _LABEL.sub("", log)
    if "bug of flowc" in log or "bug in flowc" in log:
        yield f"unexplained: {run} is told as a bug of flowc"
    if "MIXED:" in log:
        yield f"mixed: {run}: a task says so itself"
    was_killed = "killed by SIGKILL" in log
    tracebacks = re.split(_NOT_CHAINED, log)[1:]
    if any(not _is_allowed(each) and not (was_killed and _is_cut(each)) for each in tracebacks):
        yield f"unexplained: {run} has a traceback without the author's line"


_LABEL = re.compile(r"^\S+ +\| ?(?:\n|(?=\S| ))|^\n", re.MULTILINE)
_NOT_CHAINED = re.compile(r"(?<!exception:\n)(?<!occurred:\n)Traceback \(most recent call last\)")
"""Where a traceback begins that does not go on from another one, in a log whose labels and empty lines are taken away."""


def _is_allowed(traceback: str) -> bool:
    """Whether a line of the author's is in it, or an interpreter was interrupted alone before the flow was there, as no terminal does."""
    return "soaked.py" in traceback or ("KeyboardInterrupt" in traceback and "compiler/cli.py" not in traceback)


def _is_cut(traceback: str) -> bool:
    """Whether it ends before it says what was raised: an interrupted interpreter writes line by line, and may be killed meanwhile."""
    return (
        re.search(r"^(?![ \t\n])[\w.]+(?:Error|Exception|Interrupt|Exit|Terminated)\b", traceback, re.MULTILINE) is None
    )
