"""A reader of a page: a shell in a fresh folder, into which the page's files are written and its commands typed, from the top."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.site.pages import SHELL, Page

PATIENCE = 300.0
"""Seconds that all commands of a page may take."""

_END = "\x1eended "
_RUN = re.compile(r"\b(?:local|argo|airflow|sfn)-(?:[\w-]*?-)?(?:[\w]+?__)?\d{8}-?\d{6}-?\w{6}\b")
_CHANGING = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?"  # times
    r"|\b\d\d:\d\d:\d\d\b"
    r"|\d+ min \d+ s\b|\d+(?:\.\d+)? m?s\b"  # durations
    r"|(?<=[:-])[0-9a-f]{12}\b"  # digests of code
)
_UNORDERED = ("flowc run ", "make ", "python ")
"""Commands whose lines come in the order in which tasks of several processes print them."""


class Shell:
    """One shell, as a terminal would have it: what is exported and where one has gone stays."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._guard = threading.Timer(PATIENCE, self._process.kill)
        self._guard.start()

    def call(self, command: str) -> tuple[int, str]:
        """The exit code and what was printed, stdout and stderr as they came."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{{ {command.rstrip()}\n}} < /dev/null; printf '{_END}%d\\n' $?\n")
        self._process.stdin.flush()
        printed = ""
        for line in self._process.stdout:
            before, mark, code = line.partition(_END)
            printed += before
            if mark:
                return int(code), printed
        raise AssertionError(f"the shell has ended, or the page took more than {PATIENCE} s: {command}\n{printed}")

    def close(self) -> None:
        """End it."""
        self._guard.cancel()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()


def walk(page: Page, folder: Path, environment: Mapping[str, str]) -> int:
    """Do all that a page shows; how many commands were run. AssertionError where it comes otherwise than it is shown."""
    shell = Shell(folder, environment)
    names: dict[str, str] = {}
    done = 0
    try:
        for block in page.blocks:
            place = f"{page.name}:{block.line}"
            if block.file and block.language not in SHELL:
                path = folder / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            if block.language not in SHELL or block.not_run:
                continue
            commands = block.commands()
            for number, (command, shown) in enumerate(commands, 1):
                code, printed = shell.call(_renamed(command, names))
                wanted = block.code if number == len(commands) else 0
                assert code == wanted, f"{place}: `{command}` ended with {code}\n{printed}"
                if shown is not None:
                    names |= dict(zip(_RUN.findall(shown), _RUN.findall(printed), strict=False))
                    told = difference(shown, printed, is_ordered=not command.startswith(_UNORDERED))
                    assert not told, f"{place}: `{command}` {told}\n--- came:\n{printed}"
                done += 1
    finally:
        shell.close()
    return done


def _renamed(command: str, names: Mapping[str, str]) -> str:
    """A command with the runs that there are in place of those that the page shows."""
    return _RUN.sub(lambda match: names.get(match[0], match[0]), command)


def difference(shown: str, printed: str, *, is_ordered: bool) -> str:
    """What differs between what a page shows and what came; empty where nothing does.

    Run ids, times, durations and digests may be others. A line of `…` stands for any lines, `…` within one for any text.
    """
    wanted, rest = _lines(shown), _lines(printed)
    has_gap = False
    for line in wanted:
        if line.strip() == "…":
            has_gap = True
            continue
        form = re.compile(".+?".join(map(re.escape, line.split("…"))))
        found = next((at for at, each in enumerate(rest) if form.fullmatch(each)), None)
        if found is None or (is_ordered and not has_gap and found):
            return f"does not print `{line}`" + (" there" if found else "")
        rest = rest[found + 1 :] if is_ordered else [*rest[:found], *rest[found + 1 :]]
        has_gap = has_gap and not is_ordered
    if rest and not has_gap and not (wanted and wanted[-1].strip() == "…"):
        return f"also prints `{rest[0]}`"
    return ""


def _lines(text: str) -> list[str]:
    same = _CHANGING.sub("0", _RUN.sub("RUN", text))
    return [re.sub(r"(?<=\S) {2,}", "  ", line).rstrip() for line in same.splitlines() if line.strip()]
