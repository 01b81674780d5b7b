"""Where Airflow is and who asks: what counts, what is refused, and that no secret is ever told."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from compiler.backends.airflow import BACKEND
from compiler.backends.airflow.operate.connecting import Credentials, place
from compiler.backends.operating import Connection, EngineError
from compiler.mistakes import CallError

URL = "https://airflow.example.com/team"
CANARY = "canary-7f3a"


def settled(options: dict[str, object] | None = None, **variables: str) -> object:
    given = {"url": URL} if options is None else options
    return place(Connection(given, variables))  # type: ignore[arg-type]  # as TOML gives it


@pytest.mark.parametrize(
    ("options", "variables", "url"),
    [
        ({"url": "http://one:8080/"}, {"AIRFLOW_API_URL": "http://two"}, "http://one:8080"),
        ({}, {"AIRFLOW_API_URL": "http://two"}, "http://two"),
        ({"url": "https://one/team/api/v2/"}, {}, "https://one/team"),
        ({"url": "https://one/api/v1"}, {}, "https://one"),
    ],
)
def test_the_address_is_the_options_or_the_variables(
    options: dict[str, object], variables: dict[str, str], url: str
) -> None:
    assert settled(options, **variables).url == url  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "no address of Airflow is known: set AIRFLOW_API_URL"),
        ({"url": "airflow.example.com"}, "must be http://host"),
        ({"url": "https://one:port"}, "must be http://host"),
        ({"url": f"https://me:{CANARY}@one"}, "holds a user or a password"),
        ({"url": f"https://one/?token={CANARY}"}, "without `.` and `#`"),
        ({"url": URL, "ca": "/no/such/file"}, "there is no file /no/such/file"),
        ({"url": URL, "wait": "soon"}, "`wait` in .* must be a number of seconds"),
        ({"url": URL, "dags": 7}, "`dags` in .* must be a text"),
    ],
)
def test_what_cannot_be_a_connection_is_said_in_a_line(options: dict[str, object], says: str) -> None:
    with pytest.raises((CallError, EngineError), match=says) as refused:
        settled(options)
    assert CANARY not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_token_counts_before_a_password_and_both_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "flowc" / "airflow.toml"
    file.parent.mkdir()
    file.write_text(f'["{URL}"]\nusername = "of"\npassword = "file"\n')
    file.chmod(0o600)
    both = {"AIRFLOW_API_USERNAME": "me", "AIRFLOW_API_PASSWORD": "secret"}
    home = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert settled(None, **home, **both, AIRFLOW_API_TOKEN="t").credentials == Credentials(token="t")  # type: ignore[attr-defined]
    assert settled(None, **home, **both).credentials == Credentials(user="me", password="secret")  # type: ignore[attr-defined]
    assert settled(None, **home).credentials == Credentials(user="of", password="file")  # type: ignore[attr-defined]
    assert settled({"url": "https://other"}, **home).credentials == Credentials()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        (f'["{URL}"]\ntoken = "{CANARY}"\n', 0o644, "can be read by others, and holds credentials: `chmod 600"),
        (f'["{URL}"]\ntoken = {CANARY}\n', 0o600, "is no TOML"),
        (f'["{URL}"]\ntoken = 7\nother = "{CANARY}"\n', 0o600, "must be a table of texts"),
        (f'["{URL}"]\ntoken = "{CANARY}\\n"\n', 0o600, "holds characters that no token has"),
    ],
)
def test_a_file_of_credentials_that_cannot_be_taken_is_not_quoted(
    tmp_path: Path, text: str, mode: int, says: str
) -> None:
    file = tmp_path / ".config" / "flowc" / "airflow.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(CallError, match=says) as refused:
        settled(None, HOME=str(tmp_path))
    assert CANARY not in str(refused.value)


def test_half_of_a_pair_is_refused() -> None:
    with pytest.raises(CallError, match="AIRFLOW_API_PASSWORD is not set"):
        settled(None, AIRFLOW_API_USERNAME="me")


def test_a_connection_shows_no_secret() -> None:
    found = settled(None, AIRFLOW_API_USERNAME="me", AIRFLOW_API_PASSWORD=CANARY)
    engine = BACKEND.connect(Connection({"url": URL}, {"AIRFLOW_API_TOKEN": CANARY}))
    assert CANARY not in repr(found) + repr(engine) + engine.where


def test_a_library_that_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match=r"pip install 'flowc\[airflow\]'"):
        BACKEND.connect(Connection({"url": URL}, {}))
