"""The commit that is read without git is the one that git says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from flowc.tracking.revision import code_at, commit_of

_AS = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *_AS, *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two commits."""
    folder = tmp_path / "repository"
    (folder / "flows").mkdir(parents=True)
    _git(folder, "init", "-q", "-b", "main")
    for number in range(2):
        (folder / "file").write_text(str(number))
        _git(folder, "add", "file")
        _git(folder, "commit", "-q", "-m", "x")
    return folder


def test_the_commit_is_gits_own(repository: Path, tmp_path: Path) -> None:
    def is_gits(folder: Path) -> None:
        assert commit_of(str(folder)) == _git(folder, "rev-parse", "HEAD")

    is_gits(repository)
    is_gits(repository / "flows")
    _git(repository, "pack-refs", "--all")
    is_gits(repository)
    _git(repository, "worktree", "add", "-q", "-b", "side/x", str(tmp_path / "tree"), "HEAD~1")
    is_gits(tmp_path / "tree")
    _git(repository, "checkout", "-q", "--detach", "HEAD~1")
    is_gits(repository)


@pytest.mark.parametrize(
    "head", ["", "ref: refs/heads/none\n", "ref: ../../file\n", "ref: refs/../../file", "x" * 40, "\xff"]
)
def test_what_is_not_as_git_has_it_is_no_commit(repository: Path, head: str) -> None:
    (repository / "file").write_text("a" * 40)
    (repository / ".git" / "HEAD").write_bytes(head.encode("latin-1"))
    assert commit_of(str(repository)) == ""


def test_outside_of_a_repository_a_variable_says_it(tmp_path: Path) -> None:
    assert commit_of("/") == ""
    found = code_at("f.py", "/", {"f.py": "1"}, {"GIT_COMMIT": "abc", "FLOWC_CODE": "s3://b/code/12ab.tar.gz"})
    assert (found.commit, found.digest) == ("abc", "12ab")
    digests = [code_at("f.py", "/", {"f.py": each}, {}).digest for each in ("1", "2")]
    assert len({*digests}) == 2
    assert not code_at("f.py", "/", {}, {}).digest
