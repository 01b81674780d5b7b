"""The same comparison on a real cluster with Argo's controller, where `FLOWC_ARGO_*` name one (`make test-argo`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.conformance.engines import Engine
from tests.conformance.judge import judge_generated, judge_written
from tests.conformance.plan import NUMBERS, draw, seeds
from tests.conformance.sharing import FORMS, Form, engines_sharing
from tests.conformance.written import WRITTEN, Written
from tests.engines import FlowCase, Outcome
from tests.engines.argo_cluster import Cluster, cluster, run_on_cluster, tidied
from tests.stages.kubectl import stand_in

Compared = Callable[[str, Mapping[str, Engine]], None]
THERE = cluster() is not None
"""Where there is no cluster, one flow of a kind is collected, to say so."""
ELSEWHERE = [
    written
    for written in WRITTEN
    if not (written.data or written.before or any("FOLDER" in text for text in written.environment.values()))
][: None if THERE else 1]
"""Flows that need nothing of this machine: no files that a script makes, no folder of its."""
SEEDS = seeds("argo", NUMBERS.real_argo if THERE else 1)


def on(where: Cluster) -> Mapping[str, Engine]:
    """The engine that a cluster is."""

    def run(case: FlowCase, _: Path) -> Outcome:
        return run_on_cluster(case, where)

    return {"argo cluster": run}


@pytest.fixture
def real() -> Iterator[Mapping[str, Engine]]:
    found = cluster()
    if found is None:
        pytest.skip("no real Argo: FLOWC_ARGO_KUBECONFIG, _NAMESPACE, _IMAGE and _STORE are not all set")
    with tidied(found) as where:
        yield on(where)


def test_a_cluster_is_compared_like_any_engine(tmp_path: Path) -> None:
    """Against the stand-in for a cluster, so that what runs on a real one is not run there first."""
    assert not judge_generated(draw(1), on(stand_in(tmp_path)), tmp_path / "judged")


@pytest.mark.parametrize("form", FORMS)
def test_a_cluster_is_compared_where_tasks_share_containers(form: Form, tmp_path: Path) -> None:
    """As above: the forms go to it as they go to any engine."""
    assert not judge_generated(draw(2), engines_sharing(on(stand_in(tmp_path)), form), tmp_path / "judged")


@pytest.mark.real_argo
@pytest.mark.parametrize("written", ELSEWHERE, ids=lambda written: written.name)
def test_written_flows_give_what_the_local_run_gives(
    written: Written, real: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_written(written, real, tmp_path)
    assert not differences, "\n".join(differences)
    compared(written.name, real)


@pytest.mark.real_argo
@pytest.mark.parametrize("seed", SEEDS)
def test_generated_flows_give_what_the_local_run_gives(
    seed: int, real: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_generated(draw(seed), real, tmp_path / "judged")
    assert not differences, "\n".join(differences)
    compared(f"generated {seed}", real)


@pytest.mark.real_argo
@pytest.mark.parametrize("written", ELSEWHERE, ids=lambda written: written.name)
def test_written_flows_whose_tasks_share_containers(
    written: Written, real: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    shared = engines_sharing(real, "both")
    differences = judge_written(written, shared, tmp_path)
    assert not differences, "\n".join(differences)
    compared(written.name, shared)


@pytest.mark.real_argo
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", SEEDS)
def test_generated_flows_whose_tasks_share_containers(
    seed: int, form: Form, real: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    shared = engines_sharing(real, form)
    differences = judge_generated(draw(seed), shared, tmp_path / "judged")
    assert not differences, "\n".join(differences)
    compared(f"generated {seed}", shared)
