"""Any text of an author or of a caller reaches the task as it is, on every engine, and is never code on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.conformance.engines import Engine
from tests.conformance.hostile import carried, hostile_flow, texts
from tests.conformance.sharing import engines_sharing
from tests.engines.local import run_local


@pytest.fixture
def here(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory: what a text starts would leave its file there."""
    folder = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(folder)
    return folder


Carry = Callable[..., list[str]]


@pytest.fixture
def carry(tmp_path: Path, here: Path) -> Carry:
    def run(seed: int, engines: Mapping[str, Engine], keys: int = 7, parts: int = 1) -> list[str]:
        return [
            told
            for part in range(parts)
            for told in carried(
                hostile_flow(texts(seed)[part::parts], keys=keys), seed, engines, tmp_path / str(part), here
            )
        ]

    return run


@pytest.mark.parametrize("seed", range(4))
def test_the_local_run_keeps_every_text(seed: int, carry: Carry) -> None:
    assert not carry(seed, {"local": lambda case, folder: run_local(case, folder, as_json=True)})


@pytest.mark.parametrize(
    ("seed", "name"),
    [
        (0, "argo"),
        *(
            pytest.param(*each, marks=pytest.mark.sampled("alone"))
            for each in ((0, "step-functions"), (1, "argo"), (1, "step-functions"))
        ),
    ],
)
def test_argo_and_step_functions_keep_every_text(
    seed: int, name: str, container_engines: Mapping[str, Engine], carry: Carry
) -> None:
    # All of them are too much for a job definition of AWS Batch (FC341).
    assert not carry(seed, {name: container_engines[name]}, parts=5 if name == "step-functions" else 1)


def test_tasks_that_share_containers_keep_every_text(container_engines: Mapping[str, Engine], carry: Carry) -> None:
    engines: dict[str, Engine] = {"local": lambda case, folder: run_local(case, folder, as_json=True)}
    engines |= {name: engine for name, engine in container_engines.items() if name == "argo"}
    assert not carry(1, engines_sharing(engines, "fused"))


@pytest.mark.sampled("alone")
@pytest.mark.xdist_group("airflow 3")
def test_airflow_3_keeps_every_text(airflow_3: Mapping[str, Engine], carry: Carry) -> None:
    assert not carry(0, airflow_3, keys=2)


@pytest.mark.xdist_group("airflow 2")
def test_airflow_2_keeps_every_text(airflow_2: Mapping[str, Engine], carry: Carry) -> None:
    assert not carry(1, airflow_2, keys=2)
