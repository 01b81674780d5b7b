"""Where the server is and who asks: from the options of the connection and the variables that Kubeflow's own client knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.backends.operating import Connection, EngineError, web_address
from compiler.mistakes import CallError
from compiler.slotted_class import record, replaced

TABLE = "[tool.flowc.kfp.connection]"
EXPERIMENT = "Default"
"""What the server and its clients call the experiment of runs that name none."""

_MOST_TOKEN = 1 << 16


@record
class Credentials:
    """A token, or a cookie; both empty where nobody gave any. No text of ours holds them: `repr` does not.

    `proxy` is the `user:password` of whoever asks through a proxy.
    """

    token: str = ""
    cookie: str = ""
    proxy: str = ""

    def __repr__(self) -> str:
        return f"Credentials({'token' if self.token else 'cookie' if self.cookie else 'none'})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may hold."""
        return tuple(filter(None, (self.token, self.cookie, self.proxy, self.proxy.partition(":")[2])))


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
    proxy: str
    """The address of the proxy before the server; empty where there is none."""

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
    proxy, known = _proxy(url)
    named = variables.get("KF_PIPELINES_OVERRIDE_EXPERIMENT_NAME") or connection.text("experiment", TABLE)
    return Place(
        url,
        _address(page, "ui") if page else url,
        replaced(_credentials(variables), proxy=known),
        connection.namespace or "",
        named or variables.get("KF_PIPELINES_DEFAULT_EXPERIMENT_NAME") or EXPERIMENT,
        connection.text("service_account", TABLE),
        connection.certificates("ca", TABLE),
        connection.timeout,
        proxy,
    )


def _proxy(url: str) -> tuple[str, str]:
    """The proxy before an address and the `user:password` for it, as this machine has them: the server's client does not ask.

    A server on this machine is asked directly: most often it is a port that is forwarded. Raises CallError for what is no address.
    """
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415 - compiling needs none of it
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415

    server, proxies = urlsplit(url), getproxies()
    host = server.hostname or ""
    text = proxies.get(server.scheme) or proxies.get("all") or ""
    if not text or host in ("localhost", "::1") or host.startswith("127.") or proxy_bypass(server.netloc):
        return "", ""
    parts = web_address(text if "://" in text else f"http://{text}")
    if parts is None:
        raise CallError(
            f"{server.scheme.upper()}_PROXY must be http://host:port, the proxy before {server.scheme}:// addresses"
        )
    known = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", known


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
