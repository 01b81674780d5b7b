"""`@secrets` in a step: where its variables come from, by kind, and what is said where they do not come."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flowc.exceptions import CallMistake
from flowc.store.protocol import StoreError
from flowc.task.secret_values import variables

from tests.engines.stepfunctions import server

OBJECT = json.dumps({"DB.USER": "ada", "db-password": 7})


def one(source: object, **more: object) -> list[dict[str, object]]:
    """The decorator of one source."""
    return [{"sources": [source], **more}]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("db", {"DB_USER": "ada", "db_password": "7"}),
        ("kubernetes.db", {"DB_USER": "ada", "db_password": "7"}),
        ("aws-secrets-manager.db", {"DB_USER": "ada", "db_password": "7"}),
        ({"id": "db", "options": {"json": False, "env_var_name": "DB"}}, {"DB": OBJECT}),
        ({"id": "db", "options": {"json": False}}, {"db": OBJECT}),
    ],
)
def test_a_variable_stands_in_for_any_secret(source: object, found: dict[str, str]) -> None:
    """A JSON object, whose keys become variables, or a text."""
    assert variables(one(source), {"FLOWC_SECRET_DB": OBJECT}) == found


@pytest.mark.parametrize(
    ("source", "environment", "told"),
    [
        ("films/db", {}, "set FLOWC_SECRET_FILMS_DB to a JSON object"),
        ("kubernetes.db", {}, "set FLOWC_SECRET_DB to a JSON object"),
        ("db", {"FLOWC_SECRET_DB": "plain"}, "no JSON object"),
        ("db", {"FLOWC_SECRET_DB": '{"a b": 1}'}, "'a b' cannot be a variable's name"),
        ("db", {"FLOWC_SECRET_DB": '{"A": "1"}', "A": "2"}, "holds A, which is in the environment"),
    ],
)
def test_what_does_not_come_is_told(source: object, environment: dict[str, str], told: str) -> None:
    """With the name of the secret and what to do, and never its value."""
    with pytest.raises(CallMistake, match=told):
        variables(one(source), environment)


def test_overriding_is_allowed_where_it_is_said() -> None:
    """And two secrets never hold the same name."""
    environment = {"FLOWC_SECRET_DB": '{"A": "1"}', "FLOWC_SECRET_C": '{"A": "3"}', "A": "2"}
    assert variables(one("db", allow_override=True), environment) == {"A": "1"}
    with pytest.raises(CallMistake, match="in another secret"):
        variables([*one("db", allow_override=True), *one("c", allow_override=True)], environment)


def test_keys_of_a_kubernetes_secret_are_there_already() -> None:
    """The target says so; a source of another kind is still asked for."""
    assert variables(one("db"), {"FLOWC_SECRETS": "kubernetes"}) == {}


@pytest.fixture(name="aws", scope="module")
def _aws() -> dict[str, str]:
    client: Any = server().client("secretsmanager")
    client.create_secret(Name="films/db", SecretString=OBJECT)
    client.create_secret(Name="token", SecretString="t0p")
    client.create_secret(Name="key.pem", SecretBinary=b"\x00\xff")
    return {**server().environment, "FLOWC_SECRETS": "aws-secrets-manager"}


def test_secrets_manager_is_asked(aws: dict[str, str]) -> None:
    """By name, by ARN, with a role, as a text, in bytes; without a kind where it is the target's own."""
    arn = server().client("secretsmanager").describe_secret(SecretId="films/db")["ARN"]
    both = {"DB_USER": "ada", "db_password": "7"}
    assert variables(one("films/db"), aws) == both
    assert variables(one({"type": "aws-secrets-manager", "id": arn}), {**aws, "FLOWC_SECRETS": "kubernetes"}) == both
    assert variables(one("aws-secrets-manager.films/db", role="arn:aws:iam::123456789012:role/reader"), aws) == both
    assert variables(one({"id": "token", "options": {"json": False, "env_var_name": "T"}}), aws) == {"T": "t0p"}
    assert variables(one({"id": "key.pem"}), aws) == {"key_pem": "AP8="}


def test_what_secrets_manager_refuses_is_told(aws: dict[str, str]) -> None:
    """Its own reason, and where there are no credentials, where they were looked for."""
    with pytest.raises(CallMistake, match="'nobody' cannot be read: ResourceNotFoundException"):
        variables(one("nobody"), aws)
    bare = {"FLOWC_SECRETS": "aws-secrets-manager", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"}
    with pytest.raises(StoreError, match="'db' cannot be read: no AWS credentials"):
        variables(one("db"), bare)
