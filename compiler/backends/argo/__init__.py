"""Argo Workflows: a WorkflowTemplate whose DAG templates are the plan's scopes.

May import: what `compiler.backends` holds, and yaml. Start reading in `manifest`, then `scopes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from compiler.backends import Gap, OptionKind, Options, OutputFile
from compiler.backends.argo.check import check, check_size
from compiler.backends.argo.deployment import FIELDS, KUSTOMIZATION, fields, kustomization
from compiler.backends.argo.kubernetes import OPTIONS
from compiler.backends.argo.manifest import cron_workflow, deployment_name, events, rbac, workflow_template
from compiler.backends.argo.scopes import node_names
from compiler.backends.argo.settings import SETTINGS, wants
from compiler.backends.gaps import ONLY_ON_AIRFLOW
from compiler.backends.yaml_text import document
from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.ir.plan import Feature, Plan

if TYPE_CHECKING:
    from compiler.backends.operating import Connection, Engine


class Argo:
    """The target `argo`."""

    name: ClassVar[str] = "argo"
    gaps: ClassVar[Mapping[Feature, Gap]] = ONLY_ON_AIRFLOW
    spells: ClassVar[Mapping[str, frozenset[str]]] = {
        "kubernetes": OPTIONS,
        "trigger": frozenset({"reset_at"}),
        "trigger_on_finish": frozenset({"reset_at"}),
    }
    target_options: ClassVar[Mapping[str, str]] = {key: setting.help for key, setting in SETTINGS.items()}

    connection_options: ClassVar[Mapping[str, str]] = {
        "ca": "file of the authorities that Argo Server's certificate is checked with",
        "context": "context of the kubeconfig, its current one without it",
        "insecure": "whether to take any certificate of Argo Server: whoever is between can read along",
        "kubeconfig": "file that says where the cluster is, as KUBECONFIG does",
        "server": "address of Argo Server, as ARGO_SERVER has it; without it Kubernetes is asked itself",
    }
    run_prefix: ClassVar[str] = "argo-"

    def connect(self, connection: Connection) -> Engine:
        """The namespace that the connection names, by Kubernetes or by Argo Server; asks nothing of it yet."""
        from compiler.backends.argo.operate.engine import connect  # noqa: PLC0415 - only operating needs clients

        return connect(connection)

    def wants(self, key: str, value: Value) -> str | None:
        """What a key takes where this value is not it."""
        return wants(key, value)

    def kind(self, key: str) -> OptionKind:
        """What a key is on a command line."""
        kind = SETTINGS[key].kind
        return "flag" if kind == "flag" else "number" if kind == "number" else "other"

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Report names, values and sizes that Kubernetes or Argo would not take."""
        check(plan, options, report)
        if not report.failed:
            check_size(workflow_template(plan, options), plan, report)

    def deployment(self, plan: Plan, options: Options) -> str:
        """The template's name."""
        return deployment_name(plan, options)

    def nodes(self, plan: Plan) -> Mapping[str, str]:
        """By the first step of each container, the name of its task in the DAG template of its level."""
        return node_names(plan)

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """The WorkflowTemplate, the CronWorkflow of a schedule, the EventSource and Sensor of triggers in one file; accounts in another."""
        name = self.deployment(plan, options)
        files = [OutputFile(f"{name}.yaml", _text(plan, options))]
        if options.target.get("rbac") is True:
            files.append(OutputFile(f"{name}.rbac.yaml", "---\n".join(map(document, rbac(plan, options)))))
        return tuple(files)

    def folder_files(self, options: Options, names: tuple[str, ...]) -> tuple[OutputFile, ...]:
        """What stands once in the folder of the files of these names, of all flows that are there."""
        if options.target.get("kustomize") is not True:
            return ()
        return OutputFile(KUSTOMIZATION, kustomization(names)), OutputFile(FIELDS, fields())


def _text(plan: Plan, options: Options) -> str:
    text = document(workflow_template(plan, options))
    if plan.schedule:
        text += "---\n" + document(cron_workflow(plan, plan.schedule, options))
    for each in events(plan, options) if plan.triggers else ():
        text += "---\n" + document(each)
    return text


BACKEND = Argo()
