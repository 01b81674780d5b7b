"""A bug of ours, in every command: one short message, a report that holds nothing secret, exit code 70."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from compiler.commands import COMMANDS, TARGETS
from compiler.commands.target import VERBS
from tests.stages.command_line import Flowc

WORDS = {
    **{name: ["flow.py"] for name in COMMANDS if name not in ("card", "ui")},
    "explain": ["FC202"],
    "gc": ["--older-than", "30d"],
    "run": ["flow.py", "--top", "4242", "--key-words=openSesame"],
    "inspect": ["SumFlow/local-1"],
    "replay": ["SumFlow/local-1/start"],
    "completion": ["bash"],
    "card list": ["SumFlow/local-1"],
    "card get": ["SumFlow/local-1"],
    "card view": ["SumFlow/local-1"],
    "doctor": ["argo"],
    "lsp": [],
    "ui export": ["SumFlow/local-1", "-o", "page"],
    **{f"{target} {verb}": ["flow.py"][: verb != "list"] for target in TARGETS for verb in VERBS},
}


def _crash(monkeypatch: pytest.MonkeyPatch, impossible: Callable[[], None]) -> None:
    """Let a bug stand in for what a command does; the groups around it do their part."""
    invoke = click.Command.invoke

    def invoked(command: click.Command, ctx: click.Context) -> object:
        return invoke(command, ctx) if isinstance(command, click.Group) else impossible()

    monkeypatch.setattr(click.Command, "invoke", invoked)


def test_every_command_is_crashed_here() -> None:
    assert {name.split()[0] for name in WORDS} == {*COMMANDS, *TARGETS}


@pytest.mark.parametrize("name", WORDS)
def test_a_bug_is_one_short_message(name: str, flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def impossible() -> None:
        raise AssertionError(f"met openSesame and {os.environ['DB_PASSWORD']!r} at 4242\nmore")

    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("DB_PASSWORD", "hunter2 hunter2")
    _crash(monkeypatch, impossible)
    umask = os.umask(0)
    try:
        ended = flowc(*name.split(), *WORDS[name])
    finally:
        os.umask(umask)
    assert (ended.code, ended.out) == (70, "")
    assert len(ended.err.splitlines()) == 3
    (path,) = folder.glob("flowc-crash-*.txt")
    assert str(path) in ended.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    report = path.read_text()
    assert "in impossible" in report
    assert f"command: flowc {name}" in report
    for text in (report, ended.err):
        assert "hunter2" not in text
        if name == "run":
            assert "openSesame" not in text
            assert "4242" not in text


def test_a_report_that_cannot_be_written_is_no_second_crash(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible() -> None:
        raise AssertionError("two ends")

    monkeypatch.setattr("tempfile.tempdir", str(folder / "missing"))
    _crash(monkeypatch, impossible)
    ended = flowc("check", "flow.py")
    assert ended.code == 70
    assert "could not be written" in ended.err
