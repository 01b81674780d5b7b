"""What a person sees of a run, told by a script of events."""

from __future__ import annotations

import io
from pathlib import Path

from compiler.run.events import RunResult, TaskStart
from compiler.terminal.progress import Progress

START, LEFT, RIGHT = TaskStart("start", "-", 0), TaskStart("each", "0", 0), TaskStart("each", "1", 0)
AGAIN = TaskStart("each", "1", 1)


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _told(status: io.StringIO, run_id_file: Path | None = None) -> tuple[str, str]:
    times = iter([10.0, *[12.25] * 99])
    output = io.StringIO()
    notes = {run_id_file: b"local-1\n"} if run_id_file else {}
    progress = Progress(output, status, 7, lambda _: notes, clock=lambda: next(times))
    progress.run_started("local-1")
    progress.started(START)
    progress.lines(START, ["hello"])
    progress.finished(START, 0.1)
    for task in (LEFT, RIGHT):
        progress.started(task)
    progress.failed(RIGHT, "Traceback …\nValueError: once\n", True)
    progress.finished(LEFT, 0.1)
    progress.started(AGAIN)
    progress.lines(AGAIN, ["ValueError: twice"])
    progress.failed(AGAIN, "Traceback …\nValueError: twice\n", False)
    progress.done(RunResult("local-1", False, "F/local-1"))
    return output.getvalue(), status.getvalue()


def test_each_line_stands_behind_its_task_and_the_summary_is_last() -> None:
    output, status = _told(io.StringIO())
    assert output == "start   | hello\neach[1] | ValueError: twice\n"
    assert status.splitlines() == [
        "run local-1",
        "each[1] failed and is tried again: ValueError: once",
        "each[1] failed after 2 attempts: ValueError: twice",
        "F/local-1 failed in each[1]: 2 tasks, 1 tried again, 2.2 s",
    ]


def test_what_a_task_has_not_printed_itself_is_printed_whole() -> None:
    status = io.StringIO()
    progress = Progress(io.StringIO(), status, 7)
    progress.started(START)
    progress.failed(START, "Traceback …\nValueError: silent\n", False)
    assert status.getvalue() == "start failed:\nTraceback …\nValueError: silent\n"


def test_only_a_terminal_has_a_status_line() -> None:
    _, status = _told(Terminal())
    assert "\r\x1b[2K1 done · each[0], each[1] · 0:02" in status
    assert status.endswith("2.2 s\n")
    assert "\x1b[2K" not in _told(io.StringIO())[1]


def test_run_id_is_written_as_the_run_starts(tmp_path: Path) -> None:
    _told(io.StringIO(), tmp_path / "id")
    assert (tmp_path / "id").read_text() == "local-1\n"


def test_tasks_that_share_a_process_are_told_and_counted_as_tasks() -> None:
    status, both = io.StringIO(), TaskStart("fit to score", "0…", 0, several=True)
    progress = Progress(io.StringIO(), status, 7, clock=lambda: 0.0)
    progress.run_started("local-1")
    progress.started(both)
    progress.within(both, TaskStart("fit", "0", 0), "", False)
    progress.within(both, TaskStart("fit", "1", 0), "Traceback …\nValueError: once\n", True)
    progress.within(both, TaskStart("fit", "1", 1), "Traceback …\nValueError: twice\n", False)
    progress.failed(both, "member 1: twice", False)
    lost = TaskStart("fit to score", "2…", 0, several=True)
    progress.started(lost)
    progress.failed(lost, "the process was killed by SIGKILL", False)
    progress.done(RunResult("local-1", False, "F/local-1"))
    assert status.getvalue().splitlines()[1:] == [
        "fit[1] failed and is tried again: ValueError: once",
        "fit[1] failed after 2 attempts: ValueError: twice",
        "fit to score[2…] failed:",
        "the process was killed by SIGKILL",
        "F/local-1 failed in fit[1], fit to score[2…]: 1 task, 1 tried again, 0.0 s",
    ]
