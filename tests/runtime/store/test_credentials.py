"""Credentials are found where clusters keep them, and renewed before they end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from flowc.store.aws.credentials import Provider, find
from flowc.store.aws.profiles import Profiles, region_of
from flowc.store.aws.sigv4 import Credentials
from flowc.store.protocol import StoreError

from tests.stages.aws import NOWHERE
from tests.stages.s3_server import Reply, Seen, serve

TEMPORARY = {"AccessKeyId": "AK", "SecretAccessKey": "SK", "Token": "TOK", "Expiration": "2040-01-01T00:00:00Z"}
EXPECTED = Credentials("AK", "SK", "TOK", 2208988800.0)
STS = b"""<R xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Credentials><AccessKeyId>AK</AccessKeyId>
<SecretAccessKey>SK</SecretAccessKey><SessionToken>TOK</SessionToken><Expiration>2040-01-01T00:00:00.000Z</Expiration></Credentials></R>"""


def _found(environment: Mapping[str, str]) -> Credentials:
    return find(environment, Profiles(environment))


def _files(folder: Path, credentials: str = "", config: str = "") -> dict[str, str]:
    (folder / "credentials").write_text(credentials)
    (folder / "config").write_text(config)
    return {
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def test_variables_come_first(tmp_path: Path) -> None:
    files = _files(tmp_path, "[default]\naws_access_key_id=other\naws_secret_access_key=other\n")
    keys = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}
    assert _found({**files, **keys}) == Credentials("AK", "SK")
    assert _found({**files, **keys, "AWS_SESSION_TOKEN": "T"}) == Credentials("AK", "SK", "T")
    with pytest.raises(StoreError, match="AWS_SECRET_ACCESS_KEY is not"):
        _found({**files, "AWS_ACCESS_KEY_ID": "AK"})


@pytest.mark.parametrize(
    ("credentials", "config", "profile"),
    [
        ("[default]\naws_access_key_id = AK\naws_secret_access_key = S%K\n", "", None),
        ("[work]\naws_access_key_id = AK\naws_secret_access_key = S%K\n", "", "work"),
        ("", "[profile work]\naws_access_key_id = AK\naws_secret_access_key = S%K\n", "work"),
        (
            "[work]\naws_access_key_id=AK\naws_secret_access_key=S%K\n",
            "[profile work]\naws_access_key_id=X\nregion=r\n",
            "work",
        ),
    ],
)
def test_a_profile_has_keys(tmp_path: Path, credentials: str, config: str, profile: str | None) -> None:
    named = {"AWS_PROFILE": profile} if profile else {}
    assert _found({**_files(tmp_path, credentials, config), **named}) == Credentials("AK", "S%K")


def test_a_profile_says_its_region_and_endpoint(tmp_path: Path) -> None:
    files = _files(tmp_path, config="[default]\nregion = eu-west-3\nendpoint_url = http://localhost:1\n")
    assert region_of(files, Profiles(files)) == "eu-west-3"
    assert Profiles(files).setting("endpoint_url") == "http://localhost:1"
    assert region_of({**files, "AWS_REGION": "x"}, Profiles(files)) == "x"
    assert region_of(NOWHERE, Profiles(NOWHERE)) == "us-east-1"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("", "names the profile 'p', which is in neither"),
        ("[profile p]\nsso_session = s\n", "single sign-on"),
        ("[profile p]\nrole_arn = r\n", "needs source_profile or credential_source"),
        ("[profile p]\nrole_arn = r\nsource_profile = q\n", "builds on 'q', which is missing"),
        ("[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nrole_arn=r\nsource_profile=p\n", "builds on"),
        ("[profile p]\ncredential_process = false\n", "credential_process of the AWS profile 'p' failed"),
        ("[profile p]\ncredential_process = echo hello\n", "printed no credentials"),
        ("[profile p\n", "cannot be read"),
    ],
)
def test_a_profile_that_cannot_work_says_why(tmp_path: Path, config: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        _found({**_files(tmp_path, config=config), "AWS_PROFILE": "p"})


def test_a_process_prints_credentials(tmp_path: Path) -> None:
    printed = {"Version": 1, "SessionToken": "TOK", **{k: v for k, v in TEMPORARY.items() if k != "Token"}}
    (tmp_path / "keys.py").write_text(f"print({json.dumps(printed)!r})")
    config = f"[default]\ncredential_process = {sys.executable} {tmp_path / 'keys.py'}\n"
    assert _found(_files(tmp_path, config=config)) == EXPECTED


def test_a_role_is_assumed_with_its_sources_keys(tmp_path: Path) -> None:
    config = "[profile p]\nrole_arn = arn:r\nexternal_id = e/1\nsource_profile = q\n"
    files = _files(tmp_path, "[q]\naws_access_key_id = SOURCE\naws_secret_access_key = s\n", config)
    with serve(lambda _: Reply(200, STS)) as server:
        assert (
            _found({**files, "AWS_PROFILE": "p", "AWS_ENDPOINT_URL_STS": server.url, "AWS_REGION": "eu-west-1"})
            == EXPECTED
        )
    (seen,) = server.seen
    form = parse_qs(seen.body.decode())
    assert (form["Action"], form["RoleArn"], form["ExternalId"]) == (["AssumeRole"], ["arn:r"], ["e/1"])
    assert "Credential=SOURCE/" in seen.headers["authorization"]
    assert "/eu-west-1/sts/" in seen.headers["authorization"]


def test_a_service_accounts_token_is_exchanged_and_read_again_each_time(tmp_path: Path) -> None:
    token = tmp_path / "token"
    environment = {**NOWHERE, "AWS_ROLE_ARN": "arn:r", "AWS_WEB_IDENTITY_TOKEN_FILE": str(token)}
    with serve(lambda _: Reply(200, STS)) as server:
        for text in ("first+/=", "second"):
            token.write_text(text + "\n")
            assert _found({**environment, "AWS_ENDPOINT_URL_STS": server.url}) == EXPECTED
    forms = [parse_qs(seen.body.decode()) for seen in server.seen]
    assert [form["WebIdentityToken"] for form in forms] == [["first+/="], ["second"]]
    assert all("authorization" not in seen.headers for seen in server.seen)


def test_a_refused_role_says_why(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    environment = {**NOWHERE, "AWS_ROLE_ARN": "arn:r", "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    denied = Reply(403, b"<ErrorResponse><Error><Message>Not authorized</Message></Error></ErrorResponse>")
    with (
        serve(lambda _: denied) as server,
        pytest.raises(StoreError, match="role arn:r cannot be assumed: Not authorized"),
    ):
        _found({**environment, "AWS_ENDPOINT_URL_STS": server.url})


def test_a_pod_has_its_containers_role(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pod-token\n")

    def answer(seen: Seen) -> Reply:
        if len(server.seen) == 1:
            return Reply(503)
        assert seen.headers["authorization"] == "pod-token"
        return Reply(200, json.dumps(TEMPORARY).encode())

    with serve(answer) as server:
        environment = {
            **NOWHERE,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/v1/credentials?x=1",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
        }
        assert _found(environment) == EXPECTED
    assert [seen.path for seen in server.seen] == ["/v1/credentials?x=1"] * 2


def _instance(seen: Seen) -> Reply:
    """IMDSv2: a token first, then a role's name, then its credentials."""
    root = "/latest/meta-data/iam/security-credentials/"
    if seen.method == "PUT" and seen.path == "/latest/api/token":
        return Reply(200, b"imds-token") if seen.headers["x-aws-ec2-metadata-token-ttl-seconds"] else Reply(400)
    if seen.headers.get("x-aws-ec2-metadata-token") != "imds-token":
        return Reply(401)
    return {root: Reply(200, b"the-role"), root + "the-role": Reply(200, json.dumps(TEMPORARY).encode())}[seen.path]


def test_an_instance_has_its_role() -> None:
    files = {name: value for name, value in NOWHERE.items() if name != "AWS_EC2_METADATA_DISABLED"}
    with serve(_instance) as server:
        assert _found({**files, "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url}) == EXPECTED
    with serve(lambda _: Reply(404)) as server, pytest.raises(StoreError, match="no AWS credentials"):
        _found({**files, "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url})


def _expiring(seconds: float) -> Reply:
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return Reply(200, json.dumps({**TEMPORARY, "Expiration": end}).encode())


def test_credentials_are_kept_until_shortly_before_their_end() -> None:
    replies = [_expiring(60), _expiring(3600)]
    with serve(lambda _: replies[min(len(server.seen), 2) - 1]) as server:
        provider = Provider({**NOWHERE, "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url})
        first = provider.get()
        second = provider.get()
        assert provider.get() == second != first
        assert len(server.seen) == 2
        provider.refuse(first)
        provider.get()
        assert len(server.seen) == 2, "these are newer than the refused ones"
        provider.refuse(second)
        provider.get()
        assert len(server.seen) == 3


def test_credentials_that_still_hold_outlive_a_failed_renewal() -> None:
    with serve(lambda _: _expiring(60) if len(server.seen) == 1 else Reply(403)) as server:
        provider = Provider({**NOWHERE, "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url})
        assert provider.get() == provider.get()
    assert len(server.seen) == 2
