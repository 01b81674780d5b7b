"""Values as a reader sees them: what is a key or a password by its name is not shown, and counts all the same."""

from __future__ import annotations

import pytest

from compiler.difference.values import HIDDEN, LONGEST, is_secret, masked
from compiler.ir.flow import Value

SECRET = (
    "password",
    "DB_PASSWORD",
    "apiKey",
    "API_KEY",
    "accessToken",
    "tokens",
    "db.secret",
    "client-secret",
    "AUTH",
    "credentials",
    "privateKey",
)
PLAIN = (
    "author",
    "keyboard",
    "monkey",
    "key",
    "passenger",
    "compass",
    "tokenizer",
    "authority",
    "secretary",
    "max_workers",
)


@pytest.mark.parametrize("name", SECRET)
def test_the_value_of_such_a_name_is_not_shown(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", PLAIN)
def test_the_value_of_other_names_is(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("size", 3, "3"),
        ("size", None, "nothing"),
        ("password", None, "nothing"),
        ("password", "x", HIDDEN),
        ("db", {"password": "x", "host": "h"}, f'{{"password": "{HIDDEN}", "host": "h"}}'),
        ("db", ({"token": "x"}, 1), f'[{{"token": "{HIDDEN}"}}, 1]'),
        ("text", "é\n", '"é\\n"'),
        ("text", "x" * 500, f'"{"x" * (LONGEST - 2)}…'),
    ],
)
def test_a_value(name: str, value: Value, shown: str) -> None:
    assert masked(name, value) == shown
