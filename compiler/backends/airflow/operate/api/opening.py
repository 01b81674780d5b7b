"""Which API a server has, and who asks there: found out by asking."""

from __future__ import annotations

import re

from compiler.backends.airflow.operate.api.airflow2 import V1, Airflow2
from compiler.backends.airflow.operate.api.airflow3 import Airflow3
from compiler.backends.airflow.operate.api.protocol import Api, text_of
from compiler.backends.airflow.operate.api.wire import Wire
from compiler.backends.airflow.operate.connecting import Place
from compiler.backends.operating import EngineError, NotThereError, RefusedError

V2 = "/api/v2"
_OLDEST = (2, 11)


def opened(place: Place) -> Api:
    """The API of a server, with the credentials shown. Raises EngineError."""
    wire = Wire(place)
    if wire.credentials.token:
        wire.show_token(wire.credentials.token)
    version = _version(wire, V2)
    if version:
        if not wire.credentials.token and wire.credentials.user:
            _log_in(wire)
            wire.renew = lambda: _log_in(wire)
        return Airflow3(wire, version)
    if not wire.credentials.token and wire.credentials.user:
        wire.show_password()
    version = _version(wire, V1)
    if not version:
        raise EngineError(
            f"there is no API of Airflow below {place.url}: is `url` its address, with the path before `/api`, "
            "and not that of a proxy or of another server?"
        )
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers and tuple(map(int, numbers.groups())) < _OLDEST:
        raise EngineError(f"Airflow at {place.url} is {version}, and flowc works with 2.11 and newer")
    return Airflow2(wire, version)


def _version(wire: Wire, api: str) -> str:
    """What a server says of its version below a path; empty where it has no such API."""
    answer = wire.answer(wire.send("GET", f"{api}/version"))
    if answer.status in (404, 405) or (answer.status == 200 and not answer.is_json):  # noqa: PLR2004 - of HTTP
        return ""
    found = wire.checked("tell its version", answer)
    return text_of(found.get("version")) if isinstance(found, dict) else ""


def _log_in(wire: Wire) -> None:
    """Get a token for the user and the password."""
    body = {"username": wire.credentials.user, "password": wire.credentials.password}
    try:
        found = wire.ask("give a token", wire.send("POST", "/auth/token", body=body))
    except (NotThereError, RefusedError):
        raise EngineError(
            f"Airflow at {wire.url} gives no token for a user and a password: set AIRFLOW_API_TOKEN to one from its own login"
        ) from None
    token = text_of(found.get("access_token")) if isinstance(found, dict) else ""
    if not token:
        raise EngineError(f"Airflow at {wire.url} gave no token: set AIRFLOW_API_TOKEN to one from its own login")
    wire.show_token(token)
