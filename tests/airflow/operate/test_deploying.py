"""A DAG file is loaded by the Airflow that is installed, before anybody else reads it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from compiler.backends import OutputFile
from compiler.backends.airflow.operate.api.protocol import Fault
from compiler.backends.airflow.operate.deploying import _Errors, check
from compiler.backends.operating import Record, RefusedError, Release
from tests.airflow.stage import chain, emitted, written
from tests.engines.airflow import LINES, environment
from tests.engines.venvs import venv


def release(text: str) -> Release:
    return Release(
        "TryFlow", (OutputFile("TryFlow.py", text),), Record("a.py:TryFlow", hashlib.sha256(text.encode()).hexdigest())
    )


@pytest.mark.parametrize("line", LINES)
def test_a_file_that_does_not_load_is_not_deployed(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(line, tmp_path / "airflow").items():
        monkeypatch.setenv(name, value)
    text = emitted(written(tmp_path, chain(2)))
    python = str(venv(line) / "bin" / "python")
    check(release(text), pytest.fail, python)
    with pytest.raises(
        RefusedError, match=r"does not load .*: ModuleNotFoundError: No module named 'nobody'; nothing is deployed"
    ):
        check(release(text.replace("import pendulum", "import nobody")), pytest.fail, python)


def test_where_no_airflow_is_installed_nothing_is_run() -> None:
    check(release("raise SystemExit(7)"), pytest.fail)


def test_an_error_in_the_old_words_is_the_new_texts_own_where_it_comes_again() -> None:
    def told(text: str, stamp: str) -> tuple[Fault, ...]:
        return (Fault("TryFlow.py", text, stamp),)

    errors = _Errors(told("no module", "1"))
    assert errors.fresh(told("no module", "1")) == ()
    assert errors.fresh(told("no module", "2")) == (), "a parse of the old text may have ended only now"
    assert errors.fresh(told("no module", "2")) == ()
    assert errors.fresh(told("no module", "3")) == told("no module", "3")
    assert _Errors(told("no module", "1")).fresh(told("no name", "2")) == told("no name", "2")
    assert _Errors(()).fresh(told("no module", "1")) == told("no module", "1")
