"""Failures as people read them: the author's own frames, and nothing of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flowc.artifacts.manifest import Failure
from flowc.exceptions import StepTimeout, Terminated, TimeoutException
from flowc.standard_path import standard_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import traceback
    from typing import Any

_HEAD, _TAIL = 40, 40
"""The frames that a traceback shows, where it is longer than both together."""

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def failure_of(error: BaseException) -> Failure:
    """What is kept of an exception; its type with the module, as Metaflow's `@catch` tells it."""
    kind = TimeoutException if isinstance(error, StepTimeout) else type(error)
    return Failure(f"{kind.__module__}.{kind.__name__}", _text(error), trace(error))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Terminated:
        raise
    except BaseException as second:  # noqa: BLE001 - an author's __str__ may raise anything
        return f"<its text raised {type(second).__name__}>"


def trace(error: BaseException) -> str:
    """The traceback, cut to the author's frames; causes, contexts and members of a group too."""
    with standard_path():  # `traceback` imports more while it formats
        import traceback

        try:
            found = traceback.TracebackException.from_exception(error)
            for part in _chain(found):
                part.stack = _Frames(frame for frame in part.stack if _is_authors(frame))  # type: ignore[assignment]
            return "".join(found.format())
        except Exception as second:  # noqa: BLE001 - so may its attributes: a SyntaxError's text may be a number
            return f"{type(error).__qualname__}: {_text(error)}\n(its traceback raised {type(second).__name__})\n"


class _Frames(list):  # type: ignore[type-arg]  # Python 3.9 subscripts no list here
    """Frames of one traceback: the beginning and the end of a very long one."""

    def format(self, **options: Any) -> list[str]:
        """The lines, a frame that calls itself told once."""
        with standard_path():
            import traceback

        lines = traceback.StackSummary.from_list(self).format(**options)
        left_out = len(lines) - _HEAD - _TAIL
        if left_out <= 0:
            return lines
        return [*lines[:_HEAD], f"  [{left_out} frames more]\n", *lines[-_TAIL:]]


def _is_authors(frame: traceback.FrameSummary) -> bool:
    return is_authors(frame.filename)


def is_authors(file: str) -> bool:
    """Whether a frame of that file is the author's, not ours or the interpreter's."""
    return not file.startswith((_OURS, "<frozen importlib", "<frozen runpy"))


def _chain(found: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    waiting, seen = [found], set()
    while waiting:
        part = waiting.pop()
        if id(part) not in seen:
            seen.add(id(part))
            yield part
            others = (part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or ()))
            waiting.extend(other for other in others if other is not None)
