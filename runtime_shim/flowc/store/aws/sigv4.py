"""AWS Signature Version 4: the headers that prove who sends a request."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable, Mapping, Sequence

from flowc.named_tuple import NamedTuple
from flowc.store.protocol import SetupError

Query = Sequence[tuple[str, str]]

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_QUOTED = [chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in range(256)]

EMPTY = hashlib.sha256(b"").hexdigest()


class Credentials(NamedTuple):
    """A key pair; `token` goes with temporary ones, which end at `expires` (seconds since the epoch)."""

    access_key: str
    secret_key: str
    token: str | None = None
    expires: float | None = None


class Scope(NamedTuple):
    """What a signature holds for."""

    region: str
    service: str


class Sts(NamedTuple):
    """Where roles are assumed."""

    endpoint: str
    region: str


class Request(NamedTuple):
    """What is signed. `path` is encoded already; `query` and `headers` are as the caller means them, `payload` is the body's sha256."""

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    payload: str


def sign(request: Request, credentials: Credentials, scope: Scope, now: float) -> dict[str, str]:
    """The request's headers with `x-amz-date`, `authorization` and what else the signature needs; names in lower case.

    `host` must be among the headers. `x-amz-content-sha256` is added for S3 alone, which wants it. Raises SetupError for
    credentials that nobody can have.
    """
    if not all(map(_is_clean, (credentials.access_key, credentials.secret_key, credentials.token or ""))):
        raise SetupError(
            "the AWS credentials hold a line break, a space or what is no ASCII: they were copied with more around them"
        )
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    headers = {name.lower(): " ".join(value.split()) for name, value in request.headers.items()}
    headers["x-amz-date"] = stamp
    if scope.service == "s3":
        headers["x-amz-content-sha256"] = request.payload
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(headers))
    area = f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    canonical = _canonical(request, headers, names)
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{area}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(_key(credentials.secret_key, stamp[:8], scope), text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{area}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def query_text(query: Query) -> str:
    """The query in the order and the encoding that the signature asks for; send it like this."""
    encoded = sorted((_encode(name), _encode(value)) for name, value in query)
    return "&".join(f"{name}={value}" for name, value in encoded)


def path_text(key: str) -> str:
    """A key as the path of a URL; S3 encodes once and takes `//` and `..` as they are."""
    return "/".join(map(_encode, key.split("/")))


def payload_hash(parts: Iterable[bytes | bytearray | memoryview]) -> str:
    """The sha256 of the parts, one after the other."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _canonical(request: Request, headers: Mapping[str, str], names: str) -> str:
    lines = [f"{name}:{headers[name]}" for name in names.split(";")]
    return "\n".join(
        (request.method, request.path or "/", query_text(request.query), *lines, "", names, request.payload)
    )


def _key(secret: str, day: str, scope: Scope) -> bytes:
    key = ("AWS4" + secret).encode()
    for part in (day, scope.region, scope.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _is_clean(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _encode(text: str) -> str:
    return "".join(map(_QUOTED.__getitem__, text.encode()))
