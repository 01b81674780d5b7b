"""What both servers have in common: reading a request, asking who it is, answering with JSON."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from tests.engines.argo_api.store import ApiFault
from tests.engines.argo_api.world import TOKEN, World
from tests.stages import http_handler


class Handler(http_handler.Handler):
    """One request. `answer` is what a server says to it."""

    world: ClassVar[World]

    def answer(self, verb: str, path: str, query: dict[str, str], body: Any) -> Any:
        """A JSON value, or bytes of text. Raises ApiFault."""
        raise NotImplementedError

    def fault(self, error: ApiFault) -> Any:
        """The body of an error."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Read."""
        self._handle("GET")

    def do_POST(self) -> None:
        """Create."""
        self._handle("POST")

    def do_PUT(self) -> None:
        """Replace, or one of Argo Server's verbs."""
        self._handle("PUT")

    def do_PATCH(self) -> None:
        """Change."""
        self._handle("PATCH")

    def do_DELETE(self) -> None:
        """Remove."""
        self._handle("DELETE")

    def _handle(self, verb: str) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        self.world.asked.append(f"{verb} {path}")
        given = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise ApiFault(401, "Unauthorized", "Unauthorized")
            if len(data) > 1_500_000:
                raise ApiFault(413, "RequestEntityTooLarge", "etcdserver: request is too large")
            found = self.answer(verb, path, given, json.loads(data) if data else None)
        except ApiFault as error:
            self.send(error.status, self.fault(error))
        else:
            self.send(200, found)

    def send(self, status: int, found: Any) -> None:
        """An answer."""
        text = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response_only(status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Type", "text/plain" if isinstance(found, bytes) else "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
