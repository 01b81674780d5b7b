"""HTTP/1.1 over one connection that is kept alive: what S3 and its like need of it.

`http.client` is the standard library's; it reads headers with `email`, whose import costs more than all requests of a step.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping, Sequence

from flowc.named_tuple import NamedTuple
from flowc.store.protocol import Data, SetupError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import BufferedReader, IOBase
    from ssl import SSLContext

_CHUNK = 1 << 20
_TRUSTED = 64 << 20
"""So much memory is taken because a server says that so many bytes will come; for more, what has come must be as much."""
_LONGEST_LINE = 1 << 16
_MOST_HEADERS = 256
_MOST_CONTINUED = 16
_LAST_PORT = 65535
_LENGTH = re.compile("[0-9]{1,18}")
_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}[ \t]*(?:;.*)?\r?\n", re.DOTALL)
_REDIRECT, _NO_CONTENT, _NOT_MODIFIED, _GOOD, _CONTINUED = 300, 204, 304, 200, range(100, 200)


class WireError(Exception):
    """What came is no complete answer of HTTP."""


class Url(NamedTuple):
    """`scheme://host:port/path`; `host` with its port, `path` with its `/` or empty."""

    scheme: str
    host: str
    path: str


def parsed(url: str) -> Url:
    """The parts of a URL."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return Url(scheme, host, slash + path)


def proxy_of(host: str, environment: Mapping[str, str]) -> str:
    """The host and port of `HTTPS_PROXY`, unless `NO_PROXY` names the host or a domain above it."""
    url = environment.get("HTTPS_PROXY") or environment.get("https_proxy") or ""
    spared = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    name = host.rpartition(":")[0] or host
    for word in spared.replace(",", " ").split():
        if word in ("*", name) or name.endswith("." + word.lstrip("*.")):
            return ""
    return parsed(url if "://" in url else "http://" + url).host.rpartition("@")[2]


class Head(NamedTuple):
    """An answer without its body: `headers` in lower case; `length` is None where the body is chunked or ends with the connection."""

    status: int
    headers: Mapping[str, str]
    length: int | None
    is_chunked: bool
    is_last: bool


class Connection:
    """A connection to `host`, opened when the first request is sent, and again where it was closed."""

    def __init__(self, host: str, timeout: float, tls: SSLContext | None = None, proxy: str = "") -> None:
        self.sock: socket.socket | None = None
        self._host, self._timeout, self._tls, self._proxy = host, timeout, tls, proxy
        self._reader: BufferedReader | None = None

    def close(self) -> None:
        """End it; the next request opens another."""
        for part in (self._reader, self.sock):
            if part is not None:
                part.close()
        self._reader = self.sock = None

    def send(self, method: str, target: str, headers: Mapping[str, str], body: Sequence[Data] = ()) -> None:
        """Send a request; `host` is among the headers, the body's length is added. Raises OSError, StoreError for what cannot be sent."""
        parts = [memoryview(part).cast("B") for part in body]
        size = sum(part.nbytes for part in parts)
        lines = [f"{method} {target} HTTP/1.1", *map(_header, headers.items())]
        if size or method in ("PUT", "POST"):
            lines.append(f"content-length: {size}")
        head = _line_bytes(lines)
        sock = self.sock or self._opened()
        if size <= _CHUNK:
            sock.sendall(b"".join((head, *parts)))
            return
        sock.sendall(head)
        for part in parts:
            sock.sendall(part)

    def receive(self, method: str) -> Head:
        """The answer's head; its body must be read before the next request. Raises OSError, WireError."""
        assert self._reader is not None, "a request was sent"
        return _head(self._reader, method)

    def body(self, head: Head) -> bytes | bytearray:
        """The whole body, in memory of its own."""
        if head.length is None:
            return b"".join(self.pieces(head))
        assert self._reader is not None, "a head was received"
        body, done = bytearray(min(head.length, _TRUSTED)), 0
        while done < head.length:
            if done == len(body):
                body += bytes(min(done, head.length - done))
            with memoryview(body) as view:
                done += _some(self._reader.readinto(view[done:]), done, head.length)
        self._ended(head)
        return body

    def fill(self, head: Head, room: memoryview) -> None:
        """The whole body, into memory of just its size."""
        assert self._reader is not None, "a head was received"
        done = 0
        while done < len(room):
            done += _some(self._reader.readinto(room[done:]), done, len(room))
        self._ended(head)

    def pieces(self, head: Head) -> Iterator[bytes]:
        """The body, bit by bit."""
        assert self._reader is not None, "a head was received"
        if head.is_chunked:
            yield from _chunks(self._reader)
        elif head.length is None:
            while piece := self._reader.read(_CHUNK):
                yield piece
        else:
            done = 0
            while done < head.length:
                piece = self._reader.read(min(_CHUNK, head.length - done))
                done += _some(len(piece), done, head.length)
                yield piece
        self._ended(head)

    def _ended(self, head: Head) -> None:
        if head.is_last:
            self.close()

    def _opened(self) -> socket.socket:
        default = 443 if self._tls else 80
        place = _address(self._proxy, 80) if self._proxy else _address(self._host, default)
        wrong = SetupError(f"{self._host!r} is no host, or its port is none")
        if place[1] > _LAST_PORT:
            raise wrong
        try:
            sock = socket.create_connection(place, self._timeout)
        except UnicodeError:
            raise wrong from None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            host, port = _address(self._host, default)
            if self._proxy:
                _tunnel(sock, self._proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
            self.sock = self._tls.wrap_socket(sock, server_hostname=host) if self._tls else sock
        except BaseException:  # whatever ended it, nobody else closes it
            sock.close()
            raise
        self._reader = self.sock.makefile("rb")
        return self.sock


def _address(host: str, default: int) -> tuple[str, int]:
    name, _, port = host.rpartition(":")
    if port.isdecimal() and name and (":" not in name or name[-1] == "]"):
        return name.strip("[]"), int(port)
    return host.strip("[]"), default


def _tunnel(sock: socket.socket, proxy: str, target: str) -> None:
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n".encode("latin-1"))
    with sock.makefile("rb", 0) as reader:  # unbuffered: what follows the head belongs to TLS
        status = _head(reader, "CONNECT").status
    if not _GOOD <= status < _REDIRECT:
        raise OSError(f"the proxy {proxy} answered {status}")


def _header(item: tuple[str, str]) -> str:
    return ": ".join(item)


def _line_bytes(lines: Sequence[str]) -> bytes:
    """The lines of a request's head. What a server told may be in them; it must not make two of one."""
    for line in lines:
        if "\r" in line or "\n" in line or not line.isascii():
            raise StoreError(
                f"a request cannot be sent: its {line.partition(':')[0][:80]!r} has a line break in it, or is no ASCII"
            )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _head(reader: IOBase, method: str) -> Head:
    status, version = _status(reader)
    headers = _headers(reader)
    for _ in range(_MOST_CONTINUED):
        if status not in _CONTINUED:
            break
        status, version = _status(reader)
        headers = _headers(reader)
    else:
        raise WireError(f"status {status} again and again")
    wish = headers.get("connection", "").lower()
    is_last = "close" in wish or (version == b"HTTP/1.0" and "keep-alive" not in wish)
    if method in ("HEAD", "CONNECT") or status in (_NO_CONTENT, _NOT_MODIFIED):
        return Head(status, headers, 0, False, is_last)
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return Head(status, headers, None, True, is_last)
    length = headers.get("content-length", "")
    if length:
        if not _LENGTH.fullmatch(length):
            raise WireError(f"no length: {length[:80]!r}")
        return Head(status, headers, int(length), False, is_last)
    return Head(status, headers, None, False, True)


def _status(reader: IOBase) -> tuple[int, bytes]:
    line = reader.readline(_LONGEST_LINE)
    if not line:
        raise WireError("Remote end closed the connection without an answer")
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise WireError(f"no answer of HTTP/1.1: {line[:80]!r}")
    return int(rest[:3]), version


def _headers(reader: IOBase) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = reader.readline(_LONGEST_LINE)
        if line in (b"\r\n", b"\n"):
            return found
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or line[-1:] != b"\n":
            raise WireError(f"no header: {line[:80]!r}")
        found[name.strip().lower()] = value.strip()
    raise WireError(f"more than {_MOST_HEADERS} headers")


def _chunks(reader: BufferedReader) -> Iterator[bytes]:
    while size := _chunk_size(reader):
        done = 0
        while done < size:
            piece = reader.read(min(_CHUNK, size - done))
            done += _some(len(piece), done, size)
            yield piece
        if reader.readline(_LONGEST_LINE) not in (b"\r\n", b"\n"):
            raise WireError(f"a chunk is not the {size} bytes that it says")
    for _ in range(_MOST_HEADERS):  # trailers say nothing that is asked for
        if reader.readline(_LONGEST_LINE) in (b"\r\n", b"\n", b""):
            return
    raise WireError(f"more than {_MOST_HEADERS} trailers")


def _chunk_size(reader: BufferedReader) -> int:
    line = reader.readline(_LONGEST_LINE)
    if not _SIZE.fullmatch(line):
        raise WireError(f"no size of a chunk: {line[:80]!r}")
    return int(line.partition(b";")[0], 16)


def _some(count: int | None, done: int, size: int) -> int:
    if not count:
        raise WireError(f"{done} of {size} bytes came")
    return count
