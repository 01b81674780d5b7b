"""`python -m flowc debug failed|begun step STEP …`: the task of these words, in this process, which has a terminal, under pdb."""

from __future__ import annotations

import contextlib
import functools
import os
import pdb
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from flowc.artifacts.failure import is_authors
from flowc.container.command import main
from flowc.exceptions import Terminated
from flowc.source.module import Loaded
from flowc.store.protocol import StoreError
from flowc.task.call import Broken

FAILED, BEGUN = "failed", "begun"
"""When the debugger begins: where the step raises, or at its first line."""


def debug(when: str, words: list[str]) -> int:
    """Do the task under the debugger; the exit code that it has without one."""
    return main(words, functools.partial(_debugged, when))


def _debugged(when: str, loaded: Loaded | Broken, step: str) -> Loaded | Broken:
    """The flow with a step that the debugger sees, which may take as long as a person does."""
    if isinstance(loaded, Broken):
        if isinstance(loaded.error, Exception):
            _post_mortem(loaded.error, os.getcwd())
        return loaded
    marks = loaded.steps.get(step)
    if marks is None:
        return loaded
    method = getattr(loaded.flow, step)
    setattr(loaded.flow, step, _begun(method) if when == BEGUN else _failed(method, loaded.root))
    patient = marks.copy()
    patient.decorators = [mark for mark in marks.decorators if mark.name != "timeout"]
    return loaded._replace(steps={**loaded.steps, step: patient})


def _failed(method: Any, root: str) -> Any:
    @functools.wraps(method)
    def called(*arguments: Any) -> Any:
        try:
            return method(*arguments)
        except (Terminated, KeyboardInterrupt, StoreError):
            raise
        except BaseException as error:  # a step may raise anything, and is looked at where it did
            _post_mortem(error, root)
            raise

    return called


def _begun(method: Any) -> Any:
    @functools.wraps(method)
    def called(*arguments: Any) -> Any:
        with _terminal():
            debugger = pdb.Pdb()
        return debugger.runcall(method, *arguments)

    return called


def _post_mortem(error: BaseException, root: str) -> None:
    with _terminal():
        sys.stdout.write(f"{type(error).__name__}: the debugger is where it was raised; `q` ends the attempt\n")
        debugger = _InAuthors(root)
        debugger.reset()
        debugger.interaction(None, error.__traceback__)


@contextlib.contextmanager
def _terminal() -> Iterator[None]:
    """The terminal itself, whose talk is no output of the task."""
    before = sys.stdout, sys.stderr
    for stream in before:
        stream.flush()
    sys.stdout, sys.stderr = sys.__stdout__ or before[0], sys.__stderr__ or before[1]
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout, sys.stderr = before


class _InAuthors(pdb.Pdb):
    """The debugger after an exception, in the last frame of the code of a folder, else in the last one that is not ours."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self._inside = os.path.join(root, "")

    def setup(self, f: FrameType | None, tb: TracebackType | None) -> None:
        """Choose the frame that the debugger begins in."""
        super().setup(f, tb)
        files = [frame.f_code.co_filename for frame, _ in self.stack]
        own = [place for place, file in enumerate(files) if file.startswith(self._inside) and "-packages" not in file]
        others = [place for place, file in enumerate(files) if is_authors(file)]
        if own or others:
            self.curindex = (own or others)[-1]
            self.curframe = self.stack[self.curindex][0]
            self.curframe_locals = self.curframe.f_locals
