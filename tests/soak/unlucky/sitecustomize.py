"""In every Python process of an unlucky run: the disk below the file store is full or broken now and then, or the power goes.

Only calls that the store's own module makes are touched. `SOAK_DISK` names the file that counts what happens, and how likely each kind is.
"""

from __future__ import annotations

import errno
import os
import random
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_ERRORS = {"full": errno.ENOSPC, "broken": errno.EIO, "refused": errno.EACCES}
_NAMES = ("open", "write", "fdatasync", "link", "rename", "mkdir")
_real = {name: getattr(os, name) for name in _NAMES if hasattr(os, name)}


class _Luck:
    def __init__(self, told: str) -> None:
        self.counted, *words = told.split(";")
        self.chances = {kind: float(chance) for kind, _, chance in (word.partition("=") for word in words)}
        self.dice, self.process = random.Random(os.urandom(8)), os.getpid()

    def strikes(self, kind: str) -> bool:
        if self.process != os.getpid():  # a fork: not the same luck as its siblings
            self.dice, self.process = random.Random(os.urandom(8)), os.getpid()
        if self.dice.random() >= self.chances[kind]:
            return False
        file = _real["open"](self.counted, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        _real["write"](file, f"{kind}\n".encode())
        os.close(file)
        return True

    def may_kill(self) -> None:
        if self.strikes("killed"):
            os.kill(os.getpid(), signal.SIGKILL)

    def may_fail(self, *, reads: bool) -> None:
        for kind, number in _ERRORS.items():
            if not (reads and kind == "full") and self.strikes(kind):
                raise OSError(number, os.strerror(number))


def _unlucky(name: str, luck: _Luck) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if not sys._getframe(1).f_code.co_filename.endswith("flowc/store/files.py"):
            return _real[name](*args, **kwargs)
        luck.may_fail(reads=name == "open" and not args[1] & (os.O_WRONLY | os.O_RDWR))
        luck.may_kill()
        if name == "write" and len(args[1]) > 1 and luck.dice.random() < 0.1:
            args = (
                args[0],
                args[1][: len(args[1]) // 2],
            )  # a short write is no fault; what kills behind it leaves half
        found = _real[name](*args, **kwargs)
        luck.may_kill()
        return found

    return call


if "SOAK_DISK" in os.environ:
    _luck = _Luck(os.environ["SOAK_DISK"])
    for _name in _real:
        setattr(os, _name, _unlucky(_name, _luck))
