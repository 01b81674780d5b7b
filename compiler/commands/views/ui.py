"""`flowc ui`: runs in the browser, and a copy of one as files."""

from __future__ import annotations

import gc
from functools import partial
from pathlib import Path

import click

from compiler.call.history import HistoryError, opened, read_state
from compiler.call.options import CommandGroup, env_option, option
from compiler.call.stores import local_store
from compiler.terminal.output import write_files
from compiler.terminal.said import say
from compiler.ui.needed import require, tell_address
from compiler.workspace.settings import read_settings

_RUN_PARTS = 2

store_option = option("--store", metavar="URL", help="Where artifacts are kept; by default that of `flowc run`.")


@click.group("ui", cls=CommandGroup, invoke_without_command=True)
@store_option
@env_option
@option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="The port; by default any that is free.")
@option("--open", "opens", is_flag=True, help="Open the browser.")
@click.pass_context
def COMMAND(ctx: click.Context, store: str | None, env: str | None, port: int, opens: bool) -> int:
    """Show flows and their runs in the browser: read only, on this machine alone, until Ctrl-C.

    The address holds a token: whoever has none sees nothing. Nothing but the store is asked, and no value is unpickled
    before you ask for it.

    \b
      flowc ui --open
      flowc ui --store s3://bucket/flows
      flowc ui export SquaresFlow/local-20260101-120000-abcdef -o page/
    """
    if ctx.invoked_subcommand is not None:
        return 0
    require()
    from compiler.ui.serving import serve  # noqa: PLC0415 - after it is known that what it needs is there

    gc.enable()  # unlike a compile, pages are looked at for days
    serve(opened(local_store(read_settings(Path(), env), store)), port, partial(tell_address, opens=opens))
    return 0


@COMMAND.command("export")
@store_option
@env_option
@option(
    "-o", "--output", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="The folder."
)
@click.argument("run", metavar="FLOW/RUN")
def _export(run: str, store: str | None, env: str | None, output: Path) -> int:
    """Write a run's page, with a page a task, as files that need no server."""
    require()
    from compiler.ui.exporting import exported  # noqa: PLC0415 - as above
    from compiler.ui.library import Library  # noqa: PLC0415 - as above

    parts = run.strip("/").split("/")
    if len(parts) != _RUN_PARTS:
        raise HistoryError(f"{run!r} is not FLOW/RUN; `flowc runs FLOW` lists runs")
    where = opened(local_store(read_settings(Path(), env).for_flow(parts[0]), store))
    read_state(where, *parts, whole=False)
    files = exported(Library(where), *parts)
    write_files({output / path: data for path, data in files.items()})
    say(f"wrote {output / 'index.html'} and {len(files) - 1} files beside it")
    return 0
