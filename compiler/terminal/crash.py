"""What a bug of ours leaves: a short message, and a file with what its report needs and nothing that is secret."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence

from compiler.terminal.said import tell

_SHORTEST = 4
"""From so many characters on a value is taken out wherever it stands; a shorter one says nothing."""


def report_crash(error: Exception, arguments: Sequence[str], commands: Sequence[str]) -> None:
    """Write the traceback to a file of the user alone, and say that it is our bug and what to do.

    `commands` are words that may stand in it. The file holds no value of an option or of a parameter and nothing of the
    environment, wherever in the message it stood.
    """
    values = _values(arguments, commands)
    lines = [
        f"command: {' '.join(['flowc', *_shown(arguments, commands)])}",
        f"python: {sys.version}",
        f"platform: {platform.platform()}",
        "",
        *traceback.format_exception(error),
    ]
    what = _without(values, f"{type(error).__name__}: {error}").splitlines()[0]
    tell(f"flowc: internal error: {what}\nThis is a bug of flowc, not of your flow.")
    try:
        path = _written(_without(values, "\n".join(lines)))
    except OSError as problem:
        tell(f"The report could not be written ({problem.strerror}).")
        return
    tell(f"To report it, send those who maintain flowc this file, which holds no values: {path}")


def _written(text: str) -> str:
    """A new file that only its owner reads; its path."""
    handle, path = tempfile.mkstemp(prefix="flowc-crash-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        os.fchmod(handle, 0o600)
        file.write(text)
    return path


def _shown(arguments: Sequence[str], commands: Sequence[str]) -> Iterator[str]:
    """The words of a command line, `…` in place of values: commands, the names of options and of flow files stay."""
    for at, word in enumerate(arguments):
        name, equals, _ = word.partition("=")
        if word.startswith("-"):
            yield f"{name}=…" if equals else word
        else:
            yield word if _is_public(arguments, at, commands) else "…"


def _is_public(arguments: Sequence[str], at: int, commands: Sequence[str]) -> bool:
    behind_option = at > 0 and arguments[at - 1].startswith("-") and "=" not in arguments[at - 1]
    word = arguments[at]
    return word in (*commands, "get", "view", "export") or (
        not behind_option and word.partition(":")[0].endswith(".py")
    )


def _values(arguments: Sequence[str], commands: Sequence[str]) -> list[str]:
    """What must not stand in a report, the longest first."""
    hidden = {
        word
        for at, word in enumerate(arguments)
        if not word.startswith("-") and not _is_public(arguments, at, commands)
    }
    hidden |= {word.partition("=")[2] for word in arguments if word.startswith("-")}
    own = (os.getcwd(), os.path.expanduser("~"), sys.prefix, os.path.dirname(os.path.dirname(__file__)))
    hidden |= {value for value in os.environ.values() if not any(value in path for path in own)}
    return sorted((value for value in hidden if len(value) >= _SHORTEST), key=len, reverse=True)


def _without(values: Sequence[str], text: str) -> str:
    for value in values:
        for written in dict.fromkeys((value, repr(value)[1:-1])):
            text = text.replace(written, "…")
    return text
