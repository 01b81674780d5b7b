"""Files where Airflow reads them: whole or not there, readable by others, in a folder or a bucket, with the record of each text."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from compiler.backends.airflow.operate import folder as places
from compiler.backends.airflow.operate.folder import Folder
from compiler.backends.operating import EngineError, Record
from compiler.mistakes import CallError

RECORD = Record("flows/a.py:AFlow", "0" * 64, "abc+", "me", "2026-01-01T00:00:00Z", "1.0", "s3://b/p")
TEXT = "print('é 漢')\r\n# no end"


@pytest.fixture(params=["folder", "bucket"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    if request.param == "folder":
        yield places.opened(str(tmp_path))
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in (
        ("AWS_ENDPOINT_URL", f"http://{host}:{port}"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    try:
        import boto3

        boto3.client("s3").create_bucket(Bucket="dags-of-tests")
        yield places.opened(f"s3://dags-of-tests/{tmp_path.name}")
    finally:
        server.stop()


def test_a_file_is_what_was_written_until_it_is_removed(folder: Folder) -> None:
    assert folder.read("A.py") is None
    folder.write("A.py", "older")
    folder.write("A.py", TEXT)
    folder.write("B.py", "")
    assert (folder.read("A.py"), folder.read("B.py")) == (TEXT, "")
    assert folder.names("") == ("A.py", "B.py")
    assert folder.names("A") == ("A.py",)
    folder.remove("A.py")
    folder.remove("A.py")
    assert folder.names("") == ("B.py",)


@pytest.mark.parametrize("dag", ["A", "A.b-c", "x" * 250])
def test_a_record_is_found_by_the_text_that_it_is_of(folder: Folder, dag: str) -> None:
    folder.write(places.record_name(dag, TEXT), places.spelled(dag, RECORD, is_pending=True))
    folder.write(places.record_name(dag, "other"), places.spelled(dag, RECORD, is_pending=False))
    folder.write(places.record_name(f"{dag[:200]}.more", TEXT), places.spelled("more", RECORD, is_pending=False))
    found = places.kept(folder.read(places.record_name(dag, TEXT)))
    assert found is not None
    assert (found.dag, found.record, found.is_pending) == (dag, RECORD, True)
    assert set(places.record_names(folder, dag)) == {places.record_name(dag, TEXT), places.record_name(dag, "other")}
    assert set(places.dags_of(folder)) == {dag, "more"}


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"dag": "A"}', '{"dag": 7, "flowc/flow": "a", "flowc/digest": "b"}']
)
def test_what_is_no_record_is_none(text: str | None) -> None:
    assert places.kept(text) is None


def test_airflow_may_read_what_we_write_and_never_sees_a_half(tmp_path: Path) -> None:
    folder = places.opened(str(tmp_path))
    before = os.umask(0o022)
    try:
        folder.write("A.py", TEXT)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "A.py").stat().st_mode) == 0o644
    assert [entry.name for entry in tmp_path.iterdir()] == ["A.py"]
    (tmp_path / ".A.py.123.abc").write_text("left by one that was killed")
    assert folder.names("") == ("A.py",)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="there is no folder"):
        places.opened(str(tmp_path / "nobody"))
    with pytest.raises(CallError, match=r"holds a user, a password"):
        places.opened("s3://me:canary@bucket/prefix")
    folder = places.opened(str(tmp_path))
    (tmp_path / "A.py").mkdir()
    for ask in (lambda: folder.read("A.py"), lambda: folder.write("A.py", "x"), lambda: folder.remove("A.py")):
        with pytest.raises(EngineError, match=r"`dags` in .tool\.flowc\.airflow\.connection. names it"):
            ask()
    assert [entry.name for entry in tmp_path.iterdir()] == ["A.py"]
