"""Small flows whose steps fail in every way, and what must come of each step: a table, no engine."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.engines import FlowCase

Way = Literal["ok", "raise", "leave", "hang", "kill", "exit", "zero", "term"]
"""How one attempt ends: well, by an exception, `sys.exit(0)`, too late, SIGKILL, `os._exit(137)`, `os._exit(0)`, SIGTERM."""

CAUGHT: Mapping[Way, str] = {"raise": "ValueError", "leave": "SystemExit", "hang": "TimeoutException"}
"""What `@catch` finds in the process itself: the attempt's artifacts stay."""
KILLED: Mapping[Way, str] = {
    "kill": "FailureHandledByCatch",
    "exit": "FailureHandledByCatch",
    "zero": "FailureHandledByCatch",
    "term": "Terminated",
}
"""What ends the process: `@catch` needs an attempt more, and nothing stays."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands on a step, and how its attempts end, the first one first; those past the last end well."""

    ways: tuple[Way, ...] = ()
    times: int = 0
    catch: bool = False

    def way(self, retry: int) -> Way:
        """How the attempt of that number ends."""
        return self.ways[retry] if retry < len(self.ways) else "ok"

    @property
    def last(self) -> int:
        """The number of the last attempt that runs the step's own code."""
        return next((retry for retry in range(self.times) if self.way(retry) == "ok"), self.times)

    @property
    def type(self) -> str | None:
        """What was caught, or what fails the run; None where the last attempt goes well."""
        way = self.way(self.last)
        return None if way == "ok" else (CAUGHT | KILLED)[way]

    @property
    def is_killed(self) -> bool:
        """Whether the last attempt leaves nothing."""
        return self.way(self.last) in KILLED

    @property
    def attempts(self) -> int:
        """How many there are in all."""
        return self.last + 1 + int(self.catch and self.is_killed)

    @property
    def lines(self) -> list[str]:
        """The decorators."""
        found = ['@catch(var="WHY", print_exception=False)'] if self.catch else []
        found += [f"@retry(times={self.times}, minutes_between_retries=0)"] if self.times else []
        return found + (["@timeout(seconds=1)"] if "hang" in self.ways else [])


FAULTS: Mapping[str, Fault] = {
    "none": Fault(),
    "catch of nothing": Fault(catch=True),
    **{f"{way} once": Fault((way,), 1) for way in ("raise", "leave", "hang", "kill", "exit", "zero", "term")},
    **{
        f"{way} caught": Fault((way,), catch=True) for way in ("raise", "leave", "hang", "kill", "exit", "zero", "term")
    },
    "killed, then well, under catch": Fault(("kill",), 1, catch=True),
    "raised, then killed": Fault(("raise", "kill"), 1, catch=True),
    "killed, then raised": Fault(("kill", "raise"), 1, catch=True),
    "hung, killed, left": Fault(("hang", "kill", "leave"), 2, catch=True),
    "killed three times": Fault(("kill", "exit", "term"), 2, catch=True),
}

STEPS = ("start", "fan", "body", "gather", "left", "right", "merge", "pick", "low", "end")
"""start > fan > two bodies, of which the first has the fault > gather > left and right > merge > pick > low (or high) > end: 11 tasks."""
UNCAUGHT = ("fan", "pick")
"""A foreach and a switch, on which `@catch` may not stand."""

_HEAD = '''"""Generated."""

import os
import signal
import sys
import time

from metaflow import FlowSpec, catch, current, retry, step, timeout


def ends(way):
    if way == "raise":
        raise ValueError(way)
    if way == "leave":
        sys.exit(0)
    if way == "hang":
        time.sleep(120)
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "exit":
        os._exit(137)
    if way == "zero":
        os._exit(0)
    if way == "term":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(120)


class FaultsFlow(FlowSpec):
'''
_NEXT = {
    "start": "self.fan",
    "fan": 'self.body, foreach="items"',
    "body": "self.gather",
    "gather": "self.left, self.right",
    "left": "self.merge",
    "right": "self.merge",
    "merge": "self.pick",
    "pick": '{"low": self.low, "high": self.high}, condition="way"',
    "low": "self.end",
    "high": "self.end",
}


def source(faults: Mapping[str, Fault]) -> str:
    """The flow with these faults on its steps."""
    return _HEAD + "\n".join(_step(name, faults.get(name, Fault())) for name in (*STEPS, "high"))


def _step(name: str, fault: Fault) -> str:
    joins = name in ("gather", "merge")
    ways = f"{list(fault.ways)!r}[current.retry_count : current.retry_count + 1]"
    where = "self.index == 0" if name == "body" else "True"
    lines = [
        *(line.replace("WHY", f"why_{name}") for line in fault.lines),
        "@step",
        f"def {name}(self{', inputs' if joins else ''}):",
        *(["    self.items = [0, 1]"] if name == "fan" else []),
        *(['    self.way = "low"'] if name == "pick" else []),
        *([f"    self.seen_{name} = {_SEEN[name]}"] if joins else []),
        f"    self.before_{name} = current.retry_count",
        f"    for way in {ways}:",
        f"        if {where}:",
        "            ends(way)",
        f"    self.after_{name} = current.retry_count",
        *([f"    self.next({_NEXT[name]})"] if name in _NEXT else []),
    ]
    return "".join(f"    {line}\n" for line in lines)


_SEEN = {
    "gather": '[(hasattr(one, "before_body"), hasattr(one, "after_body")) for one in inputs]',
    "merge": '[hasattr(inputs[0], "before_left"), hasattr(inputs[1], "before_right")]',
}


def drawn(seed: int, *, failing: bool = False) -> dict[str, Fault]:
    """Faults for a whole flow; with `failing` one step fails for good."""
    dice = random.Random(seed)
    found = {name: FAULTS[dice.choice([*FAULTS])] for name in STEPS}
    for name in UNCAUGHT:
        if found[name].catch:
            found[name] = FAULTS[dice.choice([kind for kind, fault in FAULTS.items() if not fault.catch])]
    if failing:
        way = dice.choice(("raise", "kill", "zero", "hang"))
        found[dice.choice(("body", "gather", "merge"))] = Fault((way, way), 1)
    return found


def case(faults: Mapping[str, Fault], folder: Path) -> FlowCase:
    """The flow in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "faults_flow.py"
    path.write_text(source(faults), encoding="utf-8")
    return FlowCase(path, "FaultsFlow", {}, {}, folder)
