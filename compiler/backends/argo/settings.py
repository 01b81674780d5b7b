"""`[tool.flowc.argo]`: what only the platform team knows, and how Argo spells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from compiler.backends import Options
from compiler.backends.argo.kubernetes import tree
from compiler.backends.fields import (
    is_flag,
    is_mapping,
    is_names,
    is_number,
    is_table,
    is_tables,
    is_text,
    mapping,
    names,
)
from compiler.backends.pod_options import MOUNTS, VOLUMES, Takes, are_mounts, are_volumes, lost_mounts
from compiler.backends.pod_security import CONTAINER, POD, is_pod_context, is_security_context, of_pods, own_security
from compiler.backends.yaml_text import Inline, Tree
from compiler.documents import NotParsed, parse_yaml
from compiler.ir.flow import Value
from compiler.slotted_class import record

Place = Literal["spec", "metadata", "container", "cron", "pod", "events", "manifest"]
"""Where a key goes; `manifest` writes those of its place itself."""

Kind = Literal["text", "names", "mapping", "table", "tables", "number", "flag", "patch"]


@record
class Setting:
    """One key: what its value may be, where it goes and under which name, and its line of help."""

    kind: Kind
    place: Place
    field: str
    help: str


SETTINGS: Mapping[str, Setting] = {
    "active_deadline_seconds": Setting("number", "spec", "activeDeadlineSeconds", "seconds that a whole run may take"),
    "affinity": Setting("table", "spec", "affinity", "affinity of all pods, as Kubernetes spells it"),
    "annotations": Setting("mapping", "metadata", "annotations", "annotations of the WorkflowTemplate"),
    "archive_logs": Setting("flag", "spec", "archiveLogs", "whether Argo keeps the logs as artifacts"),
    "concurrency_policy": Setting("text", "cron", "concurrencyPolicy", "Allow, Forbid or Replace overlapping scheduled runs"),
    "container_security_context": Setting("table", "container", "securityContext", "what all containers may, instead of nothing"),
    "env_from_secrets": Setting("names", "container", "envFrom", "Secrets whose keys are variables of every container"),
    "event_bus": Setting("text", "events", "", "the EventBus of the Sensor, `default` without it"),
    "event_name": Setting("text", "events", "", "the event of the EventSource whose payloads name the events, `event` without it"),
    "event_source": Setting("text", "events", "", "the EventSource that events come from, `flowc` without it"),
    "failed_jobs_history_limit": Setting("number", "cron", "failedJobsHistoryLimit", "how many failed scheduled runs stay"),
    "image_pull_policy": Setting("text", "container", "imagePullPolicy", "Always, IfNotPresent or Never"),
    "image_pull_secrets": Setting("names", "spec", "imagePullSecrets", "Secrets with which images are pulled"),
    "kustomize": Setting("flag", "manifest", "", "whether to write the folder's kustomization.yaml, with what Kustomize must know"),
    "labels": Setting("mapping", "metadata", "labels", "labels of the WorkflowTemplate"),
    "node_selector": Setting("mapping", "spec", "nodeSelector", "labels of the nodes for all pods"),
    "pod_annotations": Setting("mapping", "pod", "annotations", "annotations of all pods"),
    "pod_gc": Setting("table", "spec", "podGC", "when finished pods are deleted, as Argo spells it"),
    "pod_labels": Setting("mapping", "pod", "labels", "labels of all pods"),
    "pod_spec_patch": Setting("patch", "spec", "podSpecPatch", "what is patched into the spec of all pods, as Kubernetes spells it"),
    "priority_class": Setting("text", "spec", "podPriorityClassName", "priority class of all pods"),
    "qos": Setting("text", "pod", "", "Guaranteed: limits as requests; Burstable: requests alone"),
    "security_context": Setting("table", "spec", "securityContext", "security context of all pods, instead of a user without rights"),
    "rbac": Setting("flag", "manifest", "", "whether to write the accounts of the pods, and the least rights that they need"),
    "sensor_service_account": Setting("text", "events", "", "account that may create workflows, and watch those that flows follow"),
    "service_account": Setting("text", "spec", "serviceAccountName", "account that may create and patch workflowtaskresults"),
    "starting_deadline_seconds": Setting("number", "cron", "startingDeadlineSeconds", "how late a scheduled run may begin"),
    "successful_jobs_history_limit": Setting("number", "cron", "successfulJobsHistoryLimit", "how many good scheduled runs stay"),
    "suspend": Setting("flag", "cron", "suspend", "whether the schedule sleeps"),
    "synchronization": Setting("table", "spec", "synchronization", "mutexes and semaphores of a run, as Argo spells them"),
    "tolerations": Setting("tables", "spec", "tolerations", "tolerations of all pods, as Kubernetes spells them"),
    "ttl_strategy": Setting("table", "spec", "ttlStrategy", "when finished runs are deleted, as Argo spells it"),
    "volume_mounts": Setting("tables", "manifest", "", "where every container sees volumes, as Kubernetes spells them"),
    "volumes": Setting("tables", "manifest", "", "volumes of all pods, as Kubernetes spells them"),
}  # fmt: skip
"""Every key that `[tool.flowc.argo]` takes beyond the shared ones."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    "concurrency_policy": ("Allow", "Forbid", "Replace"),
    "image_pull_policy": ("Always", "IfNotPresent", "Never"),
    "qos": ("Guaranteed", "Burstable"),
}
_TABLES: Mapping[str, Takes] = {
    "container_security_context": (is_security_context, "a table of the fields of a container's security context"),
    "security_context": (is_pod_context, "a table of the fields of a pod's security context"),
    "volumes": (are_volumes, VOLUMES),
    "volume_mounts": (are_mounts, MOUNTS),
}
_KINDS: Mapping[Kind, str] = {
    "text": "a text",
    "names": "a list of names",
    "mapping": "a table of texts",
    "table": "a table",
    "tables": "a list of tables",
    "number": "a whole number",
    "flag": "true or false",
    "patch": "a table, or one as YAML or JSON",
}
_IS_KIND: Mapping[Kind, Callable[[Value], bool]] = {
    "text": is_text,
    "names": is_names,
    "mapping": is_mapping,
    "table": is_table,
    "tables": is_tables,
    "number": is_number,
    "flag": is_flag,
    "patch": lambda value: is_table(value) or (isinstance(value, str) and _is_patch(value)),
}


def _is_patch(text: str) -> bool:
    """Whether Argo reads a table; what stands in its tags is for Argo alone to say."""
    if "{{" in text:
        return True
    try:
        return isinstance(parse_yaml(text), Mapping)
    except NotParsed:
        return False


def faults(options: Options) -> Iterator[tuple[str, str]]:
    """Each key of `[tool.flowc.argo]` whose value does not fit, and what was expected."""
    for key, value in options.target.items():
        expected = wants(key, value)
        if expected:
            yield key, expected
    lost = lost_mounts(options, ("tmp",))
    if lost:
        yield "volume_mounts", f"volumes of `volumes`, and none is called `{lost[0]}`"


def wants(key: str, value: Value) -> str | None:
    """What a key takes where this value is not it."""
    setting = SETTINGS.get(key)
    if setting is None:
        return "a key of the list in `flowc config`"
    if not _IS_KIND[setting.kind](value):
        return _KINDS[setting.kind]
    if key in _WORDS and value not in _WORDS[key]:
        return "one of " + ", ".join(_WORDS[key])
    if key in _TABLES and not _TABLES[key][0](value):
        return _TABLES[key][1]
    if (key, value) == ("service_account", "default"):
        return "an account of its own: `default` may not report results, and should not be able to"
    return None


def placed(options: Options, place: Place) -> dict[str, Tree]:
    """The fields that the settings put in one place, in the order of their keys."""
    fields: dict[str, Tree] = {}
    for key, setting in SETTINGS.items():
        value = options.target.get(key)
        if value is not None and setting.place == place and setting.field:
            fields[setting.field] = _spelled(key, setting, value)
    return fields


def contexts(options: Options) -> tuple[Tree, Tree]:
    """The security contexts of every pod and of every container: the settings', else those without rights."""
    pod = placed(options, "spec").get("securityContext", tree(POD))
    return pod, placed(options, "container").get("securityContext", tree(CONTAINER))


_CONTEXTS = {"container_security_context": own_security, "security_context": of_pods}


def _spelled(key: str, setting: Setting, value: Value) -> Tree:
    if key == "env_from_secrets":
        return [{"secretRef": Inline({"name": name})} for name in names(value)]
    if key == "image_pull_secrets":
        return [Inline({"name": name}) for name in names(value)]
    if setting.kind == "mapping":
        return tree(mapping(value))
    if key in _CONTEXTS:
        return tree(_CONTEXTS[key](value))
    if setting.kind == "patch" and not isinstance(value, str):
        import json  # noqa: PLC0415 - few flows have a patch

        return json.dumps(tree(value))
    return tree(value)
