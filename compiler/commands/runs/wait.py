"""`flowc wait`: until a run has ended."""

from __future__ import annotations

import click

from compiler.call.options import WithHelp
from compiler.operate.telling.progress import until_end
from compiler.operate.waiting import seconds_of
from compiler.operate.words import found, json_option, run_options, timeout_option


@click.command("wait", cls=WithHelp)
@click.argument("run", metavar="RUN")
@timeout_option
@run_options
@json_option
def COMMAND(
    *,
    run: str,
    timeout: str | None,
    store: str | None,
    target: str | None,
    env: str | None,
    connection: tuple[str, ...],
    as_json: bool,
) -> int:
    """Wait until a run has ended, here or on its engine.

    Exit code 0 where it succeeded, 1 where it did not, 124 where --timeout was over first. Ctrl-C leaves the run as it is.

    \b
      flowc wait argo-flows-train-flow-20260101120000abcdef --timeout 2h
      flowc wait TrainFlow/local-20260101-120000-abcdef
    """
    limit = None if timeout is None else seconds_of(timeout)
    _, place = found(run, store, target, env, connection)
    return until_end(place, limit, follow=False, as_json=as_json)
