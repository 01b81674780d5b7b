"""What starts a flow on Argo: a Sensor of Argo Events, and an EventSource where it waits for other flows to finish.

Each trigger fills one parameter of the workflow, `flowc-trigger-N`, with JSON that the first step reads: the event, and which
of its fields become parameters. A workflow that follows others is named after theirs, so that news that comes twice starts it once.
Flows are followed within a namespace. Where none is named, the EventSource sees those of all, and the Sensor drops what is not of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from compiler.backends import Options
from compiler.backends.argo.names import MOST_CRON, MOST_OBJECT, Names, object_name
from compiler.backends.argo.settings import contexts
from compiler.backends.command import trigger_facts
from compiler.backends.names import within
from compiler.backends.yaml_text import Inline, Tree
from compiler.ir.cron import five_fields
from compiler.ir.plan import EventTrigger, FlowTrigger, Plan, Trigger
from compiler.slotted_class import record

API = "argoproj.io/v1alpha1"
ARGUMENT, SCHEDULED = "flowc-trigger", "flowc-scheduled-at"
_BUS, _SOURCE, _EVENT = "default", "flowc", "event"
_KEY, _LEAST_NAME = 10, 14
"""How many characters of a hash tell the workflows apart that follow different runs; and how many of a name stay before them."""
_OWN, _AFTER = "FLOWC_NAMESPACE", "FLOWC_AFTER"
FINISHED = "finished"
"""The one event of an EventSource that Kustomize shall understand: all workflows that have succeeded."""
_HERE = f'event.body.metadata.namespace == os.getenv("{_OWN}")'
"""Lua, with Go's `event` of the EventSource; there is nothing else that knows where the Sensor is deployed."""


@record
class _Dependency:
    """A trigger with its name in the Sensor."""

    name: str
    trigger: Trigger


def sensor_name(deployment: str) -> str:
    """The name of the Sensor and of the EventSource: Argo Events takes no dots, and makes names of its own of it."""
    return within(deployment.replace(".", "-"), MOST_CRON, whole=deployment)


def trigger_arguments(plan: Plan) -> list[Tree]:
    """The parameters that events and the schedule fill; they are empty in a run that somebody else starts."""
    found: list[Tree] = [{"name": f"{ARGUMENT}-{at}", "value": ""} for at, _ in enumerate(plan.triggers, 1)]
    return [*found, {"name": SCHEDULED, "value": ""}] if plan.schedule else found


def event_documents(plan: Plan, options: Options, metadata: Mapping[str, Tree]) -> list[dict[str, Tree]]:
    """The EventSource, where one is needed, and the Sensor; nothing for a flow without triggers. `metadata` is the template's."""
    names = Names()
    found = [_Dependency(names.claim(_wish(trigger)), trigger) for trigger in plan.triggers]
    if not found:
        return []
    deployment = str(metadata["name"])
    shared = {key: value for key, value in metadata.items() if key in ("namespace", "labels")}
    head: dict[str, Tree] = {"metadata": {"name": sensor_name(deployment), **shared}}
    finished = [each for each in found if isinstance(each.trigger, FlowTrigger)]
    documents: list[dict[str, Tree]] = []
    if finished:
        documents.append(
            {"apiVersion": API, "kind": "EventSource", **head, "spec": _source(finished, options, deployment)}
        )
    spec = {
        **_shared(options, deployment, _sensor_variables(finished, options)),
        **_sensor(plan, found, options, deployment),
    }
    return [*documents, {"apiVersion": API, "kind": "Sensor", **head, "spec": spec}]


def _wish(trigger: Trigger) -> str:
    name = trigger.event if isinstance(trigger, EventTrigger) else trigger.deployment
    return object_name(name).replace(".", "-") or "event"


def sensor_account(options: Options, deployment: str) -> str:
    """The account of the Sensor and of the EventSource; empty where nobody says."""
    own = within(f"{sensor_name(deployment)}-events", MOST_OBJECT) if options.target.get("rbac") is True else ""
    return _setting(options, "sensor_service_account", own)


def _shared(options: Options, deployment: str, variables: list[Tree]) -> dict[str, Tree]:
    """What Sensor and EventSource have in common; their pods have the rights of all others, their image alone would be root's."""
    of_pod, of_container = contexts(options)
    container: dict[str, Tree] = {"env": variables} if variables else {}
    if of_container:
        container["securityContext"] = of_container
    parts: dict[str, Tree] = {
        "serviceAccountName": sensor_account(options, deployment),
        "container": container,
        "securityContext": of_pod,
    }
    template: dict[str, Tree] = {name: part for name, part in parts.items() if part}
    spec: dict[str, Tree] = {"eventBusName": _setting(options, "event_bus", _BUS)}
    return {**spec, "template": template} if template else spec


def _sensor_variables(finished: list[_Dependency], options: Options) -> list[Tree]:
    """The variables that tell the Sensor's scripts its namespace, where it has one, and which flows it follows."""
    follows: list[Tree] = [
        Inline({"name": _after(each), "value": _followed(each.trigger)})
        for each in (finished if _is_kustomized(options) else ())
    ]
    if options.namespace or not finished:
        return follows
    return [*follows, {"name": _OWN, "valueFrom": {"fieldRef": Inline({"fieldPath": "metadata.namespace"})}}]


def _after(each: _Dependency) -> str:
    return f"{_AFTER}_{each.name.replace('-', '_').upper()}"


def _is_kustomized(options: Options) -> bool:
    """Whether names must stand alone, where Kustomize can change them: a pattern that holds one would be left as it is."""
    return options.target.get("kustomize") is True


def _setting(options: Options, key: str, default: str) -> str:
    value = options.target.get(key)
    return value if isinstance(value, str) else default


def _source(finished: list[_Dependency], options: Options, deployment: str) -> dict[str, Tree]:
    watched = {each.name: _watched(f"^{_pattern(_followed(each.trigger))}$", options) for each in finished}
    if _is_kustomized(options):
        watched = {FINISHED: _watched(".", options)}
    return {**_shared(options, deployment, []), "resource": watched}


def _followed(trigger: Trigger) -> str:
    """The name of the other flow's template."""
    assert isinstance(trigger, FlowTrigger)
    return object_name(trigger.deployment)


def _pattern(name: str) -> str:
    return re.escape(name).replace("\\-", "-")


def _watched(template: str, options: Options) -> Tree:
    """Workflows of another flow's template that have succeeded; the values of a filter are regular expressions."""
    wanted = {"spec.workflowTemplateRef.name": template, "status.phase": "^Succeeded$"}
    fields: list[Tree] = [Inline({"key": key, "operation": "==", "value": value}) for key, value in wanted.items()]
    return {
        "namespace": options.namespace or "",
        "group": "argoproj.io",
        "version": "v1alpha1",
        "resource": "workflows",
        "eventTypes": ["UPDATE"],
        "filter": {"afterStart": True, "fields": fields},
    }


def _sensor(plan: Plan, found: list[_Dependency], options: Options, deployment: str) -> dict[str, Tree]:
    template: dict[str, Tree] = {"name": sensor_name(deployment)}
    reset = _reset(plan)
    if reset:
        template["conditionsReset"] = [{"byTime": Inline(reset)}]
    template["k8s"] = {
        "operation": "create",
        "source": {"resource": _workflow(plan, options, deployment)},
        "parameters": list(_parameters(found, _key(plan))),
    }
    return {
        "dependencies": [_dependency(plan, each, options, deployment) for each in found],
        "triggers": [{"template": template}],
    }


def _reset(plan: Plan) -> dict[str, Tree]:
    value = next((option.value for option in plan.options if option.name == "reset_at"), None)
    if not isinstance(value, Mapping):
        return {}
    zone = value.get("timezone")
    return {"cron": five_fields(str(value["cron"])) or "", **({"timezone": str(zone)} if zone else {})}


def _workflow(plan: Plan, options: Options, deployment: str) -> Tree:
    """What the Sensor creates; where it follows runs, parameters complete its name."""
    follows = isinstance(plan.triggers[0], FlowTrigger)
    most = MOST_OBJECT - len(plan.triggers) * (len("-") + _key(plan)) if follows else MOST_CRON
    name = within(deployment, min(most, MOST_CRON), whole=options.name or plan.name)
    metadata: dict[str, Tree] = {"name": name} if follows else {"generateName": f"{name}-"}
    if options.namespace:
        metadata["namespace"] = options.namespace
    return {
        "apiVersion": API,
        "kind": "Workflow",
        "metadata": metadata,
        "spec": {
            "arguments": {"parameters": [*trigger_arguments(plan), *_needed(plan)]},
            "workflowTemplateRef": {"name": deployment},
        },
    }


def _key(plan: Plan) -> int:
    """How long a hash may be, so that the names of all runs that are followed have room in one."""
    return max(1, min(_KEY, (MOST_OBJECT - _LEAST_NAME) // len(plan.triggers) - len("-")))


def _needed(plan: Plan) -> Iterator[Tree]:
    """Parameters for which the template has no value: Argo takes no workflow without one, and the event has it."""
    for parameter in plan.parameters:
        if parameter.required:
            yield {"name": parameter.name, "value": ""}


def _parameters(found: list[_Dependency], length: int) -> Iterator[Tree]:
    for at, each in enumerate(found):
        yield _parameter(each.name, _told(each.trigger), f"spec.arguments.parameters.{at}.value")
    for each in found:
        if isinstance(each.trigger, FlowTrigger):
            key = f"-{{{{ .Input.body.metadata.uid | sha256sum | trunc {length} }}}}"
            yield _parameter(each.name, key, "metadata.name", operation="append")


def _parameter(dependency: str, template: str, place: str, **more: str) -> Tree:
    return {"src": {"dependencyName": dependency, "dataTemplate": template}, "dest": place, **more}


def _told(trigger: Trigger) -> str:
    """The template of what the first step is told: JSON around what the event brings."""
    facts = json.dumps(trigger_facts(trigger))[:-1]
    if isinstance(trigger, EventTrigger):
        return f'{facts}, "payload": {{{{ .Input.body.payload | toRawJson }}}}}}'
    run = "argo-{{ .Input.body.metadata.namespace }}-{{ .Input.body.metadata.name }}"
    return f'{facts}, "id": "{trigger.flow}/{run}", "timestamp": "{{{{ .Input.body.status.finishedAt }}}}"}}'


def _dependency(plan: Plan, each: _Dependency, options: Options, deployment: str) -> Tree:
    if isinstance(each.trigger, FlowTrigger):
        followed: dict[str, Tree] = {
            "name": each.name,
            "eventSourceName": sensor_name(deployment),
            "eventName": FINISHED if _is_kustomized(options) else each.name,
        }
        conditions = [_is_of(each)] if _is_kustomized(options) else []
        conditions += [] if options.namespace else [_HERE]
        return {**followed, "filters": {"script": f"return {' and '.join(conditions)}"}} if conditions else followed
    return {
        "name": each.name,
        "eventSourceName": _setting(options, "event_source", _SOURCE),
        "eventName": _setting(options, "event_name", _EVENT),
        "filters": {"exprs": list(_filters(plan, each.trigger))},
    }


def _is_of(each: _Dependency) -> str:
    """Lua: whether the workflow is one of the flow that the dependency follows."""
    return f'event.body.spec.workflowTemplateRef.name == os.getenv("{_after(each)}")'


def _filters(plan: Plan, trigger: EventTrigger) -> Iterator[Tree]:
    """The event's name, and that it has the fields of parameters which must be given."""
    yield _expression(f"name == '{trigger.event}'", "name", "body.payload.name")
    required = {parameter.name for parameter in plan.parameters if parameter.required}
    for parameter, field in trigger.parameters:
        if parameter in required:
            yield _expression("true == true", "field", f"body.payload.{field}")


def _expression(text: str, name: str, path: str) -> Tree:
    return {"expr": text, "fields": [Inline({"name": name, "path": path})]}
