"""Netflix Maestro: a workflow definition whose steps are those of the plan, as its API takes them (`POST /api/v3/workflows`).

May import: the surface of `compiler.backends`, the plan's types. Start reading in `definition`, then `steps`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from compiler.backends import Gap, OptionKind, Options, OutputFile
from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.ir.plan import Feature, Plan
from flowc_maestro.check import check
from flowc_maestro.definition import definition, workflow_id
from flowc_maestro.settings import GAPS, SETTINGS, wants
from flowc_maestro.steps import step_id


class Maestro:
    """The target `maestro`."""

    name: ClassVar[str] = "maestro"
    surface: ClassVar[int] = 1
    gaps: ClassVar[Mapping[Feature, Gap]] = GAPS
    lacks: ClassVar[frozenset[str]] = frozenset({"shared_memory"})
    without: ClassVar[frozenset[str]] = frozenset({"namespace"})
    spells: ClassVar[Mapping[str, frozenset[str]]] = {}
    target_options: ClassVar[Mapping[str, str]] = SETTINGS

    def wants(self, key: str, value: Value) -> str | None:
        """What a key takes where this value is not it."""
        return wants(key, value)

    def kind(self, key: str) -> OptionKind:
        """What a key is on a command line."""
        return "number" if key == "timeout" else "other"

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Report what Maestro's own validators would refuse, and what its containers cannot be told."""
        check(plan, options, report)

    def deployment(self, plan: Plan, options: Options) -> str:
        """The workflow's id."""
        return workflow_id(plan, options)

    def nodes(self, plan: Plan) -> Mapping[str, str]:
        """By the first step of each container, the id of its step."""
        return {task.step: step_id(task.step) for task in plan.root.containers()}

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """The definition."""
        text = json.dumps(definition(plan, options), indent=2, ensure_ascii=False) + "\n"
        return (OutputFile(f"{workflow_id(plan, options)}.maestro.json", text),)


BACKEND = Maestro()
