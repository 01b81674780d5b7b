"""Where Airflow is and who asks: from the options of the connection, the caller's variables, and a file for its owner alone."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

from compiler.backends.operating import Connection, EngineError, web_address
from compiler.ir.flow import Value
from compiler.mistakes import CallError
from compiler.reading import TEXT, read_file
from compiler.slotted_class import record

WAIT = 900.0
"""Seconds. Airflow looks for new files every five minutes unless it is told otherwise, and parses them one after the other."""
_MOST_WAIT = 1e6
_TABLE = "[tool.flowc.airflow.connection]"


@record
class Credentials:
    """A token, or a user and a password; all empty where nobody gave any. No text of ours holds them: `repr` does not."""

    token: str = ""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Credentials({'token' if self.token else 'password' if self.user else 'none'})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may hold."""
        return tuple(filter(None, (self.token, self.password)))


@record
class Place:
    """A connection's settings, settled. `dags` and `ca` are empty where nobody gave any."""

    url: str
    credentials: Credentials
    dags: str
    ca: str
    wait: float
    timeout: float


def place(connection: Connection) -> Place:
    """The settings of a connection. Raises CallError for what cannot be one, EngineError where no address is known."""
    url = _url(connection)
    return Place(
        url=url,
        credentials=_credentials(connection.variables, url),
        dags=connection.text("dags", _TABLE),
        ca=connection.certificates("ca", _TABLE),
        wait=_seconds(connection.options.get("wait", WAIT)),
        timeout=connection.timeout,
    )


def _url(connection: Connection) -> str:
    url = connection.text("url", _TABLE) or connection.variables.get("AIRFLOW_API_URL", "")
    if not url:
        raise EngineError(f"no address of Airflow is known: set AIRFLOW_API_URL, or `url` in {_TABLE}")
    parts = web_address(url)
    if parts is None or parts.query or parts.fragment:
        raise CallError("the address of Airflow must be http://host[:port][/path] or https://…, without `?` and `#`")
    if "@" in parts.netloc:
        raise CallError(
            "the address of Airflow holds a user or a password: give them by AIRFLOW_API_USERNAME and AIRFLOW_API_PASSWORD"
        )
    path = parts.path.rstrip("/")
    for ending in ("/api/v1", "/api/v2"):
        path = path.removesuffix(ending)
    return f"{parts.scheme}://{parts.netloc}{path}"


def _credentials(variables: Mapping[str, str], url: str) -> Credentials:
    """The token of the variables, else their user and password, else what the file says of this address."""
    if token := variables.get("AIRFLOW_API_TOKEN"):
        return _printable(Credentials(token=token), "AIRFLOW_API_TOKEN")
    user, password = variables.get("AIRFLOW_API_USERNAME", ""), variables.get("AIRFLOW_API_PASSWORD", "")
    if user or password:
        if not (user and password):
            lacks = "AIRFLOW_API_PASSWORD" if user else "AIRFLOW_API_USERNAME"
            raise CallError(f"{lacks} is not set: a user and a password are needed, or AIRFLOW_API_TOKEN alone")
        return Credentials(user=user, password=password)
    return _of_file(variables, url)


def _of_file(variables: Mapping[str, str], url: str) -> Credentials:
    """What `airflow.toml` says: a table for each address, with `token`, or `username` and `password`."""
    home = variables.get("XDG_CONFIG_HOME") or f"{variables.get('HOME', '')}/.config"
    path = Path(home, "flowc", "airflow.toml")
    try:
        mode = path.stat().st_mode
        text = read_file(path, TEXT).decode() if stat.S_ISREG(mode) else ""
    except (FileNotFoundError, NotADirectoryError):
        return Credentials()
    except (OSError, UnicodeDecodeError):
        raise CallError(f"{path} cannot be read: it holds the credentials for Airflow") from None
    if mode & 0o077:
        raise CallError(f"{path} can be read by others, and holds credentials: `chmod 600 {path}`")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # its message may quote the text
        raise CallError(
            f'{path} is no TOML: write ["{url}"] and below it `token`, or `username` and `password`'
        ) from None
    found: object = next((table for address, table in tables.items() if address.rstrip("/") == url), {})
    table = found if isinstance(found, dict) else {"": None}
    if not all(isinstance(word, str) for word in table.values()):
        raise CallError(f'["{url}"] of {path} must be a table of texts: `token`, or `username` and `password`')
    words = [str(table.get(key, "")) for key in ("token", "username", "password")]
    return _printable(Credentials(*words), str(path))


def _printable(credentials: Credentials, source: str) -> Credentials:
    if not (credentials.token.isascii() and (credentials.token or "x").isprintable()) or " " in credentials.token:
        raise CallError(f"the token of {source} holds characters that no token has: is there a line end in it?")
    return credentials


def _seconds(value: Value) -> float:
    try:
        seconds = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < _MOST_WAIT:
        raise CallError(f"`wait` in {_TABLE} must be a number of seconds")
    return seconds
