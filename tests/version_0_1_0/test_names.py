"""Names of 0.1.0 in pickles: each one is found, and is what today's public name gives. Old names are data here, never imported."""

from __future__ import annotations

import json
import pickle
import sys
from base64 import b64decode
from pathlib import Path
from subprocess import run
from typing import Any

import flowc
import pytest
from flowc import Task

from tests.version_0_1_0 import NAMES, ROOT
from tests.version_0_1_0.kept import copied_store
from tests.version_0_1_0.texts import text_of

ROWS: list[dict[str, Any]] = json.loads(NAMES.read_text("utf-8"))
SHIM = Path(flowc.__path__[0]).parent
(COMPAT,) = (path.parents[1] for path in Path(flowc.__path__[0]).rglob("metaflow/__init__.py"))

ALONE = """
import asyncio, base64, dataclasses, datetime, hashlib, http, inspect, json, os, pickle, subprocess, sys, tempfile, urllib.request

def looked_up(value, public):
    from importlib import import_module
    place, _, name = public.partition(":")
    found = getattr(import_module(place), name)
    return "is the public one" if found in (value, type(value)) else f"{public} is another one: {found!r}"

def answer(row):
    assert not any(name.partition(".")[0] in ("flowc", "metaflow") for name in sys.modules)
    value = pickle.loads(base64.b64decode(row["pickle"]))
    sys.path += sys.argv[2:]
    from tests.version_0_1_0.texts import text_of
    said = text_of(value) if row["kind"] == "instance" else value.__qualname__
    return [said, looked_up(value, row["public"]) if row["public"] else ""]

sys.path.append(sys.argv[1])
for row in json.load(sys.stdin):
    if os.fork():
        os.wait()
        continue
    try:
        told = answer(row)
    except BaseException as error:
        told = [f"{type(error).__name__}: {error}", ""]
    print(json.dumps([row["kind"], row["of"], *told]), flush=True)
    os._exit(0)
"""
"""Each row in a fork of an interpreter that has imported nothing of flowc, only some of the standard library, which is slow."""


def _expected(row: dict[str, Any]) -> list[str]:
    return [row["kind"], row["of"], row["said"], "is the public one" if row["public"] else ""]


def test_every_name_is_found_by_a_fresh_interpreter_and_is_the_public_one() -> None:
    words = [sys.executable, "-I", "-S", "-c", ALONE, str(SHIM), str(ROOT), str(COMPAT)]
    done = run(words, input=json.dumps(ROWS), capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one for one in told if one not in map(_expected, ROWS)] == []
    assert told == [_expected(row) for row in ROWS]


def test_every_name_is_found_through_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_STORE", copied_store(tmp_path))
    monkeypatch.setenv("METAFLOW_NAMESPACE", "user:ann")
    task = Task("NamesFlow/local-names/start/-", _namespace_check=False)
    assert {row["artifact"] for row in ROWS} == {one.id for one in task}
    for row in ROWS:
        (value,) = task[row["artifact"]].data
        plain = pickle.loads(b64decode(row["pickle"]))
        assert type(value) is type(plain), row["of"]
        if row["kind"] == "reference":
            assert value is plain, row["of"]
        else:
            assert text_of(value) == row["said"], row["of"]
