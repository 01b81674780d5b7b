"""Where the server is and who asks: from the options of the connection and the variables that Kubeflow's own client knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.backends.operating import Connection, EngineError, web_address
from compiler.mistakes import CallError
from compiler.slotted_class import record

TABLE = "[tool.flowc.kfp.connection]"
EXPERIMENT = "Default"
"""What the server and its clients call the experiment of runs that name none."""

_MOST_TOKEN = 1 << 16


@record
class Credentials:
    """A token, or a cookie; both empty where nobody gave any. No text of ours holds them: `repr` does not."""

    token: str = ""
    cookie: str = ""

    def __repr__(self) -> str:
        return f"Credentials({'token' if self.token else 'cookie' if self.cookie else 'none'})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may hold."""
        return tuple(filter(None, (self.token, self.cookie)))


@record
class Place:
    """A connection's settings, settled: `namespace` is empty where the server has one for all."""

    url: str
    page: str
    credentials: Credentials
    namespace: str
    experiment: str
    account: str
    ca: str
    timeout: float

    @property
    def where(self) -> str:
        """For people."""
        return f"Kubeflow Pipelines at {self.url}" + (f" in the namespace {self.namespace}" if self.namespace else "")


def place(connection: Connection) -> Place:
    """The settings of a connection. Raises CallError for what cannot be one, EngineError where no address is known."""
    variables = connection.variables
    address = connection.text("host", TABLE) or variables.get("KF_PIPELINES_ENDPOINT", "").strip()
    if not address:
        raise EngineError(
            f"no address of Kubeflow Pipelines is known: set KF_PIPELINES_ENDPOINT, or `host` in {TABLE}; "
            "`kubectl port-forward -n kubeflow svc/ml-pipeline 8888` makes http://localhost:8888 one"
        )
    url = _address(address, "host")
    page = connection.text("ui", TABLE) or variables.get("KF_PIPELINES_UI_ENDPOINT", "").strip()
    named = variables.get("KF_PIPELINES_OVERRIDE_EXPERIMENT_NAME") or connection.text("experiment", TABLE)
    return Place(
        url,
        _address(page, "ui") if page else url,
        _credentials(variables),
        connection.namespace or "",
        named or variables.get("KF_PIPELINES_DEFAULT_EXPERIMENT_NAME") or EXPERIMENT,
        connection.text("service_account", TABLE),
        connection.certificates("ca", TABLE),
        connection.timeout,
    )


def _address(text: str, key: str) -> str:
    """An address without `/` at its end; https where it says nothing, as Kubeflow's own client takes it."""
    url = text if "://" in text else f"https://{text}"
    parts = web_address(url)
    if parts is None or "@" in parts.netloc or parts.query or parts.fragment or any(map(str.isspace, url)):
        raise CallError(
            f"`{key}` of Kubeflow Pipelines must be http://host[:port][/path] or https://…, without `?`, `#`, user and password: "
            "a token is given by KF_PIPELINES_TOKEN, or by a file that KF_PIPELINES_SA_TOKEN_PATH names"
        )
    return url.rstrip("/")


def _credentials(variables: Mapping[str, str]) -> Credentials:
    """What the file or the variable of a token says, else the cookie. A setting could send any file to the address beside it."""
    if named := variables.get("KF_PIPELINES_SA_TOKEN_PATH", "").strip():
        return Credentials(token=_printable(_read(named), named))
    if token := variables.get("KF_PIPELINES_TOKEN", "").strip():
        return Credentials(token=_printable(token, "KF_PIPELINES_TOKEN"))
    return Credentials(cookie=_printable(variables.get("KF_PIPELINES_COOKIE", "").strip(), "KF_PIPELINES_COOKIE"))


def _read(path: str) -> str:
    """The token in a file. Raises CallError, which quotes nothing of it."""
    try:
        with Path(path).open(encoding="ascii") as file:
            text = file.read(_MOST_TOKEN)
    except (OSError, UnicodeDecodeError):
        raise CallError(f"the token cannot be read: {path} is to be a file with nothing else in it") from None
    return text.strip()


def _printable(text: str, source: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise CallError(f"{source} holds characters that no token has: is there a line end in it?")
    return text
