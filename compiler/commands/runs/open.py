"""`flowc open`: a run's page in the engine's own interface."""

from __future__ import annotations

import webbrowser

import click

from compiler.mistakes import CallError
from compiler.operate.views import look
from compiler.operate.words import found, run_options
from compiler.terminal.said import say


@click.command("open")
@click.argument("run", metavar="RUN")
@click.option("--print", "is_printed", is_flag=True, help="Print its address, and open nothing.")
@run_options
def COMMAND(
    *,
    run: str,
    is_printed: bool,
    store: str | None,
    target: str | None,
    env: str | None,
    connection: tuple[str, ...],
) -> int:
    """Open the page of a run in its engine's own interface.

    \b
      flowc open argo-flows-train-flow-20260101120000abcdef
      flowc open sfn-TrainFlow-20260101120000abcdef --print
    """
    _, place = found(run, store, target, env, connection)
    if place.engine is None:
        look(place)
        raise CallError(
            f"a local run has no page: `flowc status {place.path}` shows it, `flowc card` the pages of its steps"
        )
    address = place.engine.page(place.run)
    if not address:
        raise CallError(
            f"{place.engine.where} has no page that flowc knows of: `flowc status {place.path}` shows the run"
        )
    say(address)
    if not is_printed and not webbrowser.open(address):
        raise CallError("there is no browser here: open the address in one")
    return 0
