"""The local run as a target: what it refuses, by the same table and the same rule as every other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler.backends import PORTABLE_OPTIONS, Gap, OptionKind, Options, OutputFile
from compiler.diagnostics import Report
from compiler.frontend.decorators.language import STEP
from compiler.ir.flow import Value
from compiler.ir.plan import Feature, Plan


class Local:
    """Where containers and events do not exist, their options have nothing to say: all are taken."""

    name: ClassVar[str] = "local"
    gaps: ClassVar[Mapping[Feature, Gap]] = {}
    spells: ClassVar[Mapping[str, frozenset[str]]] = {
        **{name: frozenset(STEP[name]) - PORTABLE_OPTIONS for name in ("kubernetes", "batch")},
        "trigger": frozenset({"reset_at"}),
        "trigger_on_finish": frozenset({"reset_at"}),
    }
    target_options: ClassVar[Mapping[str, str]] = {}

    def wants(self, key: str, value: Value) -> str | None:
        """There is no key."""
        assert key in self.target_options
        return None

    def kind(self, key: str) -> OptionKind:
        """There is no key."""
        assert key in self.target_options
        return "other"

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Nothing is refused beyond the gaps."""

    def deployment(self, plan: Plan, options: Options) -> str:
        """The flow's name."""
        return plan.name

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """A local run has no files."""
        return ()


LOCAL = Local()
