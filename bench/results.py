"""The page of what was measured, a section for each group of rows, so that one can be measured anew by itself."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.rows import Row
from bench.sides import METAFLOW

HEAD = """# Measured

Written by `make bench`; both sides in the same run, on {machine}, Python {python}, {metaflow}. CPU is user and system time of the
process and its children; where a command was repeated ({runs} times, taking turns) the medians stand here. What waits for a
disk or for workers is wall time, and says so. Absolute times belong to this machine: look at the ratios.
The floor is a process that does what no such command can do without (interpreter, click, `ast.parse`, a digest) and
nothing else, in the same turns. A row says where its goal is missed, and why.
What a container of Metaflow's costs beside the step's own process (it starts nine, and installs packages) is not measured here.
`python -m bench NAME --write` measures a section by itself, by the name that stands before its title.
"""
COLUMNS = """
| what | Metaflow | flowc | ratio | floor | goal |
| --- | --- | --- | --- | --- | --- |
"""


def line_of(row: Row) -> str:
    """A row of the table."""
    digits = 1 if row.ratio is None or row.ratio >= 1 else 3
    ratio = "" if row.ratio is None else f"{row.ratio:,.{digits}f}x"
    return f"| {row.what} | {row.metaflow} | {row.flowc} | {ratio} | {row.floor} | {row.goal} |"


def page(found: Mapping[str, Sequence[str]], titles: Mapping[str, str], runs: int) -> str:
    """The page of these groups' rows, in the order of the titles."""
    machine = f"{platform.system()} {platform.machine()} with {os.cpu_count()} cores"
    head = HEAD.format(machine=machine, python=platform.python_version(), metaflow=METAFLOW, runs=runs)
    sections = (
        f"\n## {name}: {title}\n{COLUMNS}" + "".join(f"{line}\n" for line in found[name])
        for name, title in titles.items()
        if name in found
    )
    return head + "".join(sections)


def read(path: Path) -> dict[str, list[str]]:
    """The rows of a page by their group; nothing where there is no page."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if line.startswith("## "):
            lines = found.setdefault(line[3:].partition(":")[0], [])
        elif line.startswith("| ") and not line.startswith(("| what |", "| --- |")):
            lines.append(line)
    return found
