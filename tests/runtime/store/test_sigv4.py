"""Signatures are those of AWS's documentation and of AWS's own signer."""

from __future__ import annotations

import calendar
import datetime
import hashlib
from unittest import mock

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from flowc.store.aws.sigv4 import EMPTY, Credentials, Request, Scope, path_text, payload_hash, query_text, sign
from hypothesis import given, settings
from hypothesis import strategies as st

EXAMPLE = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
HOST = {"host": "examplebucket.s3.amazonaws.com"}
NOON = calendar.timegm((2013, 5, 24, 0, 0, 0))
WELCOME = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
PUT_HEADERS = {**HOST, "Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}


@pytest.mark.parametrize(
    ("request_", "signature"),
    [
        (
            Request("GET", "/test.txt", (), {**HOST, "Range": "bytes=0-9"}, EMPTY),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            Request("PUT", path_text("/test$file.text"), (), PUT_HEADERS, WELCOME),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            Request("GET", "/", (("lifecycle", ""),), HOST, EMPTY),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            Request("GET", "/", (("max-keys", "2"), ("prefix", "J")), HOST, EMPTY),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
    ids=["range", "put", "flag", "listing"],
)
def test_the_published_examples_have_the_published_signatures(request_: Request, signature: str) -> None:
    headers = sign(request_, EXAMPLE, Scope("us-east-1", "s3"), NOON)
    assert headers["authorization"].rpartition("=")[2] == signature


TEXT = st.text(max_size=12)
NAME = st.text(alphabet="abcxyz-", min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    key=TEXT,
    query=st.dictionaries(NAME, TEXT, max_size=3),
    body=st.binary(max_size=20),
    token=st.sampled_from([None, "tok/en=="]),
    service=st.sampled_from(["s3", "sts"]),
)
def test_a_signature_is_that_of_the_vendors_signer(
    key: str, query: dict[str, str], body: bytes, token: str | None, service: str
) -> None:
    path = "/bucket/" + path_text(key) if service == "s3" else "/"
    text = query_text(tuple(query.items()))
    request = Request(
        "PUT", path, tuple(query.items()), {"host": "example.org:9000", "if-match": '"x"'}, payload_hash([body])
    )
    ours = sign(request, Credentials("AK", "SK", token), Scope("eu-west-1", service), NOON)
    theirs = AWSRequest(
        "PUT", f"https://example.org:9000{path}" + (f"?{text}" if text else ""), {"if-match": '"x"'}, body
    )
    theirs.context["payload_signing_enabled"] = True
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(BotoCredentials("AK", "SK", token), service, "eu-west-1")
    with mock.patch(
        "botocore.auth.get_current_datetime", return_value=datetime.datetime.fromtimestamp(NOON, datetime.UTC)
    ):
        signer.add_auth(theirs)
    assert ours["authorization"] == theirs.headers["Authorization"]
