"""`flowc open`: a run's page, in the engine's own interface or, for a local run, from its store."""

from __future__ import annotations

import webbrowser
from functools import partial
from urllib.parse import quote

import click

from compiler.call.history import opened
from compiler.call.options import WithHelp, option
from compiler.mistakes import CallError
from compiler.operate.places import Place
from compiler.operate.views import look
from compiler.operate.words import found, run_options
from compiler.terminal.said import say
from compiler.ui.needed import require, tell_address


@click.command("open", cls=WithHelp)
@click.argument("run", metavar="RUN")
@option("--print", "is_printed", is_flag=True, help="Print its address, and open nothing.")
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
    """Open the page of a run in its engine's own interface; that of a local run as `flowc ui` has it, until Ctrl-C.

    \b
      flowc open SquaresFlow/local-20260101-120000-abcdef
      flowc open argo-flows-train-flow-20260101120000abcdef
      flowc open sfn-TrainFlow-20260101120000abcdef --print
    """
    _, place = found(run, store, target, env, connection)
    if place.engine is None:
        look(place)
        return _local(place, is_printed=is_printed)
    address = place.engine.page(place.run)
    if not address:
        raise CallError(
            f"{place.engine.where} has no page that flowc knows of: `flowc status {place.path}` shows the run"
        )
    say(address)
    if not is_printed and not webbrowser.open(address):
        raise CallError("there is no browser here: open the address in one")
    return 0


def _local(place: Place, *, is_printed: bool) -> int:
    """Serve the pages of the run's store, and open its own."""
    require()
    from compiler.ui.serving import serve  # noqa: PLC0415 - an extra, which is there

    assert place.store is not None, "a local run has one"
    served = opened(place.store)
    serve(
        served,
        0,
        partial(tell_address, opens=not is_printed),
        page=f"flow/{quote(place.flow or '')}/run/{quote(place.run)}",
    )
    return 0
