"""Globs and regular expressions, compared in bounded time."""

from __future__ import annotations

import signal
import threading

import pytest

from compiler.policy import patterns
from compiler.policy.patterns import fits, matches

GLOBS = {
    ("reg.io/*", "reg.io/team/x:1"): True,
    ("reg.io/*", "evil.io/reg.io/x"): False,
    ("*.reg.io", "a.b.reg.io"): True,
    ("reg.io", "REG.io"): False,
    ("*@sha256:*", "x@sha256:00"): True,
    ("a?c", "abc"): True,
    ("a.c", "abc"): False,
}


@pytest.mark.parametrize(("glob", "text"), GLOBS)
def test_a_glob_is_the_whole_text(glob: str, text: str) -> None:
    assert matches((glob,), text) is GLOBS[glob, text]
    assert matches(("nothing", glob), text) is GLOBS[glob, text]


def test_a_name_is_the_whole_of_its_pattern() -> None:
    assert fits("[A-Z][a-z]+Flow", "PricesFlow") is True
    assert fits("[A-Z][a-z]+", "PricesFlow") is False
    assert fits("Prices", "PricesFlow\n") is False


@pytest.mark.parametrize("pattern", ["([a-z]+)*!", "(a|aa)+!", "(.*)*(.*)*!", "a?" * 40 + "a" * 40 + "!"])
def test_a_pattern_that_would_not_end_ends(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is repeated in it; and the handler of the signal is as it was."""
    monkeypatch.setattr(patterns, "LONGEST", 0.1)
    before = signal.getsignal(signal.SIGVTALRM)
    assert fits(pattern, "a" * 60) is None
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_a_slow_pattern_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred flows do not wait a second each."""
    monkeypatch.setattr(patterns, "LONGEST", 0.1)
    assert fits("(b|bb)+!", "b" * 60) is None
    monkeypatch.setattr(patterns, "LONGEST", 1000.0)
    assert fits("(b|bb)+!", "b" * 60) is None


def test_another_thread_compares_too() -> None:
    found: list[bool | None] = []
    thread = threading.Thread(target=lambda: found.append(fits("a+", "aaa")))
    thread.start()
    thread.join()
    assert found == [True]
