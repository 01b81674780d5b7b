"""`Runner`: runs that Python starts."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from flowc import Runner
from flowc.client.runner import RunnerTimeout
from flowc.exceptions import MetaflowException

FLOW = """
from metaflow import FlowSpec, JSONType, Parameter, step
import time

class RunnerFlow(FlowSpec):
    count = Parameter("count", default=1)
    max_words = Parameter("max-words", type=JSONType, default="{}")
    names = Parameter("names", multiple=True, type=str)
    pause = Parameter("pause", default=0.0)
    needed = Parameter("needed", required=True, type=str)

    @step
    def start(self):
        print("it begins")
        time.sleep(self.pause)
        self.half = 1 / self.count
        self.next(self.end)

    @step
    def end(self):
        self.given = [self.count, self.max_words, list(self.names or ()), self.needed]
"""


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A flow's file in a folder of its own, which is the working directory."""
    (tmp_path / "runner_flow.py").write_text(FLOW)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    return "runner_flow.py"


@pytest.mark.language("client.runner")
def test_a_run_is_started_and_read(flow: str, capfd: pytest.CaptureFixture[str]) -> None:
    hostile = "--tag x $(Y) {{z}} 'w' \n"
    given = {"count": 2, "max_words": {"a": [hostile]}, "names": ["a", hostile], "needed": hostile}
    with Runner(flow, show_output=False) as runner:
        result = runner.run(**given, tags=["first", "second"], max_workers=1)
        assert (result.status, result.returncode) == ("successful", 0), result.stderr
        assert result.run.data.given == [2, {"a": [hostile]}, ["a", hostile], hostile]
        assert result.run.user_tags == {"first", "second"}
        assert "it begins" in result.stdout
        assert result.run.successful
    assert "it begins" not in capfd.readouterr().out


def test_a_run_that_fails_is_no_exception(flow: str) -> None:
    with Runner(flow, show_output=False) as runner:
        result = runner.run(count=0, needed="x")
        assert (result.status, result.returncode, result.run.successful) == ("failed", 1, False)
        assert "ZeroDivisionError" in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"cuont": 1, "needed": "x"}, "no parameter 'cuont'"),
        ({}, "needed"),
    ],
)
def test_a_run_that_does_not_begin_says_why(given: dict[str, object], text: str, flow: str) -> None:
    with Runner(flow, show_output=False) as runner:
        result = runner.run(**given)
        assert result.status == "failed"
        with pytest.raises(MetaflowException, match=text):
            _ = result.run


def test_output_is_shown_as_it_comes(flow: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Runner(flow) as runner:
        runner.run(needed="x").stdout  # noqa: B018 - it waits for the readers
    assert "it begins" in capsys.readouterr().out


def test_a_run_may_be_waited_for(flow: str) -> None:
    async def both() -> list[str]:
        async with Runner(flow, show_output=False) as runner:
            quick, slow = await runner.async_run(needed="q"), await runner.async_run(needed="s", pause=60.0)
            await quick.wait()
            lines = [line async for _, line in quick.stream_log("stdout")]
            assert any("it begins" in line for line in lines)
            with pytest.raises(RunnerTimeout):
                await slow.wait(timeout=0.5)
            return [quick.status, slow.status]

    assert asyncio.run(both()) == ["successful", "timeout"]


def test_it_uses_the_store_of_the_environment_and_leaves_nothing(
    flow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWC_STORE", f"file:{tmp_path}/elsewhere")
    with Runner(flow, show_output=False) as runner:
        assert runner.run(needed="x").run.successful
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "runner_flow.py"] or "__pycache__" in os.listdir(tmp_path)
    assert not os.path.exists(runner._folder)


def test_a_flow_file_that_is_not_there_is_told() -> None:
    with pytest.raises(MetaflowException, match=r"no flow file nowhere\.py"):
        Runner("nowhere.py")


def test_a_run_goes_on_from_another(flow: str) -> None:
    with Runner(flow, show_output=False) as runner:
        first = runner.run(needed="x", count=2)
        for given in ({}, {"origin_run_id": first.run.id, "step_to_rerun": "end"}):
            result = runner.resume(**given)
            assert result.status == "successful", result.stderr
            assert result.run.data.given == [2, {}, [], "x"]
            assert result.run.origin_pathspec is not None
