"""Requests to Airflow: sent by its client library, tried again where that does no harm, and every way to fail said in one line."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import urllib3
from airflow_client.client import ApiClient, ApiException, Configuration
from urllib3 import exceptions as faults

from compiler.backends.airflow.operate.connecting import Credentials, Place
from compiler.backends.operating import EngineError, NotThereError, RefusedError
from compiler.slotted_class import record

PAUSES = (0.5, 1.0, 2.0)
"""Seconds before each further try."""
MOST_PAUSE = 30.0
"""Seconds that are waited at most where the server says how long."""
SHOWN = 500
"""Characters of a server's sentence that are shown."""

_NOBODY = 401
_TOO_MANY = 429
_SERVER = 500
_NOT_FOUND = 404

Call = Callable[[], Any]
"""Sends one request: the answer of urllib3, not yet read."""


class LostError(EngineError):
    """Whether the engine has done what it was asked for is not known: there was no answer, or half of one."""


@record
class Answer:
    """What came back, whole: `value` is the JSON, or None where there is none."""

    status: int
    value: Any
    is_json: bool
    headers: Mapping[str, str]


class Wire:
    """One server. Nothing is asked before `ask`; what it raises holds no secret."""

    def __init__(self, place: Place) -> None:
        self.url = place.url
        self._timeout = place.timeout
        self._credentials = place.credentials
        configuration = Configuration(host=place.url, ssl_ca_cert=place.ca or None, retries=_one_try())
        self.client = ApiClient(configuration)
        self._headers: dict[str, str] = self.client.default_headers
        self._headers["User-Agent"] = "flowc"
        self.renew: Callable[[], None] | None = None
        """Gets a new token where the one that is shown is no longer taken; None where there is no way to."""

    @property
    def timeout(self) -> float:
        """Seconds that one request may take: `_request_timeout` of the library."""
        return self._timeout

    @property
    def credentials(self) -> Credentials:
        """Who asks."""
        return self._credentials

    def show_token(self, token: str) -> None:
        """Let all requests from now on carry this token."""
        self._headers["Authorization"] = f"Bearer {token}"
        self._credentials = Credentials(token, self._credentials.user, self._credentials.password)

    def show_password(self) -> None:
        """Let all requests from now on carry the user and the password."""
        pair = f"{self._credentials.user}:{self._credentials.password}".encode()
        self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"

    def send(self, method: str, path: str, query: Mapping[str, Any] | None = None, body: object = None) -> Call:
        """A request by its path below the address, for what the library has no method for; `path` is already quoted."""
        pairs = [(key, each) for key, value in (query or {}).items() for each in _several(value)]
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body is not None else {})

        def call() -> Any:
            made = self.client.param_serialize(method, path, query_params=pairs, header_params=dict(headers), body=body)
            return self.client.call_api(*made, _request_timeout=self._timeout).response

        return call

    def ask(self, doing: str, call: Call, *, again: bool = True) -> Any:
        """The JSON of the answer. `doing` completes "Airflow does not let us …"; `again`: a second request does no harm.

        Raises NotThereError (404), RefusedError (400, 409, 422), LostError, EngineError.
        """
        return self.checked(doing, self.answer(call, again=again))

    def answer(self, call: Call, *, again: bool = True) -> Answer:
        """The answer, whatever its status, after as many tries as are allowed. Raises LostError, EngineError."""
        found = self._tried(call, again)
        if found.status == _NOBODY and self.renew:
            renew, self.renew = self.renew, None
            renew()
            found, self.renew = self._tried(call, again), renew
        return found

    def _tried(self, call: Call, again: bool) -> Answer:
        for pause in (*PAUSES, None):
            try:
                found = self._once(call)
            except LostError:
                if pause is None or not again:
                    raise
                time.sleep(pause)
                continue
            may_change = found.status == _TOO_MANY or (again and found.status >= _SERVER)
            if pause is None or not may_change:
                return found
            time.sleep(_pause(found.headers, pause))
        raise AssertionError("the last try has returned or raised")

    def _once(self, call: Call) -> Answer:
        try:
            response = call()
            data: bytes = response.data
        except (faults.HTTPError, ApiException, OSError) as error:
            raise self._lost(error) from None
        try:
            value, is_json = (json.loads(data), True) if data.strip() else (None, True)
        except ValueError:
            value, is_json = None, False
        return Answer(response.status, value, is_json, response.headers)

    def _lost(self, error: BaseException) -> EngineError:
        reason = getattr(error, "reason", None)
        cause = reason if isinstance(reason, BaseException) else error
        for kind, sentence in _LOST:
            if isinstance(cause, kind):
                return LostError(f"Airflow at {self.url} {sentence.format(seconds=f'{self._timeout:g}')}")
        return LostError(
            f"Airflow at {self.url} cannot be asked ({type(cause).__name__}): check `url`, and whether it is up"
        )

    def checked(self, doing: str, answer: Answer) -> Any:
        """The JSON of an answer that is a success; else it raises as `ask` does."""
        status, detail = answer.status, self._hidden(_detail(answer.value))
        where = f"Airflow at {self.url}"
        hundred = status // 100
        if status in _ENGINE_SAYS:
            raise EngineError(
                _ENGINE_SAYS[status].format(where=where, doing=doing) + (f" ({detail})" if detail else "")
            )
        if hundred == 5:  # noqa: PLR2004 - the server's own failure
            raise EngineError(f"{where} failed to {doing} (status {status}): look into its log, or try again later")
        if hundred == 3:  # noqa: PLR2004
            raise EngineError(f"{where} leads to another address (status {status}): give the one behind it as `url`")
        if not answer.is_json or (answer.value is None and hundred == 4):  # noqa: PLR2004
            raise EngineError(
                f"{where} does not answer as Airflow's API does (status {status}, no JSON): is `url` its address, "
                "and not that of a proxy, a login page or another server?"
            )
        if status == _NOT_FOUND:
            raise NotThereError(f"{where} has nothing to {doing}: {detail or 'not found'}")
        if hundred == 4:  # noqa: PLR2004
            raise RefusedError(f"{where} does not {doing}: {detail or f'status {status}'}")
        return answer.value

    def _hidden(self, text: str) -> str:
        """A server's sentence, bounded, in one line, without what is secret."""
        for secret in self._credentials.secrets:
            text = text.replace(secret, "…")
        return " ".join(text.split())[:SHOWN]


def _one_try() -> urllib3.Retry:
    return urllib3.Retry(total=0, raise_on_redirect=False, raise_on_status=False, redirect=0)


_ENGINE_SAYS = {
    401: "{where} does not know who asks: set AIRFLOW_API_TOKEN, or AIRFLOW_API_USERNAME and AIRFLOW_API_PASSWORD, "
    "or write ~/.config/flowc/airflow.toml; a token may have expired",
    403: "{where} does not permit this user to {doing}: ask for a role that may (docs/operate-airflow.md says which), "
    "or check who asks: AIRFLOW_API_TOKEN, or AIRFLOW_API_USERNAME and AIRFLOW_API_PASSWORD",
    407: "a proxy before {where} wants to know who asks: put the user and password into HTTPS_PROXY",
    429: "{where} is asked too often (status 429): try again later",
}
_LOST: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((faults.NameResolutionError,), "cannot be found: no host has that name; check `url` or AIRFLOW_API_URL"),
    (
        (faults.SSLError,),
        "cannot be trusted: its certificate is none that is known here; name the authority's file by `ca`",
    ),
    ((faults.ProxyError,), "cannot be reached through the proxy: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"),
    ((faults.NewConnectionError,), "takes no connection: is it up, and is the port of `url` right?"),
    (
        (faults.ConnectTimeoutError,),
        "did not take the connection within {seconds} s: is it up, and open to this machine?",
    ),
    ((faults.ReadTimeoutError,), "did not answer within {seconds} s: try again, or look at its load"),
    ((faults.ProtocolError, faults.DecodeError), "broke its answer off in the middle: try again, or look into its log"),
)


def _pause(headers: Mapping[str, str], otherwise: float) -> float:
    """What `Retry-After` says, in seconds and within bounds."""
    told = headers.get("Retry-After", "")
    return min(float(told), MOST_PAUSE) if told.isdigit() else otherwise


def _detail(value: Any) -> str:
    """What an error's body says: a text, or FastAPI's list of what is wrong where."""
    told = value.get("detail") or value.get("title") if isinstance(value, dict) else None
    if isinstance(told, list):
        places = [(each.get("loc", ()), each.get("msg", "")) for each in told if isinstance(each, dict)]
        return "; ".join(f"{'.'.join(map(str, place))}: {text}" for place, text in places)
    if isinstance(told, dict):
        return str(told.get("message") or told.get("reason") or "")
    return told if isinstance(told, str) else ""


def _several(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)
