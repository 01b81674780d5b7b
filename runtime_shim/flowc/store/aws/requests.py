"""Requests to one S3 bucket: signed, on kept-alive connections, repeated where that can help, sent to the bucket's own region."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence

from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path
from flowc.store.aws.credentials import Provider
from flowc.store.aws.profiles import Profiles, domain, region_of
from flowc.store.aws.sigv4 import Query, Request, Scope, path_text, payload_hash, query_text, sign
from flowc.store.aws.wire import Connection, WireError, parsed, proxy_of
from flowc.store.protocol import Data, SetupError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ssl import SSLContext
    from typing import BinaryIO

_ATTEMPTS = 9
_LONGEST_PAUSE = 8.0
_TIMEOUT = 60.0
OK, PARTIAL, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE = (
    200,
    206,
    403,
    404,
    409,
    412,
    416,
)
_REDIRECT, _SERVER_ERROR = 300, 500
_BUSY_STATUS = frozenset((429, 500, 502, 503, 504))
_BUSY_CODES = frozenset(
    (
        *("RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "InternalError"),
        *("ConditionalRequestConflict", "OperationAborted"),
    )
)
_STALE_CODES = frozenset(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"))
_NO_HEADERS: Mapping[str, str] = {}
_REGION = re.compile("[a-zA-Z0-9-]{1,64}")


class Answer(NamedTuple):
    """What came back. `headers` in lower case; `again`: an earlier try may have been carried out although its answer was lost;
    `is_filled`: the body is in the memory that was given for it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray
    again: bool
    is_filled: bool = False

    @property
    def code(self) -> str:
        """S3's name of what went wrong, or an empty string."""
        return "" if self.is_good else tag(self.body, "Code")

    @property
    def is_good(self) -> bool:
        """Whether the request was carried out."""
        return self.status < _REDIRECT


class Refusal(StoreError):
    """A clear no of the server: its status, and S3's name of the reason."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.status = answer.status
        self.code = answer.code
        self._answer = answer

    def __reduce__(self) -> tuple[type[Refusal], tuple[str, Answer]]:
        return type(self), (str(self), self._answer)


class Place(NamedTuple):
    """Where requests for the bucket go. `base` is the path before the key."""

    scheme: str
    host: str
    base: str
    region: str


class Bucket:
    """A bucket of S3 or of a server that speaks its protocol. Safe in threads and after a fork."""

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str] = os.environ,
        *,
        provider: Provider | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._idle: list[Connection] = []
        profiles = Profiles(environment)
        self.name = name
        self._environment = environment
        self._endpoint = (
            environment.get("AWS_ENDPOINT_URL_S3")
            or environment.get("AWS_ENDPOINT_URL")
            or profiles.setting("endpoint_url")
        )
        self._provider = provider or Provider(environment, profiles)
        self._sleep = sleep
        self.place = self._placed(region_of(environment, profiles))
        self._tls: SSLContext | None = None
        self._process = os.getpid()
        self._skew = 0.0

    def __str__(self) -> str:
        return f"s3://{self.name}" + (f" at {self._endpoint}" if self._endpoint else "")

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the idle connections; the next request opens another."""
        while self._idle:
            self._idle.pop().close()

    def send(
        self,
        method: str,
        key: str,
        query: Query = (),
        headers: Mapping[str, str] = _NO_HEADERS,
        body: Sequence[Data] = (),
        into: BinaryIO | memoryview | None = None,
    ) -> Answer:
        """One request, tried again where the server is busy or silent; any status that is no passing trouble is an answer.

        A body of the answer is written to `into` where it is given and the status is good; into memory only a part of an object,
        of just that size. Raises StoreError where nothing helped, and where there are no credentials.
        """
        call = _Call(method, key, query, headers, body, payload_hash(body), into)
        again, trouble = False, "a redirect"
        turned: set[str] = set()
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._once(call)
            except (OSError, WireError) as error:
                if (
                    type(error).__name__ == "SSLCertVerificationError"
                ):  # by its name: `ssl` is loaded only where it is used
                    raise StoreError(
                        f"{method} {self._shown(key)}: {error}. Name the certificate's authority by AWS_CA_BUNDLE"
                    ) from error
                trouble, again = f"{type(error).__name__}: {error}", True
                self.close()  # where one idle connection is stale, all are
            else:
                if not answer.is_good and self._turns(answer, turned):
                    continue
                if answer.status not in _BUSY_STATUS and answer.code not in _BUSY_CODES:
                    return answer._replace(again=again)
                trouble = f"status {answer.status} {answer.code} {tag(answer.body, 'Message')}".strip()
                again = again or answer.status >= _SERVER_ERROR
            if attempt + 1 < _ATTEMPTS:
                self._sleep(min(0.1 * 2**attempt, _LONGEST_PAUSE) * _jitter())
        raise StoreError(f"{method} {self._shown(key)} failed {_ATTEMPTS} times, the last time with {trouble}")

    def refused(self, answer: Answer, method: str, key: str) -> Refusal:
        """What to tell about an answer that nobody expected."""
        where, code, message = self._shown(key), answer.code, tag(answer.body, "Message")
        told = f"{method} {where}: status {answer.status} {code} {message}".rstrip()
        if code == "NoSuchBucket":
            told = f"there is no bucket {self.name!r} ({self}): create it, or correct the URL"
        elif code in ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken"):
            told = f"{method} {where}: the AWS credentials are wrong ({code}: {message})"
        elif answer.status == FORBIDDEN:
            told = (
                f"{method} {where}: access denied ({message or code or 'no reason given'}). The role needs s3:GetObject, "
                "s3:PutObject and s3:DeleteObject on the objects and s3:ListBucket on the bucket"
            )
        return Refusal(told, answer)

    def _shown(self, key: str) -> str:
        return f"s3://{self.name}/{key}" + (f" at {self._endpoint}" if self._endpoint else "")

    def _turns(self, answer: Answer, turned: set[str]) -> bool:
        """Whether the same request can be sent again at once with what the answer tells: a region, a time, newer credentials."""
        region = answer.headers.get("x-amz-bucket-region") or tag(answer.body, "Region")
        is_other = _REGION.fullmatch(region) and region != self.place.region and region not in turned
        if answer.status in (301, 307, 400) and is_other:
            turned.add(region)
            self.place = self._placed(region)
            self.close()
            return True
        code = answer.code
        if code in turned:
            return False
        turned.add(code)
        if code == "RequestTimeTooSkewed":
            now = _moment(answer.headers.get("date", ""))
            self._skew = self._skew if now is None else now - time.time()
            return now is not None
        if code in _STALE_CODES:
            self._provider.refuse(self._provider.get())
            return True
        return False

    def _placed(self, region: str) -> Place:
        if not _REGION.fullmatch(region):
            raise SetupError(f"{region!r} is no AWS region: correct AWS_REGION, AWS_DEFAULT_REGION or the profile")
        if self._endpoint:
            parts = parsed(self._endpoint)
            if "@" in parts.host:
                raise SetupError(
                    "the S3 endpoint holds a user or a password, which would be printed: give credentials by AWS_ACCESS_KEY_ID "
                    "and AWS_SECRET_ACCESS_KEY, or by a role"
                )
            if parts.scheme not in ("http", "https") or not parts.host:
                raise SetupError(f"the S3 endpoint {self._endpoint!r} is no http:// or https:// URL")
            return Place(parts.scheme, parts.host, f"{parts.path.rstrip('/')}/{self.name}", region)
        host = f"s3.{region}.{domain(region)}"
        if re.match("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", self.name):
            return Place("https", f"{self.name}.{host}", "", region)
        return Place("https", host, f"/{self.name}", region)

    def _once(self, call: _Call) -> Answer:
        place = self.place
        path = f"{place.base}/{path_text(call.key)}" if call.key else place.base + ("" if place.base else "/")
        headers = sign(
            Request(call.method, path, call.query, {"host": place.host, **call.headers}, call.payload),
            self._provider.get(),
            Scope(place.region, "s3"),
            time.time() + self._skew,
        )
        connection = self._connection(place)
        try:
            target = f"{path}?{query_text(call.query)}" if call.query else path
            try:
                connection.send(call.method, target, headers, call.body)
            except (BrokenPipeError, ConnectionResetError) as error:
                return _early(connection, call, error)
            answer = _received(connection, call)
        except BaseException:  # whatever ended it, the connection is in the middle of something
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    def _connection(self, place: Place) -> Connection:
        if os.getpid() != self._process:  # a fork shares its parent's sockets; the parent goes on with them
            self._process = os.getpid()
            self.close()
        try:
            return self._idle.pop()
        except IndexError:
            return self._connected(place)

    def _connected(self, place: Place) -> Connection:
        if place.scheme == "http":
            return Connection(place.host, _TIMEOUT)
        if self._tls is None:
            with standard_path():
                import ssl

            self._tls = ssl.create_default_context(cafile=self._environment.get("AWS_CA_BUNDLE") or None)
        return Connection(place.host, _TIMEOUT, self._tls, proxy_of(place.host, self._environment))


class _Call(NamedTuple):
    method: str
    key: str
    query: Query
    headers: Mapping[str, str]
    body: Sequence[Data]
    payload: str
    into: BinaryIO | memoryview | None


def _jitter() -> float:
    """Between a half and one. Not of `random`, whose sequence is the flow's own."""
    return 0.5 + os.urandom(1)[0] / 510


def _early(connection: Connection, call: _Call, error: OSError) -> Answer:
    """The answer of a server that did not wait for the whole body, such as a refusal; the error where there is none."""
    if connection.sock is None:  # it was not even opened
        raise error
    answer = _received(connection, call)
    connection.close()
    if answer.is_good:
        raise error
    return answer


def _received(connection: Connection, call: _Call) -> Answer:
    head = connection.receive(call.method)
    answer = Answer(head.status, head.headers, b"", again=False)
    if isinstance(call.into, memoryview):
        if answer.status == PARTIAL and head.length == len(call.into):
            connection.fill(head, call.into)
            return answer._replace(is_filled=True)
    elif call.into is not None and answer.is_good:
        call.into.seek(0)
        call.into.truncate()
        for piece in connection.pieces(head):
            call.into.write(piece)
        return answer
    try:
        return answer._replace(body=connection.body(head))
    except MemoryError:
        raise StoreError(f"{call.method} {call.key}: the answer does not fit into this process's memory") from None


def _moment(date: str) -> float | None:
    """The seconds since 1970 of a `date` header; None for what is no time."""
    with standard_path():
        from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError, OSError, IndexError):
        return None


def tag(body: bytes | bytearray, name: str) -> str:
    """The text of the first element of this name in an XML body; empty where there is none, or the body is no XML."""
    if not body.lstrip().startswith(b"<"):
        return ""
    match = re.search(rf"<{name}>(.*?)</{name}>".encode(), body, re.DOTALL)
    return match[1].decode("utf-8", "replace").strip() if match else ""
