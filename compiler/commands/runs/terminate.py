"""`flowc terminate`: end a run."""

from __future__ import annotations

import click

from compiler.call.options import WithHelp
from compiler.operate.ending import terminate
from compiler.operate.words import found, run_options
from compiler.terminal.said import tell


@click.command("terminate", cls=WithHelp)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@run_options
def COMMAND(
    *, runs: tuple[str, ...], store: str | None, target: str | None, env: str | None, connection: tuple[str, ...]
) -> int:
    """End runs and their tasks, here or on their engine. One that is over stays as it is.

    \b
      flowc terminate argo-flows-train-flow-20260101120000abcdef
      flowc terminate TrainFlow/local-20260101-120000-abcdef
    """
    places = [found(run, store, target, env, connection)[1] for run in runs]
    for place in places:
        tell(f"{place.path}: {terminate(place)}")
    return 0
