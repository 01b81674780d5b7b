"""What authors import, and what they are told where a name is not there."""

from __future__ import annotations

import ast
import importlib
import io
import os
import tarfile
from pathlib import Path

import flowc
import flowc.cards
import flowc.client
import flowc.datatools
import pytest
from flowc.container import archive
from flowc.exceptions import CallMistake, MetaflowException
from flowc.language import multicore


@pytest.mark.parametrize("name", [name for name in dir(flowc) if not name.startswith("_")])
def test_every_name_can_be_imported(name: str) -> None:
    assert getattr(importlib.import_module("flowc"), name) is not None


def test_a_star_imports_every_name() -> None:
    found: dict[str, object] = {}
    exec("from flowc import *", found)
    assert set(dir(flowc)) <= set(found)
    assert found["FlowSpec"] is flowc.FlowSpec


@pytest.mark.parametrize("name", ["inspect_spin", "EventLogger"])
def test_a_name_that_is_not_supported_says_what_to_use(name: str) -> None:
    with pytest.raises(ImportError, match=f"flowc has no {name}: .{{20}}"):
        getattr(flowc, name)


@pytest.mark.language("parallel.map")
def test_parallel_map_keeps_the_order_and_takes_lambdas(tmp_path: Path) -> None:
    factor = 3
    assert flowc.parallel_map(lambda item: item * factor, range(10), max_parallel=3) == [n * 3 for n in range(10)]
    assert sorted(flowc.parallel_imap_unordered(lambda item: item, iter("abc"), dir=str(tmp_path))) == ["a", "b", "c"]
    assert list(tmp_path.iterdir()) == []


def test_a_failure_in_parallel_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(multicore.MulticoreException, match="item 1"):
        flowc.parallel_map(lambda item: 1 / item, [1, 0])
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.language("parallel.map")
def test_profile_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    taken: dict[str, int] = {}
    for _ in range(2):
        with flowc.profile("x", taken):
            pass
    assert list(taken) == ["x"]
    with flowc.profile("y"):
        pass
    assert capsys.readouterr().out.count("PROFILE: y") == 2


def _archive(folder: Path, **files: bytes) -> str:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    (folder / "code.tar.gz").write_bytes(data.getvalue())
    return f"file:{folder}/code.tar.gz"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_code_archive_is_unpacked_once(temporary: Path) -> None:
    url = _archive(temporary, **{"a/b.py": b"1"})
    folder = Path(archive.unpacked(url))
    assert (folder / "a/b.py").read_bytes() == b"1"
    (temporary / "code.tar.gz").unlink()
    assert archive.unpacked(url) == str(folder)


@pytest.mark.parametrize("name", ["../out.py", "/out.py", "a/../../out.py"])
def test_an_archive_writes_nothing_outside(temporary: Path, name: str) -> None:
    with pytest.raises(CallMistake, match="outside"):
        archive.unpacked(_archive(temporary, **{name: b"1"}))
    assert not list(temporary.rglob("out.py"))


def test_links_in_an_archive_are_refused(temporary: Path) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(info)
    (temporary / "code.tar.gz").write_bytes(data.getvalue())
    with pytest.raises(CallMistake, match="'link'"):
        archive.unpacked(f"file:{temporary}/code.tar.gz")


def test_an_archive_that_is_not_what_its_name_says_is_refused(temporary: Path) -> None:
    url = _archive(temporary, a=b"1")
    named = temporary / f"{'0' * 64}.tar.gz"
    Path(url[5:]).rename(named)
    with pytest.raises(CallMistake, match="not what its name says"):
        archive.unpacked(f"file:{named}")
    with pytest.raises(CallMistake, match="no code archive"):
        archive.unpacked(url)


@pytest.mark.parametrize("cut", [1, 10, 30, 100, 5_000, -9, -1])
def test_an_archive_that_is_cut_off_is_a_mistake_and_leaves_nothing(temporary: Path, cut: int) -> None:
    url = _archive(temporary, **{"a.py": os.urandom(9_000), "b.py": b"1"})
    whole = (temporary / "code.tar.gz").read_bytes()
    (temporary / "code.tar.gz").write_bytes(whole[:cut])
    with pytest.raises(CallMistake, match="cannot be read"):
        archive.unpacked(url)
    assert not list(temporary.rglob("*.py"))


@pytest.mark.parametrize("place", [12, 60, 2_000])
def test_an_archive_with_other_bytes_is_a_mistake(temporary: Path, place: int) -> None:
    url = _archive(temporary, **{"a.py": os.urandom(9_000)})
    whole = bytearray((temporary / "code.tar.gz").read_bytes())
    whole[place : place + 40] = bytes(40)
    (temporary / "code.tar.gz").write_bytes(whole)
    with pytest.raises(CallMistake, match="cannot be read"):
        archive.unpacked(url)


def test_a_folder_that_others_can_write_to_is_not_used(temporary: Path) -> None:
    (temporary / f"flowc-code-{os.getuid()}").mkdir()
    (temporary / f"flowc-code-{os.getuid()}").chmod(0o777)
    with pytest.raises(MetaflowException, match="others can write"):
        archive.unpacked(_archive(temporary, a=b"1"))


LAZY = {"flowc": flowc, "flowc.cards": flowc.cards, "flowc.client": flowc.client, "flowc.datatools": flowc.datatools}


@pytest.mark.parametrize("package", LAZY)
def test_type_checkers_know_the_names_that_are_loaded_late(package: str) -> None:
    """The table and the imports under TYPE_CHECKING say the same, and each name comes from where they say."""
    tree = ast.parse(Path(LAZY[package].__file__ or "").read_text())
    (told,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    froms = {alias.name: node.module for node in told.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    froms.pop("Any", None)
    assert set(LAZY[package].__all__) <= froms.keys()
    for name, module in froms.items():
        assert getattr(LAZY[package], name) is getattr(importlib.import_module(module or ""), name)
    spelled = " ".join(
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert froms.keys() <= set(spelled.split())
