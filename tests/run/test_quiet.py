"""Which tasks are told to do nothing."""

from __future__ import annotations

import pytest

from compiler.run import quiet
from compiler.run.quiet import QUIET, Watch


def _told(monkeypatch: pytest.MonkeyPatch, used: float, *, heard_at: float | None = None) -> list[float]:
    """The seconds at which a task is told to be quiet that uses so much of a processor in each second."""
    now = 0.0
    monkeypatch.setattr(quiet.time, "monotonic", lambda: now)
    watch, found = Watch(0.0), list[float]()
    while now < 4 * QUIET:
        if heard_at is not None and heard_at <= now < heard_at + 1:
            watch.hear()
        if watch.is_quiet(1, lambda _, by=used * now: by):
            found.append(now)
        now += 1.0
    return found


def test_a_task_that_does_nothing_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told(monkeypatch, 0.0) == [QUIET]


def test_a_task_that_works_or_prints_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told(monkeypatch, 1.0) == []
    assert _told(monkeypatch, 0.0, heard_at=QUIET / 2) == [QUIET / 2 + QUIET]
