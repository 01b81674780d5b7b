"""Temporary AWS credentials: a role assumed, a container's or an instance's role, a process that prints them."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path
from flowc.store.aws.sigv4 import Credentials, Request, Scope, Sts, payload_hash, sign
from flowc.store.aws.wire import Connection, WireError, parsed
from flowc.store.protocol import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ssl import SSLContext
    from typing import Any

_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500
_PAUSES = (0.2, 0.6, 1.8)
_METADATA_TRIES = 3


class _Call(NamedTuple):
    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    timeout: float = 10.0


def web_identity(role: str, token_file: str, session: str | None, sts: Sts) -> Credentials:
    """What a service account's token (IRSA, any OIDC) is worth. The file is read each time: its owner renews it."""
    token = _text(token_file, "AWS_WEB_IDENTITY_TOKEN_FILE")
    form = _form("AssumeRoleWithWebIdentity", role, session, WebIdentityToken=token)
    return _from_sts(_Call("POST", sts.endpoint + "/", {"content-type": _FORM}, form), role)


def assume_role(role: str, session: str | None, external_id: str | None, source: Credentials, sts: Sts) -> Credentials:
    """The role's credentials, asked for with those of its source."""
    extra = {"ExternalId": external_id} if external_id else {}
    form = _form("AssumeRole", role, session, **extra)
    host = parsed(sts.endpoint).host
    request = Request("POST", "/", (), {"host": host, "content-type": _FORM}, payload_hash((form,)))
    headers = sign(request, source, Scope(sts.region, "sts"), time.time())
    return _from_sts(_Call("POST", sts.endpoint + "/", headers, form), role)


def ask_json(url: str, target: str, body: bytes, credentials: Credentials, scope: Scope) -> tuple[int, bytes]:
    """Status and body of a call of one of AWS's JSON services, as Secrets Manager is one. Raises StoreError."""
    known = {"host": parsed(url).host, "content-type": "application/x-amz-json-1.1", "x-amz-target": target}
    headers = sign(Request("POST", "/", (), known, payload_hash((body,))), credentials, scope, time.time())
    return _ask(_Call("POST", url, headers, body), f"AWS {scope.service}")


def container(url: str, token_file: str | None, token: str | None) -> Credentials:
    """The role of an ECS task or of an EKS pod (Pod Identity)."""
    authorization = _text(token_file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") if token_file else token
    headers = {"authorization": authorization} if authorization else {}
    status, body = _ask(_Call("GET", url, headers), "the container's credentials")
    if status != _OK:
        raise StoreError(f"the container's credentials at {url} answered {status}: {_shown(body)}")
    return _from_json(body, url)


def instance(endpoint: str) -> Credentials | None:
    """The role of the EC2 instance, by IMDSv2. None where nothing answers or there is no role."""
    root = endpoint.rstrip("/") + "/latest/"
    token = _metadata_token(root)
    if token is None:
        return None
    place = root + "meta-data/iam/security-credentials/"
    proof = {"x-aws-ec2-metadata-token": token}
    status, role = _ask(_Call("GET", place, proof), "the instance's metadata")
    if status != _OK or not role.strip():
        return None
    url = place + role.decode("latin-1").split("\n")[0].strip()
    status, body = _ask(_Call("GET", url, proof), "the instance's metadata")
    if status != _OK:
        raise StoreError(f"the instance's role at {url} answered {status}: {_shown(body)}")
    return _from_json(body, url)


def _metadata_token(root: str) -> str | None:
    """What the instance's metadata is asked with; None where there is none. Many pods that start at once may have to ask again."""
    call = _Call("PUT", root + "api/token", {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}, timeout=1.0)
    for _ in range(_METADATA_TRIES):
        try:
            status, token = _once(call)
        except socket.timeout:
            continue
        except (OSError, WireError):
            return None
        if status < _SERVER_ERROR and status != _TOO_MANY:
            return token.decode("latin-1") if status == _OK else None
    return None


def process(command: str, profile: str) -> Credentials:
    """What the profile's `credential_process` prints."""
    import shlex
    import subprocess

    try:
        done = subprocess.run(shlex.split(command), capture_output=True, check=True, timeout=120)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise StoreError(f"credential_process of the AWS profile {profile!r} failed: {error}") from error
    try:
        return _told(json.loads(done.stdout), "SessionToken")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"credential_process of the AWS profile {profile!r} printed no credentials") from error


def _form(action: str, role: str, session: str | None, **extra: str) -> bytes:
    name = session or f"flowc-{os.getpid()}"
    fields = {"Action": action, "Version": "2011-06-15", "RoleArn": role, "RoleSessionName": name, **extra}
    return urlencode(fields).encode()


def _from_sts(call: _Call, role: str) -> Credentials:
    status, body = _ask(call, "the AWS security token service")
    text = body.decode("utf-8", "replace")
    if status != _OK:
        raise StoreError(f"the role {role} cannot be assumed: {_tag(text, 'Message') or _shown(body)}")
    key, secret, token, end = (
        _tag(text, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    )
    if not (key and secret):
        raise StoreError(f"{call.url} gave no credentials for the role {role}")
    try:
        return Credentials(key, secret, token, _moment(end) if end else None)
    except ValueError as error:
        raise StoreError(f"{call.url} gave credentials for the role {role} with {error}") from error


def _told(found: Any, token: str) -> Credentials:
    """The credentials of a JSON object. Raises ValueError, KeyError or TypeError for any other."""
    texts = (found["AccessKeyId"], found["SecretAccessKey"], found.get(token), found.get("Expiration"))
    if not all(isinstance(text, str) or (text is None and place > 1) for place, text in enumerate(texts)):
        raise TypeError("what is no text")
    return Credentials(*texts[:3], _moment(texts[3]) if texts[3] else None)


def _from_json(body: bytes, url: str) -> Credentials:
    try:
        return _told(json.loads(body), "Token")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"{url} gave no credentials") from error


def _ask(call: _Call, what: str) -> tuple[int, bytes]:
    """Status and body, after a few tries where the server is busy or silent. Raises StoreError."""
    last = ""
    for pause in (*_PAUSES, None):
        try:
            status, body = _once(call)
        except (OSError, WireError) as error:
            last = f"{type(error).__name__}: {error}"
        else:
            if status < _SERVER_ERROR and status != _TOO_MANY:
                return status, body
            last = f"status {status}"
        if pause is not None:
            time.sleep(pause)
    raise StoreError(f"{what} at {call.url} did not answer: {last}")


def _once(call: _Call) -> tuple[int, bytes]:
    url = parsed(call.url)
    connection = Connection(url.host, call.timeout, _tls() if url.scheme == "https" else None)
    try:
        connection.send(call.method, url.path or "/", {"host": url.host, **call.headers}, [call.body])
        head = connection.receive(call.method)
        return head.status, bytes(connection.body(head))
    finally:
        connection.close()


def _tls() -> SSLContext:
    with standard_path():
        import ssl

    return ssl.create_default_context()


def _text(path: str, variable: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError as error:
        raise StoreError(f"{variable} names a file that cannot be read: {error}") from error


def _tag(text: str, name: str) -> str | None:
    match = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return match[1].strip() if match else None


def _shown(body: bytes) -> str:
    return body[:200].decode("utf-8", "replace").strip()


def _moment(text: str) -> float:
    import calendar

    match = re.match(r"([0-9-]{8,10}T[0-9:]{5,8})(?:\.[0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?$", text)
    if not match:
        raise ValueError(f"no time: {text!r}")
    seconds = calendar.timegm(time.strptime(match[1], "%Y-%m-%dT%H:%M:%S"))
    zone = match[2] or "Z"
    if zone == "Z":
        return float(seconds)
    offset = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return float(seconds + offset if zone[0] == "-" else seconds - offset)
