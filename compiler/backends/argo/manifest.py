"""The documents of a deployment: a WorkflowTemplate, and for a schedule a CronWorkflow that starts it."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import Options
from compiler.backends.argo.containers import ORIGIN, REPORT, containers, variables
from compiler.backends.argo.deployment import account, rights
from compiler.backends.argo.events import SCHEDULED, event_documents
from compiler.backends.argo.hooks import exit_templates
from compiler.backends.argo.kubernetes import tree
from compiler.backends.argo.names import MOST_CRON, MOST_OBJECT, Names, object_name
from compiler.backends.argo.parameters import arguments, inert
from compiler.backends.argo.scopes import ROOT, scopes
from compiler.backends.argo.settings import contexts, placed
from compiler.backends.command import environment, flow_image
from compiler.backends.fields import names
from compiler.backends.names import within
from compiler.backends.pod_options import said
from compiler.backends.yaml_text import Comment, Inline, Tree
from compiler.ir.plan import Plan, Schedule

_API = "argoproj.io/v1alpha1"
_VOLUME = "tmp"


def deployment_name(plan: Plan, options: Options) -> str:
    """The name of the WorkflowTemplate, whatever starts it: other flows' Sensors look for it."""
    return within(options.name, MOST_OBJECT) if options.name else object_name(plan.name)


def workflow_template(plan: Plan, options: Options) -> dict[str, Tree]:
    """The WorkflowTemplate."""
    taken = Names([ROOT])
    pods = containers(plan, options, taken)
    dags = scopes(plan, pods, taken)
    exits = exit_templates(plan, options, taken)
    return {
        Comment(f"Compiled from {plan.flow.path} by flowc: change the flow and compile it again."): "",
        "apiVersion": _API,
        "kind": "WorkflowTemplate",
        "metadata": _metadata(plan, options),
        "spec": {**_spec(plan, options), **_on_exit(exits), "templates": [*dags, *pods.templates, *exits]},
    }


def _on_exit(templates: list[Tree]) -> dict[str, Tree]:
    first = templates[0] if templates else {}
    return {"onExit": first["name"]} if isinstance(first, dict) and templates else {}


def cron_workflow(plan: Plan, schedule: Schedule, options: Options) -> dict[str, Tree]:
    """The CronWorkflow that starts the template by the flow's schedule."""
    metadata = _metadata(plan, options)
    # the name of a scheduled run ends in a time
    metadata["name"] = within(str(metadata["name"]), MOST_CRON, whole=options.name or plan.name)
    metadata.pop("annotations", None)
    return {
        "apiVersion": _API,
        "kind": "CronWorkflow",
        "metadata": metadata,
        "spec": {
            "schedules": [schedule.cron],
            # without a zone, the controller would take that of its own machine
            "timezone": schedule.timezone or "UTC",
            **placed(options, "cron"),
            "workflowSpec": {
                "arguments": {"parameters": [Inline({"name": SCHEDULED, "value": "{{workflow.scheduledTime}}"})]},
                "workflowTemplateRef": {"name": deployment_name(plan, options)},
            },
        },
    }


def events(plan: Plan, options: Options) -> list[dict[str, Tree]]:
    """The documents of what starts the flow beside its schedule."""
    return event_documents(plan, options, _metadata(plan, options))


def rbac(plan: Plan, options: Options) -> list[dict[str, Tree]]:
    """The documents of the pods' accounts and their rights."""
    return list(rights(plan, options, _metadata(plan, options)))


def _metadata(plan: Plan, options: Options) -> dict[str, Tree]:
    metadata: dict[str, Tree] = {"name": deployment_name(plan, options)}
    if options.namespace:
        metadata["namespace"] = options.namespace
    settings = placed(options, "metadata")
    metadata["labels"] = {"app.kubernetes.io/managed-by": "flowc", **_table(settings.get("labels"))}
    described: dict[str, Tree] = {}
    if plan.flow.doc:
        described["workflows.argoproj.io/description"] = inert(plan.flow.doc)
    described |= _table(settings.get("annotations"))
    if described:
        metadata["annotations"] = described
    return metadata


def _table(value: Tree | None) -> Mapping[str, Tree]:
    return value if isinstance(value, dict) else {}


def _spec(plan: Plan, options: Options) -> dict[str, Tree]:
    spec: dict[str, Tree] = {"entrypoint": ROOT, **arguments(plan)}
    if options.max_workers is not None:
        spec["parallelism"] = options.max_workers
    spec["securityContext"] = contexts(options)[0]
    spec |= placed(options, "spec")
    own = account(options, deployment_name(plan, options))
    if own:
        spec["serviceAccountName"] = own
    if not spec["securityContext"]:
        del spec["securityContext"]
    secrets = _pull_secrets(plan, options)
    if secrets:
        spec["imagePullSecrets"] = [Inline({"name": name}) for name in secrets]
    pods = placed(options, "pod")
    if pods:
        spec["podMetadata"] = pods
    spec["volumes"] = _with_tmp(options, "volumes", "name", {"name": _VOLUME, "emptyDir": {}})
    spec["templateDefaults"] = {"container": _every_container(plan, options)}
    return spec


def _pull_secrets(plan: Plan, options: Options) -> list[str]:
    """Argo knows them for a whole workflow only: the settings' and those of every step."""
    wanted = names(options.target.get("image_pull_secrets"))
    for task in plan.tasks.values():
        wanted += names(said(task).get("image_pull_secrets"))
    return list(dict.fromkeys(wanted))


def _with_tmp(options: Options, key: str, field: str, ours: dict[str, Tree]) -> list[Tree]:
    """What a setting lists beside ours; where it has one of that name or place itself, that stands alone."""
    listed = options.target.get(key)
    added: list[Tree] = [tree(each) for each in listed] if isinstance(listed, tuple | list) else []
    is_there = any(isinstance(each, dict) and each.get(field) == ours[field] for each in added)
    return added if is_there else [ours, *added]


def _every_container(plan: Plan, options: Options) -> Tree:
    """What is the same in every container stands once."""
    shared: dict[str, Tree] = {"securityContext": contexts(options)[1], **placed(options, "container")}
    return {
        "image": flow_image(options),
        **{name: value for name, value in shared.items() if value != {}},
        "env": variables({**environment(plan, options, f"dir:{REPORT}"), "FLOWC_ORIGIN": ORIGIN}),
        "volumeMounts": _with_tmp(
            options, "volume_mounts", "mountPath", Inline({"name": _VOLUME, "mountPath": "/tmp"})
        ),
    }
