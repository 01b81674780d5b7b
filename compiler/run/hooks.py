"""`@exit_hook` after a local run: each function in a process of its own, with the command that targets run, too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from compiler.backends.command import hook_argv
from compiler.ir.plan import Plan
from compiler.run.environment import inherited
from compiler.run.events import Listener, TaskStart


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
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            listener.line(TaskStart(name, "-", 0), line.removesuffix("\n"))
