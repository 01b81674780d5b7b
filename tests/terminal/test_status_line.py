"""A run on a real terminal: bars grow behind their task's name, the status line keeps to its row, and nothing of both stays."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.terminal.status_line import cut, visible
from tests.stages.screen import on_terminal, screens

FLOW = """
import sys, time
from metaflow import FlowSpec, step
class BarFlow(FlowSpec):
    @step
    def start(self):
        self.shards = ["a", "b"]
        print("before")
        self.next(self.fit, foreach="shards")
    @step
    def fit(self):
        for part in range(0, 101, 25):
            sys.stderr.write(f"\\r{part:3}%|{'#' * (part // 5)}")
            sys.stderr.flush()
            time.sleep(0.2)
        sys.stderr.write("\\n")
        for epoch in range(3):
            print("epoch", epoch, end="\\r")
            time.sleep(0.2)
        print("\\x1b[2K\\x1b[1Acarried away\\b")
        self.next(self.join)
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        raise ValueError("the first line\\nthe last\\n\\n")
"""
RUN = [sys.executable, "-m", "compiler", "run"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the flow lies."""
    (tmp_path / "bars.py").write_text(FLOW)
    return tmp_path


@pytest.mark.parametrize("columns", [40, 100])
def test_bars_grow_behind_their_task_and_leave_one_line(folder: Path, columns: int) -> None:
    code, text = on_terminal([*RUN, "bars.py"], folder, columns)
    assert code == 1
    shown = list(screens(text))
    growing = {row.rstrip() for rows in shown for row in rows if re.match(r"fit\[0\] \| +[0-9]+%", row)}
    assert len(growing) > 2, text
    assert all(row.startswith("fit[") for rows in shown for row in rows if "%|" in row)
    status = [row for rows in shown for row in rows if re.search(r"[0-9]+/5 done · .*[0-9]:[0-9]{2}", row)]
    assert any("fit[0], fit[1]" in row for row in status)
    assert all(len(row) < columns for row in [*status, *growing])
    last = [row.rstrip() for row in shown[-1] if row.strip()]
    assert [row for row in last if row.startswith("fit[1]")] == [
        f"fit[1] | 100%|{'#' * 20}", "fit[1] | carried away"
    ]  # fmt: skip
    assert not [row for row in last if " done " in row]


def test_a_traceback_is_told_once(folder: Path) -> None:
    _, text = on_terminal([*RUN, "bars.py"], folder, 100)
    assert text.count("Traceback") == text.count("the first line") - 1 == 1, "in the source line and in the message"


def test_where_nobody_looks_only_the_last_of_a_bar_is_printed(folder: Path) -> None:
    done = subprocess.run([*RUN, "--timestamps", "bars.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert not re.search(r"[\r\x1b\b]", done.stdout + done.stderr)
    assert all(re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \S", line) for line in done.stdout.splitlines())
    assert [line[20:] for line in done.stdout.splitlines() if "fit[0]" in line] == [
        f"fit[0] | 100%|{'#' * 20}", "fit[0] | carried away"
    ]  # fmt: skip


def test_an_interrupted_run_says_how_it_goes_on(folder: Path) -> None:
    words = [*RUN, "--tag", "a b", "--max-workers", "1", "bars.py"]
    code, text = on_terminal(words, folder, 100, until="50%")
    assert code == 130
    said = re.search(
        r"interrupted.*: 1 task done; .* shows them; `flowc (run .*--resume local-\S+ bars\.py:BarFlow)` goes on", text
    )
    assert said, text
    words = shlex.split(said[1])
    assert words[1:5] == ["--max-workers", "1", "--tag", "a b"]
    _, text = on_terminal([*RUN[:-1], *words], folder, 100)
    assert "1 taken over" in text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain", "plain"), ("a\rb", "b"), ("a\r", "a"), ("a\r\r", "a"), ("\r 5%", " 5%"), ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("a\x1b[Kb\x1b[2Ac\b", "abc"), ("tab\there", "tab\there"), ("", ""), ("\r", ""), ("one\r\x1b[0m", "one"), ("\x1b]0;t\x07a", "a"),
    ],
)  # fmt: skip
def test_a_line_shows_what_it_is_in_the_end(text: str, seen: str) -> None:
    assert visible(text) == seen


@pytest.mark.parametrize(
    ("text", "width", "seen"),
    [
        ("abc", 3, "abc"), ("abcd", 3, "abc"), ("日本語", 5, "日本"), ("e\u0301e\u0301x", 2, "e\u0301e\u0301"),
        ("\x1b[31mabcd\x1b[0m", 2, "\x1b[31mab\x1b[0m"), ("", 0, ""),
    ],
)  # fmt: skip
def test_a_row_is_cut_to_its_columns(text: str, width: int, seen: str) -> None:
    assert cut(text, width) == seen
