"""What a notebook shows of runs: tables that tell how they stand, whatever their names and values are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.client import Flow, Run, Step, Task, default_namespace, namespace
from flowc.shown.html import MOST
from flowc.store import open_store

from tests.stages.written_runs import begun, fanned, line


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs that went well, failed, are wide, and have hostile names."""
    url = f"file:{tmp_path / 'store'}"
    store = open_store(url)
    line(store, RunAddress("F", "well"), 1.0)
    begun(store, RunAddress("F", "bad"), 2.0, fails=True)
    line(store, RunAddress("F", "<script>alert(1)</script>"), 3.0)
    fanned(store, RunAddress("F", "wide"), 4.0, MOST)
    monkeypatch.setenv("FLOWC_STORE", url)
    namespace(None)
    yield
    default_namespace()


def _words(html: str | None) -> str:
    assert html is not None
    tags = _Tags()
    tags.feed(html)
    assert tags.found <= {"div", "p", "b", "code", "span", "table", "tr", "th", "td"}
    return re.sub(r"<[^>]+>", " ", html)


def test_a_flow_shows_its_newest_runs() -> None:
    words = _words(Flow("F")._repr_html_())
    assert re.search(r"well\s+succeeded", words)
    assert re.search(r"bad\s+failed|bad\s+not finished", words)
    assert "&lt;script&gt;" in words


@pytest.mark.parametrize(("run", "said"), [("well", r"start\s+1\s+succeeded"), ("bad", r"start\s+1\s+not finished")])
def test_a_run_shows_its_steps(run: str, said: str) -> None:
    assert re.search(said, _words(Run(f"F/{run}")._repr_html_()))


def test_of_a_wide_run_no_more_is_read_than_is_shown() -> None:
    assert f"more than {MOST} tasks" in _words(Run("F/wide")._repr_html_())


def test_a_step_and_a_task_show_what_they_have() -> None:
    assert re.search(r"start\s+succeeded", _words(Step("F/well/start")._repr_html_()))
    words = _words(Task("F/well/start/start")._repr_html_())
    assert re.search(r"x\s+bytes", words)


def test_an_artifact_is_shown_as_a_line() -> None:
    (artifact,) = Task("F/well/start/start")
    assert artifact._repr_html_() is None
