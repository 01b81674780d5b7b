"""The server of the pages: loopback alone, one address with its token, until Ctrl-C."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable

import uvicorn
from flowc.store.protocol import Store

from compiler.mistakes import CallError
from compiler.ui.app import app

HOST = "127.0.0.1"


def serve(store: Store, port: int, tell: Callable[[str], None], page: str = "") -> None:
    """Serve until it is interrupted; `tell` gets the address. `port` 0: any that is free. Raises CallError where it is taken."""
    token = secrets.token_urlsafe(24)
    with _bound(port) as listening:
        number = listening.getsockname()[1]
        hosts = frozenset(f"{name}:{number}" for name in (HOST, "localhost"))
        made = uvicorn.Config(
            app(store, token, hosts), log_level="warning", access_log=False, server_header=False, lifespan="off",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        tell(f"http://{HOST}:{number}/{page}?token={token}")
        uvicorn.Server(made).run(sockets=[listening])


def _bound(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((HOST, port))
    except OSError as error:
        found.close()
        raise CallError(
            f"port {port} of this machine: {error.strerror}; name another with --port, or 0 for any"
        ) from None
    return found
