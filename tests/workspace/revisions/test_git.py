"""git, asked: revisions are data, and it says why it knows none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.mistakes import CallError
from compiler.workspace.revisions.git import Repository, repository
from tests.repositories import committed, git
from tests.repositories import repository as made


@pytest.mark.parametrize(
    "word", ["--help", "-p", "--output=x", "--upload-pack=touch ran", "nowhere", "", "a\nb", "HEAD\n", "HEAD:a.py"]
)
def test_what_is_no_revision_is_data(word: str, tmp_path: Path) -> None:
    top = made(tmp_path / "r", {"a.py": "x = 1\n"})
    with pytest.raises(CallError, match="git knows no revision"):
        Repository(top).commit(word)
    assert sorted(os.listdir(top)) == [".git", "a.py"]


@pytest.mark.parametrize("word", ["HEAD", "main", "@", "HEAD~0", ":/one", "HEAD^{commit}", "-strange", "v1"])
def test_what_git_knows_is_a_revision(word: str, tmp_path: Path) -> None:
    top = made(tmp_path / "r", {"a.py": "x = 1\n"})
    name = git(top, "rev-parse", "HEAD").decode().strip()
    (top / ".git/refs/heads/-strange").write_text(f"{name}\n")
    git(top, "tag", "-a", "v1", "-m", "first")
    assert Repository(top).commit(word) == name


def test_a_shallow_clone_and_no_repository_say_what_to_do(tmp_path: Path) -> None:
    top = committed(made(tmp_path / "r", {"a.py": "x = 1\n"}), {"a.py": "x = 2\n"})
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{top}", "shallow")
    with pytest.raises(CallError, match=r"shallow.*fetch-depth: 0"):
        Repository(tmp_path / "shallow").commit("HEAD~1")
    with pytest.raises(CallError, match=r"in no git repository.*name a folder"):
        repository(tmp_path, "name a folder")
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(CallError, match="no commit yet"):
        Repository(tmp_path / "empty").commit("HEAD")


def test_variables_lead_git_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top, other = made(tmp_path / "r", {"a.py": "x = 1\n"}), made(tmp_path / "o", {"b.py": ""})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    found = repository(top, "name a folder")
    assert [each.path for each in found.entries(found.commit("HEAD"))] == ["a.py"]


def test_without_git_a_call_says_what_to_do_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CallError, match="there is no `git` on this machine: install it, or name a folder"):
        repository(tmp_path, "name a folder")
