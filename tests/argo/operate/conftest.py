"""The places in which Argo is operated here: the stand-in by both ways, and a real cluster in `make test-argo`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.argo_place import WAYS, Place, real, standing_in

_REAL = tuple(f"real {way}" for way in WAYS)


@pytest.fixture(params=[*WAYS, *(pytest.param(way, marks=pytest.mark.real_argo) for way in _REAL)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Each of them."""
    way = str(request.param)
    if way in _REAL:
        found = real(way.removeprefix("real "))
        if found is None:
            pytest.skip(
                "no real Argo: FLOWC_ARGO_KUBECONFIG, _NAMESPACE, _IMAGE and _STORE, for the server FLOWC_ARGO_SERVER, are not all set"
            )
        yield found
        return
    with standing_in(way, tmp_path) as found:
        yield found


@pytest.fixture(params=WAYS)
def stand_in(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The stand-in alone, for what no cluster does when it is asked to."""
    with standing_in(str(request.param), tmp_path) as found:
        yield found


@pytest.fixture
def cluster_alone(tmp_path: Path) -> Iterator[Place]:
    """The stand-in of Kubernetes."""
    with standing_in("kubernetes", tmp_path) as found:
        yield found


@pytest.fixture
def server_alone(tmp_path: Path) -> Iterator[Place]:
    """The stand-in of Argo Server."""
    with standing_in("argo-server", tmp_path) as found:
        yield found
