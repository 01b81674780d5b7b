"""Which code runs: the archive's digest or that of the files, and git's commit, read without git."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Mapping

from flowc.tracking.facts import Code

COMMIT = "GIT_COMMIT"
"""The variable that names the commit where the code lies in no repository, as in an image."""

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_MOST = 4 << 20
"""Bytes of a file of git's that are read."""


def code_at(source: str, root: str, files: Mapping[str, object], environment: Mapping[str, str]) -> Code:
    """What is known of the code below `root`, whose imported files have these digests."""
    archive = environment.get("FLOWC_CODE", "").rpartition("/")[2].partition(".")[0]
    digest = archive or (f"{zlib.crc32(repr(sorted(files.items())).encode('utf-8', 'replace')):08x}" if files else "")
    return Code(source, digest, environment.get(COMMIT) or commit_of(root))


def commit_of(folder: str) -> str:
    """The commit that is checked out where a folder lies; nothing where it lies in no repository, or what is there is not as git has it."""
    for place in _above(os.path.abspath(folder)):
        git = os.path.join(place, ".git")
        if os.path.exists(git):
            try:
                return _head(git)
            except (OSError, UnicodeDecodeError):
                return ""
    return ""


def _above(folder: str) -> list[str]:
    found = [folder]
    while os.path.dirname(found[-1]) != found[-1]:
        found.append(os.path.dirname(found[-1]))
    return found


def _head(git: str) -> str:
    if os.path.isfile(git):  # of a worktree, or a submodule
        git = os.path.join(os.path.dirname(git), _line(git).partition("gitdir: ")[2])
    common = git
    if os.path.exists(os.path.join(git, "commondir")):
        common = os.path.join(git, _line(os.path.join(git, "commondir")))
    head = _line(os.path.join(git, "HEAD"))
    if not head.startswith("ref: "):
        return head if _COMMIT.fullmatch(head) else ""
    name = head[len("ref: ") :]
    if not name.startswith("refs/") or ".." in name:
        return ""
    loose = os.path.join(common, name)
    found = _line(loose) if os.path.exists(loose) else _packed(os.path.join(common, "packed-refs"), name)
    return found if _COMMIT.fullmatch(found) else ""


def _packed(path: str, name: str) -> str:
    rows = (line.partition(" ") for line in _text(path).splitlines())
    return next((commit for commit, _, ref in rows if ref == name), "")


def _line(path: str) -> str:
    return _text(path).partition("\n")[0].rstrip("\r")


def _text(path: str) -> str:
    with open(path, "rb") as file:
        return file.read(_MOST).decode()
