"""Stands in for the shim in a container: does no work, checks that what it loads was there, reports what the test wants.

Usage as the shim's: `… -m flowc step STEP --run R --index I --retry N --load LOADS`. In `STUB_PLACE` it keeps one file a task that
ended; `STUB_REPORTS` is JSON: a width or a case by step, or by `step@index`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

PLACE = Path(os.environ["STUB_PLACE"])
REPORTS = json.loads(os.environ["STUB_REPORTS"])


def main(words: list[str]) -> int:
    """The one command; exits with 3 where a task that it loads has not ended."""
    assert words[:3] == ["-m", "flowc", "step"], words
    step, given = words[3], dict(zip(words[4::2], words[5::2], strict=True))
    index = given["--index"]
    missing = [task for task in wanted(given.get("--load", ""), index) if not (PLACE / task).exists()]
    if missing:
        sys.stderr.write(f"{step} {index}: {missing} not there\n")
        return 3
    if f"{step}@{index}" in REPORTS.get("fail", {}) and int(given["--retry"]) < REPORTS["fail"][f"{step}@{index}"]:
        return 1
    report(step, index)
    (PLACE / f"{step}@{index}").write_text(json.dumps({"argv": words, "parameters": given.get("--parameters")}))
    return 0


def report(step: str, index: str) -> None:
    """Write the width or the case, if the step has one."""
    kind, _, folder = os.environ["FLOWC_REPORT"].partition(":")
    assert kind == "dir", kind
    for name in ("fan", "case"):
        value = REPORTS[name].get(f"{step}@{index}", REPORTS[name].get(step))
        if value is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_text(str(value))


def wanted(load: str, index: str) -> list[str]:
    """The tasks whose artifacts a `--load` names."""
    if not load:
        return []
    kind, colon, rest = load.partition(":")
    if colon and kind == "foreach":
        return [f"{rest}@{index.rpartition('.')[0] or '-'}"]
    if colon and kind == "gather":
        split, _, inner = rest.partition("/")
        width = REPORTS["fan"].get(f"{split}@{index}", REPORTS["fan"].get(split))
        below = [str(i) if index == "-" else f"{index}.{i}" for i in range(width)]
        return [f"{split}@{index}", *(f"{chosen(inner, child)}@{child}" for child in below)]
    if colon and kind == "merge":
        arms = rest.partition("/")[2].split(";")
        return [f"{chosen(arm.rpartition('>')[2], index)}@{index}" for arm in arms]
    return [f"{chosen(load, index)}@{index}"]


def chosen(decisions: str, index: str) -> str:
    """The step that a decision list names."""
    for entry in decisions.split(","):
        conditions, _, step = entry.rpartition(":")
        if all(holds(condition, index) for condition in conditions.split("+") if condition):
            return step
    raise AssertionError(decisions)


def holds(condition: str, index: str) -> bool:
    """Whether a switch took one of the named cases."""
    match = re.fullmatch(r"(\w+)=([\d.]+)", condition)
    assert match, condition
    case = REPORTS["case"].get(f"{match[1]}@{index}", REPORTS["case"].get(match[1]))
    return (PLACE / f"{match[1]}@{index}").exists() and str(case) in match[2].split(".")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
