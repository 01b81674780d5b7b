"""What came of each file of a call, and what the call makes of all of them: one report, and each thing told once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.backends import Options, OutputFile
from compiler.call.configs import check_known, unread
from compiler.call.sources import FlowName
from compiler.diagnostics import Diagnostic, Report
from compiler.frontend.values.config_values import Given
from compiler.ir.flow import Flow, Span
from compiler.slotted_class import fresh, record
from compiler.terminal.said import tell

if TYPE_CHECKING:
    from compiler.fleet.names import Deployed


@record
class Compiled:
    """One flow of a file, the name of its deployment, and what a target made of it: the first file is the main one."""

    path: Path
    flow: str
    span: Span
    name: str
    files: tuple[OutputFile, ...]
    options: Options


@record
class Part:
    """What came of one file of the call: findings, what is to be told, the names of its `Config`s, the compiled flows."""

    findings: tuple[Diagnostic, ...]
    notes: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()
    compiled: tuple[Compiled, ...] = ()
    names: tuple[str, ...] = ()
    """The flows that were read."""
    deployed: Mapping[str, tuple[Deployed, ...]] = fresh(default_factory=dict)
    """By target, their names there."""


def distinct(flows: Iterable[FlowName]) -> tuple[FlowName, ...]:
    """Each file and flow once, however often and under whatever path it is named; the first one counts."""
    found: dict[tuple[str, str | None], FlowName] = {}
    for each in flows:
        found.setdefault((os.path.realpath(each.path), each.name), each)
    return tuple(found.values())


def joined_report(parts: Sequence[Part], *, notes: bool = False) -> Report:
    """The findings of all files, each once, in the order of the files."""
    report = Report(notes=notes)
    for part in parts:
        found = Report(notes=notes)
        found.diagnostics.extend(part.findings)
        report.take(found)
    return report


def tell_once(parts: Iterable[Part]) -> None:
    """What is told beside the findings, each line once."""
    for line in dict.fromkeys(line for part in parts for line in part.notes):
        tell(line)


def tell_of_configs(given: Mapping[str, Given], parts: Sequence[Part]) -> None:
    """Say that variables give `Config`s nothing here. Raises CallError for a `Config` of the command line that no flow has."""
    known = {name for part in parts for name in part.configs}
    check_known(given, known)
    if told := unread(os.environ, known):
        tell(told)


def config_names(flows: Iterable[Flow]) -> tuple[str, ...]:
    """The names of the `Config`s of flows."""
    return tuple(config.name for flow in flows for config in flow.configs)
