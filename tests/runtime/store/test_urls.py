"""What a URL of a store may be; what is secret in one is never printed."""

from __future__ import annotations

import builtins
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from flowc.store import fault, open_store
from flowc.store.protocol import SetupError

SECRET = "p4ssw0rd"


@pytest.mark.parametrize(
    "url",
    [
        f"s3://key:{SECRET}@bucket/prefix",
        f"gs://{SECRET}@bucket",
        f"az://account:{SECRET}@container/prefix",
        f"az://container/prefix?sv=1&sig={SECRET}",
        f"s3://bucket/prefix?X-Amz-Signature={SECRET}",
        f"https://user:{SECRET}@host/prefix",
        f"s3://bucket/{SECRET}@prefix",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_told(url: str) -> None:
    with pytest.raises(SetupError) as refused:
        open_store(url)
    assert SECRET not in str(refused.value)
    assert SECRET not in fault(url)
    assert "holds a user, a password or a signature" in fault(url)


@pytest.mark.parametrize("url", ["file:/a@b/c?d", "file:rel@x", "s3://b/p", "gs://b", "az://c/p/q"])
def test_what_holds_no_secret_has_no_fault(url: str) -> None:
    assert fault(url) == ""


@pytest.mark.parametrize("url", ["", "x", "ftp://x", "http:/x", "/folder", "gs", "S3://b"])
def test_any_other_url_is_no_store(url: str) -> None:
    with pytest.raises(
        SetupError, match=r"use file:/path, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
    ):
        open_store(url)


@pytest.mark.parametrize("url", ["gs:", "gs://", "gs:///x", "gs://b#c", "gs://b//c", "az:c", "az://c/a//b"])
def test_a_url_without_a_bucket_or_with_an_empty_folder_is_refused(url: str) -> None:
    with pytest.raises(SetupError, match=r"is no (gs://bucket|az://container)/prefix"):
        open_store(url)


@pytest.mark.parametrize("url", ["gs://bucket/prefix", "az://container/prefix"])
def test_without_obstore_it_says_what_to_install(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.partition(".")[0] == "obstore":
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SetupError, match="pip install obstore"):
        open_store(url)


def test_an_obstore_that_names_keys_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    old = SimpleNamespace(__version__="0.6.0", exceptions=None, store=None)
    for name in ("obstore", "obstore.exceptions", "obstore.store"):
        monkeypatch.setitem(sys.modules, name, old)  # type: ignore[arg-type]
    with pytest.raises(SetupError, match=r"needs obstore 0\.8\.2 or newer"):
        open_store("gs://bucket")


def test_obstore_is_imported_for_these_urls_alone() -> None:
    code = (
        "import sys; from flowc.store import open_store; open_store('file:/nowhere'); open_store('s3://bucket/x'); "
        "assert 'obstore' not in sys.modules and 'flowc.store.cloud' not in sys.modules; "
        "open_store('gs://bucket/x'); assert 'obstore' in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
