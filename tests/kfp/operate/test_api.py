"""The stand-in has no field that the published client's models have not, and refuses what the API does not describe."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import kfp_server_api
import pytest

from tests.engines.kfp_api.table import FIELDS, OPERATIONS, PREFIX, NotInTheApi, check, operation


@pytest.mark.parametrize("name", FIELDS)
def test_a_model_has_the_fields_of_the_published_one(name: str) -> None:
    published = getattr(kfp_server_api, f"V2beta1{name}")
    assert set(FIELDS[name]) <= set(published.attribute_map.values())


class Asked(Exception):
    """What the client would send."""


class Client(kfp_server_api.ApiClient):  # type: ignore[misc]  # it has no types
    """The published client, which sends nothing."""

    def request(self, method: str, url: str, query_params: Any = None, **_: Any) -> None:
        """Tell the request instead."""
        raise Asked(f"{method} {url}", {key for key, _ in query_params or ()})


METHODS = {
    "Healthz": ("healthz_service_get_healthz",),
    "Pipeline": (
        "pipeline_service_list_pipelines",
        "pipeline_service_get_pipeline_by_name",
        "pipeline_service_get_pipeline",
        "pipeline_service_delete_pipeline",
        "pipeline_service_list_pipeline_versions",
        "pipeline_service_get_pipeline_version",
        "pipeline_service_delete_pipeline_version",
    ),
    "PipelineUpload": ("upload_pipeline", "upload_pipeline_version"),
    "Experiment": ("experiment_service_list_experiments", "experiment_service_create_experiment"),
    "Run": (
        "run_service_list_runs",
        "run_service_create_run",
        "run_service_get_run",
        "run_service_terminate_run",
        "run_service_retry_run",
    ),
}
"""The methods of the client that are its operations, in the order of the table, by service."""


def test_the_operations_are_those_of_the_published_client(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    patterns = {each: re.sub(r"\{(\w+)\}", r"\1", each) for each in OPERATIONS if PREFIX in each}
    seen: dict[str, set[str]] = {}
    for service, names in METHODS.items():
        api = getattr(kfp_server_api, f"{service}ServiceApi")(Client(kfp_server_api.Configuration(host="")))
        for name in names:
            method = getattr(api, name)
            given = [str(file) if each == "uploadfile" else each for each in inspect.signature(method).parameters][:-1]
            pattern = next(each for each in [*patterns][len(seen) :])
            with pytest.raises(Asked) as asked:
                method(*given, **{each: "x" for each in OPERATIONS[pattern].query if each not in given})
            seen[str(asked.value.args[0])] = asked.value.args[1]
    assert seen == {told: set(OPERATIONS[pattern].query) for pattern, told in patterns.items()}


@pytest.mark.parametrize(
    ("verb", "path", "query", "body"),
    [
        ("GET", "/apis/v2beta1/jobs", {}, None),
        ("PUT", "/apis/v2beta1/runs", {}, None),
        ("GET", "/apis/v2beta1/runs", {"colour": "red"}, None),
        ("POST", "/apis/v2beta1/runs", {}, None),
        ("POST", "/apis/v2beta1/runs", {}, {"display_name": "a", "colour": "red"}),
        ("POST", "/apis/v2beta1/runs", {}, {"runtime_config": {"colour": "red"}}),
        ("POST", "/apis/v2beta1/runs/1:retry", {}, {}),
    ],
)
def test_what_the_api_does_not_have_is_refused(verb: str, path: str, query: dict[str, str], body: object) -> None:
    with pytest.raises(NotInTheApi):
        operation(verb, path, query, body)


def test_what_it_has_is_taken() -> None:
    assert operation("GET", "/apis/v2beta1/pipelines/names/a", {"namespace": "b"}, None)[1] == {"name": "a"}
    assert operation("POST", "/apis/v2beta1/runs/1:retry", {}, None)[1] == {"run_id": "1"}
    check("ListRunsResponse", {"runs": [{"run_id": "1"}]})
