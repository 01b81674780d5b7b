"""What a command that serves pages does first: whether its extra is there, and how a person hears the address."""

from __future__ import annotations

import webbrowser

from compiler.mistakes import CallError
from compiler.terminal.said import say, tell


def require() -> None:
    """Raises CallError where the extra is not installed."""
    try:
        import starlette  # noqa: F401, PLC0415 - an extra
        import uvicorn  # noqa: F401, PLC0415
    except ImportError as error:
        raise CallError(f"{error.name} is not installed: `pip install 'flowc[ui]'` brings it") from None


def tell_address(address: str, *, opens: bool) -> None:
    """Print the address, and open the browser."""
    say(address)
    tell("Ctrl-C ends it")
    if opens and not webbrowser.open(address):
        tell("there is no browser here: open the address in one")
