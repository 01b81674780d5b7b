"""`flowc lsp`: the server that editors start."""

from __future__ import annotations

import gc

import click

from compiler.call.options import WithHelp
from compiler.mistakes import CallError


@click.command("lsp", cls=WithHelp)
def COMMAND() -> int:
    """Answer an editor over stdin and stdout, by the Language Server Protocol: findings as you type, fixes, hovers, renames.

    An editor starts it by itself; docs/editors.md says how for VS Code, Neovim and PyCharm.
    """
    try:
        from flowc import __version__  # noqa: PLC0415 - nothing else needs it

        from compiler.lsp.server import server  # noqa: PLC0415 - an extra
    except ImportError as error:
        if error.name is not None and error.name.partition(".")[0] in ("pygls", "lsprotocol"):
            raise CallError(f"{error.name} is not installed: `pip install 'flowc[lsp]'` brings it") from None
        raise
    gc.enable()  # unlike a compile, an editor is open for days
    server(__version__).start_io()
    return 0
