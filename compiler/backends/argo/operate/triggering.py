"""The Workflow that starts a run of a deployment: its name, its marks and its arguments, which Argo must hand on byte for byte."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from compiler.backends.argo.events import ARGUMENT, SCHEDULED
from compiler.backends.argo.names import MOST_OBJECT
from compiler.backends.argo.operate.api.protocol import WORKFLOW, Object
from compiler.backends.argo.operate.parts import DEPLOYMENT, MARK, MORE, OURS, annotations_of, record_in
from compiler.backends.argo.operate.runs import TAGS, TEMPLATE_LABEL
from compiler.backends.names import within
from compiler.backends.operating import BESIDE, RefusedError, Start

_MOST_GIVEN = 120_000
"""Bytes of all parameters as base64 of JSON: with the rest of its command line a container takes 128 KiB."""

_EXPRESSION, _END = "{{=", "}}"


def workflow(template: Object, start: Start, namespace: str) -> Object:
    """The Workflow of a start. Raises RefusedError for parameters that the deployment does not take, or Argo cannot carry."""
    name = str(template["metadata"]["name"])
    own = f"{within(name, MOST_OBJECT - 1 - len(start.unique))}-{start.unique}"
    given = {key: spelled(value) for key, value in start.parameters.items()}
    _check(template, given)
    tags = {"annotations": {TAGS: "\n".join(start.tags)}} if start.tags else {}
    return {
        "apiVersion": WORKFLOW.api_version,
        "kind": WORKFLOW.name,
        "metadata": {
            "name": own,
            "namespace": namespace,
            "labels": {MARK: OURS, DEPLOYMENT: name, TEMPLATE_LABEL: name},
            **tags,
        },
        "spec": {
            "workflowTemplateRef": {"name": name},
            **(
                {"arguments": {"parameters": [{"name": key, "value": text} for key, text in given.items()]}}
                if given
                else {}
            ),
        },
    }


def spelled(value: object) -> str:
    """A value as one gives it on a command line."""
    return value if isinstance(value, str) else json.dumps(value)


def is_reserved(name: str) -> bool:
    """Whether a parameter is one that events and the schedule fill."""
    return name == SCHEDULED or name.startswith(f"{ARGUMENT}-")


def _check(template: Object, given: Mapping[str, str]) -> None:
    declared = {
        str(each["name"]): each
        for each in ((template.get("spec") or {}).get("arguments") or {}).get("parameters") or ()
    }
    more = [each for each in annotations_of(template).get(MORE, "").split(",") if each]
    known = [*(each for each in declared if not is_reserved(each)), *more]
    for name in given:
        # what somebody else has applied does not say which parameters the code has besides
        if name not in known and name not in BESIDE and record_in(template) is not None:
            raise RefusedError(
                f"there is no parameter {name}: {template['metadata']['name']} takes {', '.join(known) or 'none'}"
            )
    for name, each in declared.items():
        if "value" not in each and "default" not in each and name not in given:
            raise RefusedError(f"the parameter {name} must be given: --{name} VALUE")
        choices = each.get("enum")
        if name in given and choices and given[name] not in choices:
            raise RefusedError(f"the parameter {name} takes one of {', '.join(map(str, choices))}")
    for name, text in given.items():
        if _EXPRESSION in text:
            raise RefusedError(
                f"the parameter {name} holds `{{{{=`, and Argo takes that for an expression of its own: a run with it may never begin; "
                f"put the text into a file of the store, or write it otherwise"
            )
    size = len(base64.b64encode(json.dumps(given, ensure_ascii=False).encode("utf-8", "replace")))
    if size > _MOST_GIVEN:
        raise RefusedError(
            f"the parameters have {size} bytes as Argo carries them, and a container takes {_MOST_GIVEN}: "
            f"put the large ones into a file of the store"
        )
