"""Requests to an MLflow server: one connection, each answer within a time, all of them within another.

Credentials are those that MLflow's own client takes from the environment, and are never printed.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import time
from collections.abc import Mapping

from flowc.standard_path import standard_path
from flowc.store.aws.wire import Connection, WireError, parsed, proxy_of
from flowc.store.protocol import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ssl import SSLContext
    from threading import Timer
    from typing import Any

ONE, ALL = 5.0, 10.0
"""Seconds that a connection, or a silence of the server, may last; and all requests of one part of a task."""

_GOOD = range(200, 300)
_REFUSED = (401, 403)
_LONGEST = 1 << 20
"""Bytes of an answer that are read: those that are asked for have a few thousand."""

_BOTH_WAYS = 2
"""`SHUT_RDWR` of a socket."""

_SHOWN = 200
_SECRETS = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")


class TrackingError(Exception):
    """The server gave no answer, or not the one that was wanted; the message has no secrets in it.

    `code` is MLflow's name of what is wrong, where it gave one. `is_setup`: another attempt would meet the same.
    """

    def __init__(self, message: str, code: str = "", is_setup: bool = False) -> None:
        super().__init__(message)
        self.code, self.is_setup = code, is_setup


class Server:
    """The server at a URI. Everything that it is asked within a `with` block takes `seconds` at most."""

    def __init__(self, uri: str, environment: Mapping[str, str] = os.environ, seconds: float = ALL) -> None:
        self.uri = uri
        self._place = parsed(uri)
        self._environment = environment
        self._until = time.monotonic() + seconds
        self._connection: Connection | None = None
        self._alarm: Timer | None = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm.join()
            self._alarm = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def post(self, name: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """What it answers to a call of its API. Raises TrackingError."""
        return self._asked("POST", name, json.dumps(told).encode())

    def get(self, name: str, key: str, value: str) -> dict[str, Any]:
        """The same of a call that changes nothing, with one argument."""
        return self._asked("GET", f"{name}?{key}={_quoted(value)}", b"")

    def _asked(self, method: str, target: str, body: bytes) -> dict[str, Any]:
        try:
            status, answer = self._exchanged(method, f"{self._place.path}/api/2.0/mlflow/{target}", body)
        except (OSError, WireError, StoreError) as error:
            self.close()
            raise TrackingError(f"it gave no answer ({self._clean(str(error) or type(error).__name__)})") from error
        except BaseException:  # an interruption, too, leaves an answer half read: the connection is of no more use
            self.close()
            raise
        return self._parsed(status, answer)

    def _exchanged(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"all {ALL:g} s are over")
        headers = {"host": self._place.host, "user-agent": "flowc", "accept": "application/json", **self._rights()}
        if body:
            headers["content-type"] = "application/json"
        connection = self._connection = self._connection or self._connected(min(ONE, left))
        self._alarm = self._alarm or self._alarmed(left)
        connection.send(method, target, headers, (body,) if body else ())
        head = connection.receive(method)
        size = 0
        pieces = []
        for piece in connection.pieces(head):
            size += len(piece)
            if size > _LONGEST:
                raise WireError("an answer without end")
            pieces.append(piece)
        return head.status, b"".join(pieces)

    def _alarmed(self, seconds: float) -> Timer:
        """What ends a connection from outside: the time of a socket begins anew with each byte that comes."""
        with standard_path():
            import threading

        alarm = threading.Timer(seconds, self._end)
        alarm.daemon = True
        alarm.start()
        return alarm

    def _end(self) -> None:
        """Let whoever waits for the connection go on with an error."""
        sock = self._connection.sock if self._connection else None
        with contextlib.suppress(OSError):  # it has ended by itself
            if sock is not None:
                sock.shutdown(_BOTH_WAYS)

    def _connected(self, seconds: float) -> Connection:
        place = self._place
        if place.scheme == "http":
            return Connection(place.host, seconds)
        return Connection(place.host, seconds, self._tls(), proxy_of(place.host, self._environment))

    def _tls(self) -> SSLContext:
        with standard_path():
            import ssl

        if self._environment.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("true", "1"):
            return ssl._create_unverified_context()
        return ssl.create_default_context(cafile=self._environment.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or None)

    def _rights(self) -> dict[str, str]:
        user, password, token = (
            self._environment.get(f"MLFLOW_TRACKING_{name}", "") for name in ("USERNAME", "PASSWORD", "TOKEN")
        )
        if user and password:
            return {"authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
        return {"authorization": f"Bearer {token}"} if token else {}

    def _parsed(self, status: int, body: bytes) -> dict[str, Any]:
        """The answer. Raises TrackingError for one that says no, and for what is none of MLflow's."""
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if status in _GOOD and isinstance(found, dict):
            return found
        if status in _REFUSED:
            raise TrackingError(
                f"it refused access (status {status}): give this container MLFLOW_TRACKING_TOKEN, "
                "or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
                is_setup=True,
            )
        if not isinstance(found, dict):
            raise TrackingError(
                f"it answered with status {status} and no JSON: is this the address of an MLflow server?"
            )
        code, message = (str(found.get(key) or "") for key in ("error_code", "message"))
        raise TrackingError(self._clean(f"it answered with status {status} {code}: {message}".strip(": ")), code)

    def _clean(self, text: str) -> str:
        """Words of others as one short line, without what is secret here."""
        for name in _SECRETS:
            secret = self._environment.get(name)
            text = text.replace(secret, "…") if secret else text
        line = re.sub(r"[^ -~]+", " ", text)
        return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def _quoted(text: str) -> str:
    """The text within a query."""
    safe = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
    data = text.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in data)


def shown(uri: str) -> str:
    """A URI for a message."""
    place = parsed(uri)
    return f"{place.scheme}://{place.host}"
