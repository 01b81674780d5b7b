"""Valohai: a step for each container of a flow, and one pipeline of them, in the form of a `valohai.yaml`.

May import: of `compiler` what is for targets of other distributions. Start reading in `document`, then `graph`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler.backends import Gap, OptionKind, Options, OutputFile
from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.ir.plan import Feature, Plan
from flowc_valohai.check import GAPS, check
from flowc_valohai.document import deployment_name, document
from flowc_valohai.graph import node_names
from flowc_valohai.settings import SETTINGS, wants


class Valohai:
    """The target `valohai`."""

    name: ClassVar[str] = "valohai"
    surface: ClassVar[int] = 1
    gaps: ClassVar[Mapping[Feature, Gap]] = GAPS
    spells: ClassVar[Mapping[str, frozenset[str]]] = {}
    lacks: ClassVar[frozenset[str]] = frozenset({"disk", "shared_memory"})
    without: ClassVar[frozenset[str]] = frozenset({"namespace"})
    target_options: ClassVar[Mapping[str, str]] = {key: setting.help for key, setting in SETTINGS.items()}

    def wants(self, key: str, value: Value) -> str | None:
        """What a key takes where this value is not it."""
        return wants(key, value)

    def kind(self, key: str) -> OptionKind:
        """What a key is on a command line."""
        return SETTINGS[key].kind

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Report settings that Valohai does not have."""
        check(plan, options, report)

    def deployment(self, plan: Plan, options: Options) -> str:
        """The pipeline's name."""
        return deployment_name(plan, options)

    def nodes(self, plan: Plan) -> Mapping[str, str]:
        """By the first step of each container, the name of its node in the pipeline."""
        return node_names(plan)

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """One file, which is a `valohai.yaml` as it stands, and one of several flows together with those of the others."""
        return (OutputFile(f"{deployment_name(plan, options)}.valohai.yaml", document(plan, options)),)


BACKEND = Valohai()
