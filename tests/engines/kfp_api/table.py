"""The part of the published API (`backend/api/v2beta1/swagger`, 2.17) that the stand-in has: any other path, query or field is refused.

`tests/kfp/operate/test_api.py` holds the fields to the models of the published client, which are made from the same swagger.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "/apis/v2beta1"
_LISTED = ("page_token", "page_size", "sort_by", "filter")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: the parameters that stand in its query, the model of its body and of its answer; empty where there is none."""

    query: tuple[str, ...] = ()
    body: str = ""
    answer: str = ""


OPERATIONS: Mapping[str, Operation] = {
    f"GET {PREFIX}/healthz": Operation(answer="GetHealthzResponse"),
    f"GET {PREFIX}/pipelines": Operation(("namespace", *_LISTED), answer="ListPipelinesResponse"),
    f"GET {PREFIX}/pipelines/names/{{name}}": Operation(("namespace",), answer="Pipeline"),
    f"GET {PREFIX}/pipelines/{{pipeline_id}}": Operation(answer="Pipeline"),
    f"DELETE {PREFIX}/pipelines/{{pipeline_id}}": Operation(("cascade",)),
    f"GET {PREFIX}/pipelines/{{pipeline_id}}/versions": Operation(_LISTED, answer="ListPipelineVersionsResponse"),
    f"GET {PREFIX}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}": Operation(answer="PipelineVersion"),
    f"DELETE {PREFIX}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}": Operation(),
    f"POST {PREFIX}/pipelines/upload": Operation(
        ("name", "display_name", "description", "namespace"), answer="Pipeline"
    ),
    f"POST {PREFIX}/pipelines/upload_version": Operation(
        ("name", "display_name", "pipelineid", "description"), answer="PipelineVersion"
    ),
    f"GET {PREFIX}/experiments": Operation(("namespace", *_LISTED), answer="ListExperimentsResponse"),
    f"POST {PREFIX}/experiments": Operation(body="Experiment", answer="Experiment"),
    f"GET {PREFIX}/runs": Operation(("namespace", "experiment_id", *_LISTED), answer="ListRunsResponse"),
    f"POST {PREFIX}/runs": Operation(("experiment_id",), body="Run", answer="Run"),
    f"GET {PREFIX}/runs/{{run_id}}": Operation(("experiment_id",), answer="Run"),
    f"POST {PREFIX}/runs/{{run_id}}:terminate": Operation(("experiment_id",)),
    f"POST {PREFIX}/runs/{{run_id}}:retry": Operation(("experiment_id",)),
    "GET /apis/v1beta1/runs/{run_id}": Operation(),
    "GET /apis/v1alpha1/runs/{run_id}/nodes/{node_id}/log": Operation(),
}
"""The last but one is of version 1, which the same server has; the last one of backend/src/apiserver/main.go, and answers with text."""

FIELDS: Mapping[str, Mapping[str, str]] = {
    "GetHealthzResponse": {"multi_user": ""},
    "ListPipelinesResponse": {"pipelines": "Pipeline", "total_size": "", "next_page_token": ""},
    "Pipeline": {"pipeline_id": "", "display_name": "", "name": "", "description": "", "created_at": "", "namespace": ""},
    "ListPipelineVersionsResponse": {"pipeline_versions": "PipelineVersion", "next_page_token": "", "total_size": ""},
    "PipelineVersion": {
        "pipeline_id": "", "pipeline_version_id": "", "display_name": "", "name": "", "description": "", "created_at": "",
        "pipeline_spec": "",
    },
    "ListExperimentsResponse": {"experiments": "Experiment", "total_size": "", "next_page_token": ""},
    "Experiment": {"experiment_id": "", "display_name": "", "description": "", "created_at": "", "namespace": ""},
    "ListRunsResponse": {"runs": "Run", "total_size": "", "next_page_token": ""},
    "Run": {
        "experiment_id": "", "run_id": "", "display_name": "", "storage_state": "", "description": "",
        "pipeline_version_reference": "PipelineVersionReference", "runtime_config": "RuntimeConfig", "service_account": "",
        "created_at": "", "scheduled_at": "", "finished_at": "", "state": "", "error": "", "state_history": "RuntimeStatus",
    },
    "PipelineVersionReference": {"pipeline_id": "", "pipeline_version_id": ""},
    "RuntimeConfig": {"parameters": "", "pipeline_root": ""},
    "RuntimeStatus": {"update_time": "", "state": ""},
}  # fmt: skip
"""The fields that both sides may use, each with the model of what it holds; empty for what is no model, or free."""


class NotInTheApi(Exception):
    """A request or an answer that the API does not describe."""


def operation(verb: str, path: str, query: Mapping[str, str], body: Any) -> tuple[str, dict[str, str]]:
    """The pattern of a request and what stands for its variables. Raises NotInTheApi."""
    for pattern, found in OPERATIONS.items():
        expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/:]+)", re.escape(pattern))
        match = re.fullmatch(expression, f"{verb} {path}")
        if match:
            if unknown := sorted(set(query) - set(found.query)):
                raise NotInTheApi(f"{verb} {path}: query {unknown}")
            if (body is None) == bool(found.body):
                raise NotInTheApi(f"{verb} {path}: body {body!r}")
            if found.body:
                check(found.body, body)
            return pattern, match.groupdict()
    raise NotInTheApi(f"{verb} {path}")


def check(model: str, value: Any) -> None:
    """Raise NotInTheApi where a value has a field that its model has not."""
    if isinstance(value, list):
        for each in value:
            check(model, each)
    elif model:
        fields = FIELDS[model]
        if not isinstance(value, dict) or set(value) - set(fields):
            raise NotInTheApi(f"{model}: {sorted(set(value) - set(fields)) if isinstance(value, dict) else value!r}")
        for key, inner in value.items():
            check(fields[key], inner)
