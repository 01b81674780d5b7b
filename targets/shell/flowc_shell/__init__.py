"""A target of a distribution of its own: a POSIX shell script that does the steps of a flow.

May import: what docs/new-target.md names, and no more of `compiler`. Start reading in `Shell.emit`, then `script`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler.backends import Gap, OptionKind, Options, OutputFile
from compiler.backends.gaps import ONLY_ON_AIRFLOW
from compiler.backends.names import spelled
from compiler.backends.secrets import check_aws
from compiler.backends.sizes import check_sizes
from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.ir.plan import Feature, Plan
from flowc_shell.script import script

_BY_OTHERS = "let what watches for it call the script"
LONGEST_NAME = 100
"""Characters; a file's name may have 255 bytes, and it is told apart by an ending."""


class Shell:
    """Emits `<flow>.sh`."""

    name: ClassVar[str] = "shell"
    surface: ClassVar[int] = 1
    gaps: ClassVar[Mapping[Feature, Gap]] = {
        **ONLY_ON_AIRFLOW,
        "schedule": Gap("a script has no clock", "leave `@schedule` out, and let cron call the script"),
        "trigger": Gap("a script waits for no event", _BY_OTHERS),
        "trigger-on-finish": Gap("a script does not know of other flows' runs", _BY_OTHERS),
    }
    lacks: ClassVar[frozenset[str]] = frozenset({"shared_memory"})
    without: ClassVar[frozenset[str]] = frozenset({"max_workers", "namespace"})  # one task after the other, here
    spells: ClassVar[Mapping[str, frozenset[str]]] = {}
    target_options: ClassVar[Mapping[str, str]] = {"python": "the interpreter of every step; `python` without it"}

    def wants(self, key: str, value: Value) -> str | None:
        """What a key takes where this value is not it."""
        return None if isinstance(value, str) and value else "a program's name or path"

    def kind(self, key: str) -> OptionKind:
        """What a key is on a command line."""
        return "other"

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Report what this target refuses beyond its tables."""
        check_sizes(plan, report)
        check_aws(plan, self.name, report)

    def deployment(self, plan: Plan, options: Options) -> str:
        """The script's name, without its ending."""
        return spelled(options.name or plan.name, "_.", LONGEST_NAME)

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """The script. Pure."""
        name = f"{self.deployment(plan, options)}.sh"
        return (OutputFile(name, script(plan, options, name)),)


BACKEND = Shell()
