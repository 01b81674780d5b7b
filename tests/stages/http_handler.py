"""What the servers of the tests answer by."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    """One connection, which stays; nothing is told of it.

    Each piece of an answer is sent at once: else the second waits until the client has acknowledged the first, mostly for 40 ms.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""
