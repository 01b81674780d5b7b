"""What a platform team deploys by: the accounts of a flow's pods with their rights, and what Kustomize needs to know of a folder.

Kustomize renames objects and changes images where it knows that a name or an image stands: for Argo's kinds somebody has to say that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.backends import Options
from compiler.backends.argo.events import FINISHED, sensor_account
from compiler.backends.names import within
from compiler.backends.pod_options import said
from compiler.backends.yaml_text import Comment, Inline, Tree, Words, document
from compiler.diagnostics import Rule
from compiler.ir.plan import FlowTrigger, Plan

KUSTOMIZATION, FIELDS = "kustomization.yaml", "flowc-fields.yaml"
"""The file that Kustomize looks for, and the one that tells it of Argo's kinds."""

NAMESPACE_NEEDED = Rule(
    code="FC870",
    name="rbac-needs-namespace",
    message="`rbac` gives rights to accounts of a namespace, and none is named for `{flow}`",
    help="give --namespace, or `namespace` in [tool.flowc.argo]",
)
FILE_NAME_TAKEN = Rule(
    code="FC871",
    name="argo-kustomize-name",
    message="the flow's file would be `{name}.yaml`, which is a file of Kustomize's",
    help="give the deployment another name with --name, or leave `kustomize` out",
)

_MOST = 63
_RBAC, _GROUP = "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io"


def account(options: Options, deployment: str) -> str | None:
    """The account of the flow's pods: the settings', or with `rbac` one of its own."""
    named = options.target.get("service_account")
    return str(named) if named else deployment if options.target.get("rbac") is True else None


def rights(plan: Plan, options: Options, metadata: dict[str, Tree]) -> Iterator[dict[str, Tree]]:
    """The accounts that nobody else brings, and the least roles of all that the flow's pods have.

    Argo's executor reports by WorkflowTaskResults, and the runtime asks nothing of Kubernetes. A Sensor creates workflows, an
    EventSource watches them. `metadata` is the template's.
    """
    deployment = str(metadata["name"])
    shared: dict[str, Tree] = {key: metadata[key] for key in ("namespace", "labels") if key in metadata}
    own = account(options, deployment)
    assert own is not None, "asked for with `rbac` alone"
    steps = (said(task).get("service_account") for task in plan.root.tasks())
    accounts = list(dict.fromkeys([own, *(str(each) for each in steps if each)]))
    first: dict[str, Tree] = {
        Comment(f"Compiled from {plan.flow.path} by flowc: change the flow and compile it again."): ""
    }
    if not options.target.get("service_account"):
        yield {**first, "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": own, **shared}}
        first = {}
    report = _rule(["workflowtaskresults"], ["create", "patch"])
    yield from _bound({"name": deployment, **shared}, [report], accounts, first)
    if plan.triggers:
        yield from _of_events(plan, options, deployment, shared)


def _of_events(plan: Plan, options: Options, deployment: str, shared: dict[str, Tree]) -> Iterator[dict[str, Tree]]:
    own = sensor_account(options, deployment)
    rules = [_rule(["workflows"], ["create"])]
    if any(isinstance(each, FlowTrigger) for each in plan.triggers):
        rules = [_rule(["workflows"], ["create", "list", "watch"])]
    if not options.target.get("sensor_service_account"):
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": own, **shared}}
    yield from _bound({"name": within(f"{deployment}-events", _MOST), **shared}, rules, [own], {})


def _rule(resources: list[str], verbs: list[str]) -> Tree:
    return {"apiGroups": Words(["argoproj.io"]), "resources": Words(resources), "verbs": Words(verbs)}


def _bound(
    metadata: dict[str, Tree], rules: list[Tree], accounts: list[str], first: dict[str, Tree]
) -> Iterator[dict[str, Tree]]:
    """A Role, and who has it."""
    place = metadata["namespace"]
    yield {**first, "apiVersion": _RBAC, "kind": "Role", "metadata": metadata, "rules": rules}
    yield {
        "apiVersion": _RBAC,
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": _GROUP, "kind": "Role", "name": metadata["name"]},
        "subjects": [Inline({"kind": "ServiceAccount", "name": name, "namespace": place}) for name in accounts],
    }


def kustomization(names: Iterable[str]) -> str:
    """The file of a folder whose other files of ours these are."""
    tree: dict[str, Tree] = {
        Comment(
            "Compiled by flowc: change the flows and compile them again. Overlays say what differs by environment."
        ): "",
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list[Tree](sorted(names)),
        "configurations": [FIELDS],
    }
    return document(tree)


def fields() -> str:
    """Where names, namespaces and images stand in Argo's kinds, as a configuration of Kustomize's; it holds in overlays, too."""
    created = "spec/triggers/template/k8s/source/resource"
    tree: dict[str, Tree] = {
        Comment(
            "Compiled by flowc: change the flows and compile them again. Where Kustomize finds names and images."
        ): "",
        "namePrefix": [_at("Sensor", f"{created}/metadata/name"), _at("Sensor", f"{created}/metadata/generateName")],
        "nameSuffix": [_at("Sensor", f"{created}/metadata/name")],
        "namespace": [
            _at("Sensor", f"{created}/metadata/namespace"),
            _at("EventSource", f"spec/resource/{FINISHED}/namespace"),
        ],
        "images": [_at("WorkflowTemplate", place) for place in _IMAGES],
        "nameReference": [
            {"kind": kind, **({"group": _ARGO} if kind in _OURS else {}), "fieldSpecs": [_at(*each) for each in places]}
            for kind, places in _references(created).items()
        ],
    }
    return document(tree)


_ARGO = "argoproj.io"
_OURS = ("WorkflowTemplate", "EventSource")
_TEMPLATES = ("spec/templates", "spec/templateDefaults")
_CONTAINERS = ("container", "script", "containerSet/containers", "initContainers", "sidecars")
_IMAGES = [f"{template}/{each}/image" for template in _TEMPLATES for each in _CONTAINERS]


def _at(kind: str, path: str) -> Tree:
    return Inline({"kind": kind, "group": _ARGO, "path": path})


def _references(created: str) -> dict[str, list[tuple[str, str]]]:
    """Where each kind is named, by the kinds that name it."""
    template, sensor, source = "WorkflowTemplate", "Sensor", "EventSource"
    pods = [(template, each) for each in ("spec", *_TEMPLATES)]
    containers = [(template, f"{place}/{each}") for place in _TEMPLATES for each in _CONTAINERS]
    events = [(kind, "spec/template") for kind in (sensor, source)]
    beside = [*containers, (sensor, "spec/template/container"), (source, "spec/template/container")]
    return {
        template: [
            ("CronWorkflow", "spec/workflowSpec/workflowTemplateRef/name"),
            (sensor, f"{created}/spec/workflowTemplateRef/name"),
            (sensor, "spec/template/container/env/value"),
        ],
        source: [(sensor, "spec/dependencies/eventSourceName")],
        "ServiceAccount": [(kind, f"{path}/serviceAccountName") for kind, path in (*pods, *events)],
        "PriorityClass": [(template, "spec/podPriorityClassName"), (template, "spec/templates/priorityClassName")],
        "PersistentVolumeClaim": [(kind, f"{path}/volumes/persistentVolumeClaim/claimName") for kind, path in pods],
        "ConfigMap": [
            *((kind, f"{path}/envFrom/configMapRef/name") for kind, path in beside),
            *((kind, f"{path}/env/valueFrom/configMapKeyRef/name") for kind, path in beside),
            *((kind, f"{path}/volumes/configMap/name") for kind, path in pods),
            *((kind, f"{path}/volumes/projected/sources/configMap/name") for kind, path in pods),
            *((template, f"spec/synchronization/{each}/configMapKeyRef/name") for each in ("semaphore", "semaphores")),
        ],
        "Secret": [
            *((kind, f"{path}/envFrom/secretRef/name") for kind, path in beside),
            *((kind, f"{path}/env/valueFrom/secretKeyRef/name") for kind, path in beside),
            *((kind, f"{path}/volumes/secret/secretName") for kind, path in pods),
            *((kind, f"{path}/volumes/projected/sources/secret/name") for kind, path in pods),
            (template, "spec/imagePullSecrets/name"),
        ],
    }
