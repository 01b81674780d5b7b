"""A revision in a folder of its own: whole, of hostile repositories too, and gone afterwards."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.mistakes import CallError
from compiler.workspace.revisions import checkout as module
from compiler.workspace.revisions.checkout import checkout
from compiler.workspace.revisions.git import Repository
from tests.repositories import blob, commit_of_tree, committed, git, repository


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary folders lie where a test can look for what is left."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))


def _left(tmp_path: Path) -> list[str]:
    return os.listdir(tmp_path / "temporary")


def test_a_tree_is_laid_out_as_it_is(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "x = 1\n", "deep/b é.txt": "two", "run.sh": "#!/bin/sh\n"})
    (top / "run.sh").chmod(0o755)
    (top / "link").symlink_to("deep")
    committed(top, {})
    committed(top, {"a.py": "x = 2\n"})
    found = Repository(top)
    with checkout(found, found.commit("HEAD~1")) as laid:
        assert (laid.folder / "a.py").read_text() == "x = 1\n"
        assert (laid.folder / "link/b é.txt").read_text() == "two"
        assert stat.S_IMODE((laid.folder / "run.sh").stat().st_mode) & 0o111
        assert not stat.S_IMODE((laid.folder / "a.py").stat().st_mode) & 0o111
        assert laid.notes == []
    assert (top / "a.py").read_text() == "x = 2\n"
    assert _left(tmp_path) == []


HOSTILE = """[core]
	fsmonitor = "touch {ran}; false"
	hooksPath = "{hooks}"
	pager = "touch {ran}"
	sshCommand = "touch {ran}"
	editor = "touch {ran}"
	alternateRefsCommand = "touch {ran}"
[diff]
	external = "touch {ran}"
[diff "evil"]
	textconv = "touch {ran};"
	command = "touch {ran};"
[filter "evil"]
	clean = "touch {ran};"
	smudge = "touch {ran};"
	process = "touch {ran};"
	required = true
[extensions]
	partialClone = origin
[remote "origin"]
	url = "{top}"
	uploadpack = "touch {ran};"
	promisor = true
	partialclonefilter = blob:none
[alias]
	cat-file = "!touch {ran}"
	ls-tree = "!touch {ran}"
	rev-parse = "!touch {ran}"
[protocol "ext"]
	allow = always
[pager]
	cat-file = "touch {ran}"
	ls-tree = "touch {ran}"
"""


def test_nothing_of_a_repository_runs(tmp_path: Path) -> None:
    top = repository(
        tmp_path / "r", {"a.py": "x = 1\n", ".gitattributes": "* filter=evil diff=evil\n", "b.py": "gone\n"}
    )
    ran, hooks = tmp_path / "ran", tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "pre-auto-gc", "reference-transaction", "post-index-change", "fsmonitor-watchman"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    name = git(top, "rev-parse", "HEAD:b.py").strip().decode()
    (top / ".git/objects" / name[:2] / name[2:]).unlink()  # a partial clone lacks it, and git would fetch it
    with (top / ".git/config").open("a") as config:
        config.write(HOSTILE.format(ran=ran, hooks=hooks, top=top))
    found = Repository(top)
    with checkout(found, found.commit("HEAD")) as laid:
        assert (laid.folder / "a.py").read_text() == "x = 1\n"
        assert laid.notes == ["b.py is not in this clone and is left out"]
    assert not ran.exists()


def test_that_configuration_would_run(tmp_path: Path) -> None:
    """Without what the room does git runs it: the test above can fail."""
    top, ran = repository(tmp_path / "r", {"a.py": "x = 1\n", "b.py": "gone\n"}), tmp_path / "ran"
    name = git(top, "rev-parse", "HEAD:b.py").strip().decode()
    (top / ".git/objects" / name[:2] / name[2:]).unlink()
    with (top / ".git/config").open("a") as config:
        config.write(HOSTILE.format(ran=ran, hooks=tmp_path, top=top))
    with pytest.raises(subprocess.CalledProcessError):
        git(top, "cat-file", "blob", "HEAD:b.py")
    assert ran.exists()


def test_no_path_leads_out_of_the_folder(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "x = 1\n"})
    text, outside = blob(top, b"harm"), tmp_path / "outside"
    outside.mkdir()
    entries = [
        ("100644", "..", text),
        ("100644", ".git", text),
        ("100644", ".GIT", text),
        ("100644", "fine.py", text),
        ("120000", "absolute", blob(top, str(outside).encode())),
        ("120000", "over", blob(top, b"../../outside")),
        ("120000", "zero", blob(top, b"a\0b")),
        ("120000", "self", blob(top, b"self")),
        ("120000", "inside", blob(top, b"fine.py")),
        ("120000", "top", blob(top, b".")),
        ("120000", "by_top", blob(top, b"top/../outside")),
        ("160000", "module", git(top, "rev-parse", "HEAD").strip()),
    ]
    with checkout(Repository(top), commit_of_tree(top, entries)) as laid:
        assert sorted(os.listdir(laid.folder)) == [".git", "fine.py", "inside", "self", "top"]
        assert (laid.folder / ".git").is_dir()
        assert os.listdir(laid.folder / ".git") == []
        assert len(laid.notes) == 8
        assert "the submodule module is not read on the old side: what flows take from it counts as new" in laid.notes
    assert os.listdir(outside) == []


def test_a_link_and_a_folder_of_one_name(tmp_path: Path) -> None:
    """A file below a link would be written where the link leads."""
    top = repository(tmp_path / "r", {"x/a.py": "x = 1\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    inner = git(top, "rev-parse", "HEAD:x").strip()
    entries = [("120000", "d", blob(top, str(outside).encode())), ("40000", "d", inner)]
    with checkout(Repository(top), commit_of_tree(top, entries)) as laid:
        assert os.listdir(laid.folder / "d") == ["a.py"]
        assert not (laid.folder / "d").is_symlink()
    assert os.listdir(outside) == []


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{sha}\nsize 3\n"


def test_a_pointer_of_lfs_stands_for_the_file_of_today_where_that_is_the_same(tmp_path: Path) -> None:
    same = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # of `foo`
    top = repository(tmp_path / "r", {"same.bin": POINTER.format(sha=same), "other.bin": POINTER.format(sha="0" * 64)})
    (top / "same.bin").write_text("foo")
    (top / "other.bin").write_text("bar")
    found = Repository(top)
    with checkout(found, found.commit("HEAD")) as laid:
        assert (laid.folder / "same.bin").read_text() == "foo"
        assert (laid.folder / "other.bin").read_text().startswith("version https://git-lfs")
        assert laid.notes == ["other.bin is a pointer of Git LFS on the old side: what it stands for is not read"]


def _ended(found: Repository, error: type[BaseException], tmp_path: Path) -> None:
    with checkout(found, found.commit("HEAD")):
        assert len(_left(tmp_path)) == 1
        raise error


def test_what_ends_the_block_deletes_the_folder(tmp_path: Path) -> None:
    found = Repository(repository(tmp_path / "r", {"a.py": "x = 1\n"}))
    for error in (KeyboardInterrupt, ValueError):
        with pytest.raises(error):
            _ended(found, error, tmp_path)
        assert _left(tmp_path) == []


WAITING = """
import sys, time
from pathlib import Path
from compiler.workspace.revisions.git import Repository
from compiler.workspace.revisions.checkout import checkout
found = Repository(Path(sys.argv[1]))
with checkout(found, found.commit("HEAD")):
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "x = 1\n"})
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING, str(top)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    assert len(_left(tmp_path)) == 1
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert _left(tmp_path) == []


def test_too_much_is_a_mistake_of_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Repository(repository(tmp_path / "r", {"a.py": "x = 1\n", "b.py": "y = 1\n"}))
    monkeypatch.setattr(module, "MOST", 8)
    with pytest.raises(CallError, match="more than"), checkout(found, found.commit("HEAD")):
        pass
    monkeypatch.setattr(module, "MOST_FILES", 1)
    with pytest.raises(CallError, match="more than 1 files"), checkout(found, found.commit("HEAD")):
        pass
    assert _left(tmp_path) == []
