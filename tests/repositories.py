"""Git repositories in folders of the tests, made by git itself and by hand."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def git(folder: Path, *words: str, given: bytes = b"") -> bytes:
    """What git says, as a person calls it who has no settings."""
    who = {
        f"GIT_{role}_{fact}": value
        for role in ("AUTHOR", "COMMITTER")
        for fact, value in (("NAME", "a"), ("EMAIL", "a@b"))
    }
    quiet = {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
    }
    return subprocess.run(
        ["git", *words], cwd=folder, input=given, capture_output=True, check=True, env={**who, **quiet}
    ).stdout


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """A new repository with one commit of these files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    return committed(folder, files)


def committed(folder: Path, files: Mapping[str, str]) -> Path:
    """One more commit."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def blob(folder: Path, data: bytes) -> bytes:
    """The name of a new object that holds these bytes."""
    return git(folder, "hash-object", "-w", "--stdin", given=data).strip()


def commit_of_tree(folder: Path, entries: list[tuple[str, str, bytes]]) -> str:
    """A commit whose top tree has these entries (mode, name, object), as git would never write it: no name is refused."""
    raw = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(found.decode()) for mode, name, found in entries)
    tree = git(folder, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=raw).strip().decode()
    return git(folder, "commit-tree", tree, "-m", "hostile").strip().decode()
