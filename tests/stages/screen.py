"""A command on a terminal of its own, and what its screen shows at each moment: the sequences that we write, and no others."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_PARTS = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


def on_terminal(
    words: Sequence[str], folder: Path, columns: int, until: str = "", variables: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a command on a terminal; its exit code and all it wrote. Once `until` was written it is interrupted."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, **(variables or {})}
    process = subprocess.Popen(
        words, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # a terminal whose other end is closed
        while data := os.read(ours, 1 << 16):
            written += data
            if until and until.encode() in written:
                process.send_signal(signal.SIGINT)
                until = ""
    os.close(ours)
    return process.wait(), written.decode()


def screens(text: str) -> Iterator[list[str]]:
    """The rows of the screen whenever the cursor has gone back to the beginning of one; a screen of any width."""
    rows, row, column = [""], 0, 0
    for number, kind, control, plain in _PARTS.findall(text):
        if control == "\r":
            yield list(rows)
            column = 0
        elif control == "\n":
            row += 1
            rows += [""] * (row == len(rows))
        elif plain:
            rows[row] = rows[row].ljust(column)[:column] + plain + rows[row][column + len(plain) :]
            column += len(plain)
        elif kind == "A":
            row -= int(number or 1)
        elif kind == "K":
            rows[row] = ""
        elif kind == "J":
            rows = [*rows[:row], rows[row][:column]]
        else:
            assert kind == "m", f"\\x1b[{number}{kind}"
    yield rows
