"""`[tool.flowc.argo]`: what only the platform team knows, and how Argo spells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from compiler.backends import Options
from compiler.backends.argo.kubernetes import IS_KIND, Kind, mapping, names, tree
from compiler.backends.argo.yaml_text import Inline, Tree
from compiler.ir.flow import Value
from compiler.slotted_class import record

Place = Literal["spec", "metadata", "container", "cron", "pod", "events"]


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
    "container_security_context": Setting("table", "container", "securityContext", "security context of the containers"),
    "env_from_secrets": Setting("names", "container", "envFrom", "Secrets whose keys are variables of every container"),
    "event_bus": Setting("text", "events", "", "the EventBus of the Sensor, `default` without it"),
    "event_name": Setting("text", "events", "", "the event of the EventSource whose payloads name the events, `event` without it"),
    "event_source": Setting("text", "events", "", "the EventSource that events come from, `flowc` without it"),
    "failed_jobs_history_limit": Setting("number", "cron", "failedJobsHistoryLimit", "how many failed scheduled runs stay"),
    "image_pull_policy": Setting("text", "container", "imagePullPolicy", "Always, IfNotPresent or Never"),
    "image_pull_secrets": Setting("names", "spec", "imagePullSecrets", "Secrets with which images are pulled"),
    "labels": Setting("mapping", "metadata", "labels", "labels of the WorkflowTemplate"),
    "node_selector": Setting("mapping", "spec", "nodeSelector", "labels of the nodes for all pods"),
    "pod_annotations": Setting("mapping", "pod", "annotations", "annotations of all pods"),
    "pod_gc": Setting("table", "spec", "podGC", "when finished pods are deleted, as Argo spells it"),
    "pod_labels": Setting("mapping", "pod", "labels", "labels of all pods"),
    "priority_class": Setting("text", "spec", "podPriorityClassName", "priority class of all pods"),
    "qos": Setting("text", "pod", "", "Guaranteed: limits as requests; Burstable: requests alone"),
    "security_context": Setting("table", "spec", "securityContext", "security context of all pods, instead of a user without rights"),
    "sensor_service_account": Setting("text", "events", "", "account that may create workflows, and watch those that flows follow"),
    "service_account": Setting("text", "spec", "serviceAccountName", "account that may create and patch workflowtaskresults"),
    "starting_deadline_seconds": Setting("number", "cron", "startingDeadlineSeconds", "how late a scheduled run may begin"),
    "successful_jobs_history_limit": Setting("number", "cron", "successfulJobsHistoryLimit", "how many good scheduled runs stay"),
    "suspend": Setting("flag", "cron", "suspend", "whether the schedule sleeps"),
    "synchronization": Setting("table", "spec", "synchronization", "mutexes and semaphores of a run, as Argo spells them"),
    "tolerations": Setting("tables", "spec", "tolerations", "tolerations of all pods, as Kubernetes spells them"),
    "ttl_strategy": Setting("table", "spec", "ttlStrategy", "when finished runs are deleted, as Argo spells it"),
}  # fmt: skip
"""Every key that `[tool.flowc.argo]` takes beyond the shared ones."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    "concurrency_policy": ("Allow", "Forbid", "Replace"),
    "image_pull_policy": ("Always", "IfNotPresent", "Never"),
    "qos": ("Guaranteed", "Burstable"),
}
_KINDS: Mapping[Kind, str] = {
    "text": "a text",
    "names": "a list of names",
    "mapping": "a table of texts",
    "table": "a table",
    "tables": "a list of tables",
    "number": "a whole number",
    "flag": "true or false",
}


def faults(options: Options) -> Iterator[tuple[str, str]]:
    """Each key of `[tool.flowc.argo]` whose value does not fit, and what was expected."""
    for key, value in options.target.items():
        expected = wants(key, value)
        if expected:
            yield key, expected


def wants(key: str, value: Value) -> str | None:
    """What a key takes where this value is not it."""
    setting = SETTINGS.get(key)
    if setting is None:
        return "a key of the list in `flowc config`"
    if not IS_KIND[setting.kind](_frozen(value)):
        return _KINDS[setting.kind]
    if key in _WORDS and value not in _WORDS[key]:
        return "one of " + ", ".join(_WORDS[key])
    if (key, value) == ("service_account", "default"):
        return "an account of its own: `default` may not report results, and should not be able to"
    return None


def _frozen(value: object) -> Value:
    """A list of TOML as the tuple that the checks know."""
    return tuple(value) if isinstance(value, list) else value  # type: ignore[return-value]  # TOML's kinds


def placed(options: Options, place: Place) -> dict[str, Tree]:
    """The fields that the settings put in one place, in the order of their keys."""
    fields: dict[str, Tree] = {}
    for key, setting in SETTINGS.items():
        value = options.target.get(key)
        if value is not None and setting.place == place and setting.field:
            fields[setting.field] = _spelled(key, setting, value)
    return fields


def _spelled(key: str, setting: Setting, value: Value) -> Tree:
    if key == "env_from_secrets":
        return [{"secretRef": Inline({"name": name})} for name in names(value)]
    if key == "image_pull_secrets":
        return [Inline({"name": name}) for name in names(value)]
    if setting.kind == "mapping":
        return tree(mapping(value))
    return tree(value)
