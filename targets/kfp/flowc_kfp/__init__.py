"""Kubeflow Pipelines: the pipeline IR (PipelineSpec 2.1.0), whose DAGs are the plan's scopes.

May import: what docs/new-target.md names, and no more of `compiler`. Start reading in `pipeline`, then `containers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler.backends import Gap, OptionKind, Options, OutputFile
from compiler.backends.gaps import ONLY_ON_AIRFLOW
from compiler.backends.yaml_text import document
from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.ir.plan import Feature, Plan
from flowc_kfp.check import SETTINGS, check, wants
from flowc_kfp.containers import OPTIONS
from flowc_kfp.names import pipeline_name
from flowc_kfp.operate.operated import Operated
from flowc_kfp.pipeline import pipeline_documents

_EVENTS = Gap("a pipeline waits for no events", "let whoever sends the event start a run by the server's API")
_GAPS: Mapping[Feature, Gap] = {
    "schedule": Gap(
        "a pipeline has no clock: the server keeps recurring runs beside it",
        "remove it, and make a recurring run of the pipeline with the cron on the server's page or by its API",
    ),
    "trigger": _EVENTS,
    "trigger-on-finish": _EVENTS,
    "exit-hook": Gap(
        "its exit task makes the run a failure where it fails, and of several only one would run",
        "remove it, and let what watches the server's runs do that",
    ),
}


class Kfp(Operated):
    """The target `kfp`."""

    name: ClassVar[str] = "kfp"
    surface: ClassVar[int] = 1
    gaps: ClassVar[Mapping[Feature, Gap]] = {**ONLY_ON_AIRFLOW, **_GAPS}
    lacks: ClassVar[frozenset[str]] = frozenset({"disk"})  # its containers have CPU, memory and accelerators
    spells: ClassVar[Mapping[str, frozenset[str]]] = {"kubernetes": OPTIONS}
    target_options: ClassVar[Mapping[str, str]] = {key: told for key, (_, told) in SETTINGS.items()}

    def wants(self, key: str, value: Value) -> str | None:
        """What a key takes where this value is not it."""
        return wants(key, value)

    def kind(self, key: str) -> OptionKind:
        """What a key is on a command line: each is text, or a list of it."""
        assert key in SETTINGS
        return "other"

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Report names, values, texts and sizes that the server or Kubernetes would not take."""
        check(plan, options, report)

    def deployment(self, plan: Plan, options: Options) -> str:
        """The pipeline's name."""
        return pipeline_name(plan, options)

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """The pipeline, with what its pods ask of Kubernetes as a second document."""
        text = "---\n".join(map(document, pipeline_documents(plan, options)))
        return (OutputFile(f"{self.deployment(plan, options)}.yaml", text),)


BACKEND = Kfp()
