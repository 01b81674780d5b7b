"""The digests that name archives and images: those of `hashlib`, whatever computes them."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from compiler import reading


@pytest.mark.parametrize("size", [0, 1, 1000, reading._LARGE - 1, reading._LARGE, reading._LARGE + 1])
def test_it_is_the_sha256(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert reading.digest_of(data) == hashlib.sha256(data).hexdigest()


def test_a_python_without_its_own_takes_openssl_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_OWN", "_no_such_module")
    assert reading.digest_of(b"x") == hashlib.sha256(b"x").hexdigest()


def test_a_small_digest_loads_no_openssl() -> None:
    program = "import sys; from compiler.reading import digest_of; digest_of(b'x'); print('_hashlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
