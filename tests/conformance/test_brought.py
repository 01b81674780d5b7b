"""Each target that is a distribution of its own leaves what the local run leaves. All of this runs on what stands in `engines.BROUGHT`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.conformance.brought import refused_by
from tests.conformance.engines import BROUGHT, Engine, brought_engine
from tests.conformance.hostile import carried, hostile_flow, texts
from tests.conformance.judge import compare_written, judge_seeds
from tests.conformance.plan import ALONE, FORM, LONG, NUMBERS, SHORT, chunks, named, seeds
from tests.conformance.sharing import FORMS, Form, engines_sharing, is_shared, sharing
from tests.conformance.written import WRITTEN, Written

Compared = Callable[[str, Mapping[str, Engine]], None]
AT_ONCE = 2
EVERY = {"short": 48, "sample": 8, "long": 1}[FORM]
"""Of the written flows one in so many; others for each target."""

PAIRS = [
    (target, each)
    for number, target in enumerate(BROUGHT)
    for each in (() if ALONE else WRITTEN[number :: EVERY])
]  # fmt: skip
SEEDS = [(target, found) for target in BROUGHT for found in chunks(seeds(target, NUMBERS.brought))]
in_sample = pytest.mark.skipif(SHORT, reason="`make sample`")
each_target = pytest.mark.parametrize("target", BROUGHT)


@pytest.mark.sampled
@pytest.mark.parametrize(("target", "written"), PAIRS, ids=[f"{target}-{each.name}" for target, each in PAIRS])
def test_written_flows(target: str, written: Written, tmp_path: Path, compared: Compared) -> None:
    if refused_by(target, written):
        return
    engines = {target: brought_engine(target)}
    differences = compare_written(written, engines, tmp_path)
    assert not differences, "\n".join(differences)
    compared(written.name, engines)


@pytest.mark.sampled
@in_sample
@pytest.mark.parametrize(("target", "found"), SEEDS, ids=[f"{target}-{named(found)}" for target, found in SEEDS])
def test_generated_flows(target: str, found: Sequence[int], tmp_path: Path, compared: Compared) -> None:
    _judge(found, {target: brought_engine(target)}, tmp_path, compared)


@pytest.mark.sampled
@in_sample
@each_target
@pytest.mark.parametrize("form", FORMS)
def test_generated_flows_whose_tasks_share_containers(
    target: str, form: Form, tmp_path: Path, compared: Compared
) -> None:
    found = seeds(target, NUMBERS.brought_shared, lambda flow: is_shared(flow, form))
    if ALONE and not found:
        pytest.skip("this form says nothing of the flow")
    _judge(found, engines_sharing({target: brought_engine(target)}, form), tmp_path, compared)


@pytest.mark.skipif(not LONG, reason="`make conformance`")
@each_target
@pytest.mark.parametrize("form", FORMS)
def test_written_flows_whose_tasks_share_containers(
    target: str, form: Form, tmp_path: Path, compared: Compared
) -> None:
    engines = engines_sharing({target: brought_engine(target)}, form)
    for written in WRITTEN:
        if not refused_by(target, written) and sharing(written.case(Path()), form):
            differences = compare_written(written, engines, tmp_path / str(len(list(tmp_path.iterdir()))))
            assert not differences, "\n".join(differences)
            compared(written.name, engines)


@pytest.mark.every(2)
@each_target
def test_it_keeps_every_text(
    target: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(here)
    engines = {target: brought_engine(target)}
    assert carried(hostile_flow(texts(1)), 1, engines, tmp_path, here) == []


def _judge(found: Sequence[int], engines: Mapping[str, Engine], folder: Path, compared: Compared) -> None:
    assert found
    differences = judge_seeds(found, engines, folder, AT_ONCE)
    assert not differences, "\n".join(differences)
    for seed in found:
        compared(f"generated {seed}", engines)
