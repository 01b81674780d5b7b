"""The shim's S3, `S3()` and client on the oldest Python that containers may have."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import flowc
import pytest

SCRIPT = """
import sys
assert sys.version_info[:2] == (3, 9), sys.version
from flowc.store.s3 import S3Store
from flowc.datatools import S3
from flowc.client import Flow, Metaflow, namespace
import flowc.store.aws.roles, flowc.store.aws.profiles
store = S3Store("s3://flows/old-python")
store.put("a/b", [b"one ", memoryview(b"two")])
assert store.get("a/b").data == b"one two"
assert bytes(store.get_range("a/b", 4, 3)) == b"two"
assert store.create("c", b"1") and not store.create("c", b"2")
assert store.replace("c", b"2", store.get("c").etag)
store.probe("c", b"2")
assert list(store.list("")) == ["a/b", "c"] and list(store.folders()) == ["a"]
store.delete("c")
assert store.size("c") is None
with S3(s3root="s3://flows/old-python-data") as s3:
    s3.put_many([("x", "1"), ("y/z", b"22")])
    assert [(o.key, o.text) for o in s3.get_all()] == [("x", "1"), ("y/z", "22")]
namespace(None)
assert list(Metaflow()) == []
sys.path.insert(0, sys.argv[1])
from metaflow import FlowSpec, step, S3 as Same
from metaflow.exception import MetaflowNotFound
assert Same is S3
try:
    Flow("None")
except MetaflowNotFound:
    print("all held")
"""


def _python39() -> str | None:
    installed = sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python"))
    return str(installed[-1]) if installed else shutil.which("python3.9")


def test_all_of_it_works_on_python_3_9(environment: Mapping[str, str], tmp_path: Path) -> None:
    python = _python39()
    if python is None:
        pytest.skip("no Python 3.9 is installed here")
    shim = Path(flowc.__file__ or "").parent
    variables = {
        **environment,
        "PYTHONPATH": str(shim.parent),
        "FLOWC_STORE": "s3://flows/old-python",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [python, "-W", "error", "-c", SCRIPT, str(shim / "_compat")],
        env={**variables, "PYTHONDONTWRITEBYTECODE": "1"}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("all held\n", "")
