"""The command `flowc`: what its process does before the first import that costs, and how it ends.

Exit codes: 0 done; 1 mistakes in a flow, a failed run, an output that differs; 2 a mistake in the call; 3 states that differ (`diff`,
`deploy --dry-run`); 4 no such flow, run or deployment; 5 an engine that cannot be reached or does not permit it; 70 a bug of ours; 124 the
time of `--timeout` is over; 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence


def main() -> None:
    """Run the command line of this process and exit."""
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the command has begun, which says itself what it leaves
        from compiler.mistakes import INTERRUPTED  # noqa: PLC0415

        sys.stderr.write("interrupted\n")
        code = INTERRUPTED
    if "compiler.run" not in sys.modules:
        _leave(code)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    gc.disable()  # a compile is over before collecting would pay
    os.environ.pop("FLOWC_REPLAY", None)  # it steers the task that a replay starts, and no command
    from compiler.stand_ins import stand_ins  # noqa: PLC0415 - whoever interrupts what is imported here is told so by `main`

    with stand_ins(
        "datetime", "gettext", "inspect", "uuid", "urllib.parse"
    ):  # click and pathlib import them, for little that we ask of these
        import pathlib  # noqa: F401, PLC0415

        from compiler.root import call  # noqa: PLC0415

    return call(arguments)


def _leave(code: int) -> None:
    """End without taking every object apart, a tenth of a compile; a command that starts no tasks leaves nothing to do at exit."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody reads any more: the usual end knows what to say
    os._exit(code)
