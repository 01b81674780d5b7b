"""AWS behind a policy: what a request asks for, and whether the policy of its role allows it, as IAM decides that."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.stages.s3_server import Reply, Seen, Server, fault, serve

_HOP = {"transfer-encoding", "content-length", "connection", "date", "server"}
Asked = tuple[str, str, Mapping[str, str]]
"""An action, the resource's ARN, and the keys of the request's context."""


def allows(policy: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether one statement allows it; there are no denials."""
    return any(
        action in each["Action"]
        and any(_like(pattern, resource) for pattern in each["Resource"])
        and _holds(each.get("Condition", {}), context)
        for each in policy["Statement"]
    )


def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


def _holds(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    for operator, keys in condition.items():
        assert operator in ("StringLike", "StringLikeIfExists"), operator
        for key, patterns in keys.items():
            if key not in context:
                if operator == "StringLike":
                    return False
            elif not any(_like(pattern, context[key]) for pattern in patterns):
                return False
    return True


def asked(request: Seen) -> list[Asked]:
    """What a request needs to be allowed."""
    if "x-amz-target" in request.headers:
        assert request.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
        name = json.loads(request.body)["SecretId"]
        return [
            ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-aB3xYz", {})
        ]
    parts = urlsplit(request.path)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    query = parse_qs(parts.query, keep_blank_values=True)
    if not key:
        assert request.method == "GET"
        context = {"s3:prefix": query["prefix"][0]} if "prefix" in query else {}
        return [("s3:ListBucket", f"arn:aws:s3:::{bucket}", context)]
    action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject"}.get(request.method)
    action = action or ("AbortMultipartUpload" if "uploadId" in query else "DeleteObject")
    found: list[Asked] = [(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}", {})]
    source = unquote(request.headers.get("x-amz-copy-source", "")).lstrip("/")
    return [*found, ("s3:GetObject", f"arn:aws:s3:::{source}", {})] if source else found


@contextmanager
def behind(policy: Mapping[str, Any], endpoint: str) -> Iterator[Server]:
    """The services of the endpoint as a role sees them that has this policy alone."""

    def script(request: Seen) -> Reply:
        needs = asked(request)
        if not all(allows(policy, *each) for each in needs):
            return Reply(403, fault("AccessDenied"))
        reply = _forwarded(request, endpoint)
        if reply.status == 404 and not allows(policy, "s3:ListBucket", needs[0][1].partition("/")[0], {}):
            return Reply(403, fault("AccessDenied"))
        return reply

    with serve(script) as server:
        yield server


def _forwarded(request: Seen, endpoint: str) -> Reply:
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc)
    try:
        connection.request(request.method, request.path, request.body, dict(request.headers))
        answer = connection.getresponse()
        body = answer.read()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        return Reply(answer.status, body, headers)
    finally:
        connection.close()
