"""git, asked so that nothing of a repository runs: the one place that starts it.

It is asked for names and bytes. What a repository's own configuration names (hooks, filters, text conversion, an external diff, a
file system monitor, a pager) is switched off; no transport may be used, so nothing is fetched either; the caller's variables of git
point it nowhere else. A revision is data, never an option.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from compiler.mistakes import CallError
from compiler.slotted_class import record

_QUIET = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false", "-c", "core.pager=cat",
    "-c", "core.attributesFile=/dev/null", "-c", "diff.external=", "-c", "protocol.allow=never", "-c", "submodule.recurse=false",
    "-c", "safe.bareRepository=explicit", "--no-pager", "--no-replace-objects", "--literal-pathspecs",
)  # fmt: skip
_FILTER = r"(?s)filter\..*\.(?:clean|smudge|process|required)"
ANOTHER = "name a folder with another checkout"
_FACTS = len(("name", "kind", "size"))
"""Words in which `cat-file` tells of an object that is there."""


@record
class Entry:
    """A file of a tree: `mode` as git has it, `path` relative to its top."""

    mode: str
    name: str
    path: str


class TooLarge(Exception):
    """More bytes were asked for than the caller takes."""


@record
class Repository:
    """A git repository by its top folder. `instead` says what a call may do without git, as the end of a sentence."""

    top: Path
    instead: str = ANOTHER

    def commit(self, revision: str) -> str:
        """The name of the commit. Raises CallError where git knows none, and says why it may not."""
        found = self.find(revision)
        if found is None:
            raise CallError(f"git knows no revision {revision!r} in {self.top}: {self._why()}")
        return found

    def find(self, revision: str) -> str | None:
        """The name of the commit; None where git knows none by that word."""
        if "\0" in revision:
            return None
        name = self._output("rev-parse", "--verify", "--quiet", "--end-of-options", revision).decode("ascii", "replace")
        if not re.fullmatch(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\n", name):
            return None
        told = self._asked("cat-file", "--batch-check", given=name.encode()).split()
        if len(told) != _FACTS or told[1] not in (b"commit", b"tag"):
            return None
        return name.strip() if told[1] == b"commit" else self.find(f"{name.strip()}^{{commit}}")

    def _why(self) -> str:
        if self._output("rev-parse", "--is-shallow-repository").strip() == b"true":
            return "the clone is shallow; fetch more with `git fetch --unshallow`, or `fetch-depth: 0` in a CI job"
        if self.find("HEAD") is None:
            return "it has no commit yet"
        return f"fetch the branch first, or {self.instead}"

    def origin(self) -> str:
        """The address of the repository that this one was cloned from, without what somebody logs in with; empty where it has none."""
        address = self._output("config", "--local", "--get", "remote.origin.url").decode(errors="replace").strip()
        scheme, separator, rest = address.rpartition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}".removesuffix(".git")

    def entries(self, commit: str) -> list[Entry]:
        """The files of a commit."""
        listed = self._asked("ls-tree", "-r", "-z", "--full-tree", commit)
        found: list[Entry] = []
        for line in listed.split(b"\0")[:-1]:
            facts, _, path = line.partition(b"\t")
            mode, _, name = facts.decode().split(" ")
            found.append(Entry(mode, name, os.fsdecode(path)))
        return found

    def blobs(self, names: list[str], most: int) -> Iterator[bytes | None]:
        """The bytes of objects, in their order; None for one that is not there. Raises TooLarge where they are more than `most`."""
        with _started(self.top, ("cat-file", "--batch"), self.instead) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            size = 0
            for name in names:
                process.stdin.write(f"{name}\n".encode())
                process.stdin.flush()
                words = process.stdout.readline().split()
                if len(words) != _FACTS:
                    yield None
                    continue
                size += int(words[2])
                if size > most:
                    raise TooLarge
                yield process.stdout.read(int(words[2]))
                process.stdout.read(1)

    def text(self, commit: str, path: str) -> bytes:
        """A file at a commit, as git keeps it; nothing where it was not there."""
        return self._output("cat-file", "blob", f"{commit}:{path}")

    def changed(self, commit: str) -> frozenset[str]:
        """The paths in which the working tree differs from a commit, what is not committed included. Raises CallError."""
        asked = (
            "diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=dirty",
        )  # fmt: skip
        return _paths(self._asked(*self._without_filters(), *asked, commit, "--"))

    def tracked(self) -> frozenset[str]:
        """The paths of the files that git knows in the working tree. Raises CallError."""
        return _paths(self._asked("ls-files", "-z"))

    def _without_filters(self) -> Iterator[str]:
        """Settings that take away what the repository's filters would run on its files. Raises CallError."""
        for name in sorted(_paths(self._asked("config", "--list", "-z", "--name-only"))):
            if re.fullmatch(_FILTER, name):
                if "=" in name:
                    raise CallError(
                        f"the settings of git in {self.top} name a filter with a `=`, which cannot be switched off: {name}"
                    )
                yield from ("-c", f"{name}={'false' if name.endswith('required') else ''}")

    def _output(self, *words: str) -> bytes:
        """What git prints; nothing where it fails."""
        with _started(self.top, words, self.instead) as process:
            told, _ = process.communicate()
        return b"" if process.returncode else told

    def _asked(self, *words: str, given: bytes = b"") -> bytes:
        with _started(self.top, words, self.instead) as process:
            told, wrong = process.communicate(given)
        if process.returncode:
            raise CallError(f"git: {wrong.decode(errors='replace').strip() or 'it failed'}")
        return told


def repository(start: Path, instead: str = ANOTHER) -> Repository:
    """The repository around a folder. Raises CallError where there is none, or no git; that says what to do `instead`."""
    with _started(start, ("rev-parse", "--show-toplevel"), instead) as process:
        told, wrong = process.communicate()
    if process.returncode or not told.strip():
        said = wrong.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ")
        raise CallError(f"{start.absolute()} is in no git repository with a working tree ({said}): {instead}")
    return Repository(Path(os.fsdecode(told.removesuffix(b"\n"))), instead)


@contextmanager
def _started(folder: Path, words: tuple[str, ...], instead: str) -> Iterator[subprocess.Popen[bytes]]:
    """git at work in a folder; it ends with the block. Raises CallError where there is none."""
    command = ("git", *_QUIET, *words)
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment(os.environ)
        )
    except FileNotFoundError as error:
        raise CallError(f"there is no `git` on this machine: install it, or {instead}") from error
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _environment(outer: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables without those that point git elsewhere or name programs for it."""
    own = {name: value for name, value in outer.items() if not name.startswith("GIT_")}
    return {
        **own,
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _paths(data: bytes) -> frozenset[str]:
    return frozenset(os.fsdecode(path) for path in data.split(b"\0") if path)
