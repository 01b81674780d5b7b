"""What a notebook shows of runs: tables that tell how they stand, whatever their names and values are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.client import Flow, Run, Step, Task, default_namespace, namespace
from flowc.shown.html import MOST, executing
from flowc.store import open_store

from tests.stages.written_runs import begun, fanned, line

DRAWN = ("svg", "g", "title", "rect", "path", "text")
"""What a graph is drawn with: none of it does anything."""


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
    assert tags.found <= {"div", "p", "b", "code", "span", "table", "tr", "th", "td", *DRAWN}
    return re.sub(r"<[^>]+>", " ", html)


def test_a_flow_shows_its_newest_runs() -> None:
    words = _words(Flow("F")._repr_html_())
    assert re.search(r"well\s+succeeded", words)
    assert re.search(r"bad\s+failed|bad\s+not finished", words)
    assert "&lt;script&gt;" in words


@pytest.mark.parametrize(("run", "said"), [("well", r"start\s+1\s+succeeded"), ("bad", r"start\s+1\s+failed")])
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


def test_a_run_shows_what_its_end_has_left_and_no_value_of_it() -> None:
    words = _words(Run("F/well")._repr_html_())
    assert re.search(r"artifact of the end\s+type\s+bytes\s+x\s+bytes", words)
    assert "artifact of the end" not in _words(Run("F/bad")._repr_html_())


def test_a_run_that_is_started_shows_itself_whether_it_has_begun_or_not() -> None:
    assert re.search(r"running", _words(executing("running", None, "")))
    told = executing("failed", None, "error: <b>no</b> such file")
    assert "<pre>error: &lt;b&gt;no&lt;/b&gt; such file</pre>" in told
    assert re.search(r"succeeded .* start", _words(executing("successful", Run("F/well"), "")), re.S)


def test_a_run_that_begins_at_this_moment_shows_nothing_yet() -> None:
    nowhere = Run._restored("F/not-yet", Run("F/well")._store.url, None)
    assert nowhere._repr_html_() is None
    assert _words(executing("running", nowhere, "")).strip() == "running"
