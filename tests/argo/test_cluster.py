"""The run on a real cluster, against a kubectl that stands in for it; with `FLOWC_ARGO_*` set, against the cluster itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.engines import FlowCase
from tests.engines.argo_cluster import ClusterError, cluster, run_on_cluster, tidied
from tests.stages.kubectl import stand_in

FLOW = """
import os
from flowc import FlowSpec, Parameter, step

class Small(FlowSpec):
    text = Parameter("text", default="x")

    @step
    def start(self):
        assert os.environ["OWN"] == "a$b $(PATH) {{workflow.name}} {{=1+1}} {{="
        self.xs = [1, 2]
        self.next(self.body, foreach="xs")

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.n = len(inputs)
        self.next(self.end)

    @step
    def end(self):
        assert (self.n, self.text) == (2, "{{=1+1}}")
"""


def case(folder: Path) -> FlowCase:
    """A flow with a parameter and a variable."""
    path = folder / "code" / "small.py"
    path.parent.mkdir()
    path.write_text(FLOW, encoding="utf-8")
    return FlowCase(
        path,
        "Small",
        {"text": "{{=1+1}}"},
        settings={"namespace": "elsewhere"},
        environment={"OWN": "a$b $(PATH) {{workflow.name}} {{=1+1}} {{="},
    )


def test_a_case_runs_by_kubectl(tmp_path: Path) -> None:
    """In the cluster's namespace, whatever its settings say; values of its environment arrive as they are."""
    outcome = run_on_cluster(case(tmp_path), stand_in(tmp_path))
    assert outcome.success, outcome.log
    assert outcome.run_id == "argo-team-small-abcde"
    assert (tmp_path / "store" / "Small" / outcome.run_id).is_dir()


@pytest.mark.parametrize("keeps", [False, True])
def test_what_a_case_has_made_is_removed(tmp_path: Path, keeps: bool) -> None:
    """Also its artifacts, in a folder of their own that anybody may write to meanwhile."""
    with tidied(replace(stand_in(tmp_path), keeps=keeps)) as where:
        outcome = run_on_cluster(case(tmp_path), where)
        own = Path(where.store.removeprefix("file:"))
        assert outcome.success, outcome.log
        assert own.parent == tmp_path / "store"
        assert own.stat().st_mode & 0o777 == 0o777
    assert own.exists() == keeps
    removed = (tmp_path / "deleted").read_text().splitlines() if (tmp_path / "deleted").exists() else []
    assert removed == ([] if keeps else ["secret small-own", "workflowtemplate small", "workflow small-abcde"])


def test_what_kubectl_says_is_raised(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="unknown command"):
        stand_in(tmp_path).run("drop", "everything")


def test_no_variables_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBECONFIG", "NAMESPACE", "IMAGE", "STORE"):
        monkeypatch.delenv(f"FLOWC_ARGO_{name}", raising=False)
    assert cluster() is None


@pytest.mark.real_argo
def test_a_case_runs_on_the_real_cluster(tmp_path: Path) -> None:
    found = cluster()
    if found is None:
        pytest.skip("no real Argo: FLOWC_ARGO_KUBECONFIG, _NAMESPACE, _IMAGE and _STORE are not all set")
    with tidied(found) as where:
        outcome = run_on_cluster(case(tmp_path), where)
    assert outcome.success, outcome.log
