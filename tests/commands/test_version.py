"""`flowc --version` where another distribution has put its package `flowc` over ours."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from tests.stages.command_line import Flowc


@pytest.mark.parametrize(
    ("runtime", "warning"),
    [
        (version("flowc"), ""),
        ("99.0", "the package `flowc` here is of 99.0: install flowc anew, without flowc-runtime\n"),
    ],
)
def test_version_tells_of_a_runtime_of_another_version(
    flowc: Flowc, monkeypatch: pytest.MonkeyPatch, runtime: str, warning: str
) -> None:
    monkeypatch.setattr("flowc.__version__", runtime)
    ended = flowc("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"flowc {version('flowc')}\n", warning)
