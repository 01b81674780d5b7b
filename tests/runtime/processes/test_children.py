"""How a child has ended is heard, and a signal that comes beside its work is no fault of ours."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest
from flowc.processes.children import Starter, ended
from flowc.task import guard


def _signalled(number: int) -> Callable[[int], int]:
    def work(_: int) -> int:
        os.kill(os.getpid(), number)
        time.sleep(60)
        return 0

    return work


def _broken(_: int) -> int:
    raise ValueError("of ours")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_fork_that_is_told_to_end_beside_its_work_says_no_more_than_that(
    number: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """The handler of the process that has started it raises wherever the fork is."""
    with guard.termination():
        process = Starter(None, forks=True).start(_signalled(number), None)
        assert ended(process) == (-number, b"")
    assert capfd.readouterr().err == ""


def test_a_fault_of_ours_is_told_as_one(capfd: pytest.CaptureFixture[str]) -> None:
    process = Starter(None, forks=True).start(_broken, None)
    assert ended(process) == (70, b"")
    assert "ValueError: of ours" in capfd.readouterr().err


def test_what_a_child_tells_and_its_exit_code_are_heard() -> None:
    def work(writing: int) -> int:
        os.write(writing, b"done")
        return 3

    assert ended(Starter(None, forks=True).start(work, None)) == (3, b"done")
