"""`@exit_hook` after a local run: each function in a process of its own, with the command that targets run, too."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping

from flowc.container.sessions import end_session

from compiler.backends.command import hook_argv
from compiler.ir.plan import Plan
from compiler.run.environment import inherited
from compiler.run.events import Listener, TaskStart
from compiler.run.lines import CHUNK, Lines, drained

_LOOK = 0.02
"""Seconds between two looks whether a function that prints nothing has ended."""


def run_hooks(
    plan: Plan, run_id: str, variables: Mapping[str, str], root: str, listener: Listener, *, success: bool
) -> None:
    """Call what follows a run that ended so; `listener` hears what they write. Their own failures change nothing."""
    ended = "success" if success else "error"
    for hook in plan.hooks:
        if hook.on == ended:
            _, *words = hook_argv(hook, run=run_id)
            _call(
                [sys.executable, "-P", *words],
                {**inherited(os.environ), **variables, "FLOWC_ROOT": root},
                hook.function,
                listener,
            )


def _call(command: list[str], environment: Mapping[str, str], name: str, listener: Listener) -> None:
    """Run a function to its end. What it has started and left ends with it, and does not keep us waiting."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    output, lines = process.stdout.fileno(), Lines()
    try:
        while process.poll() is None:
            if select.select([output], [], [], _LOOK)[0] and not _told(
                lines.take(os.read(output, CHUNK)), name, listener
            ):
                time.sleep(_LOOK)  # it may have closed its output
        _told([*lines.take(drained(output)), *lines.rest()], name, listener)
    finally:
        end_session(process.pid)
        process.wait()
        process.stdout.close()


def _told(lines: list[str], name: str, listener: Listener) -> bool:
    if lines:
        listener.lines(TaskStart(name, "-", 0), lines)
    return bool(lines)
