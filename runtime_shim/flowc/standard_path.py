"""The interpreter's own library as the only place of a late import of ours: a file beside the author's flow must not answer it.

It costs nothing that was measured; importing beforehand what may be imported late adds 10 to 43 ms to a step (docs/decisions/0018).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def standard_path() -> Iterator[None]:
    """What is imported in the block comes from the interpreter's own library, whatever the author has on the path."""
    library = os.path.dirname(os.path.abspath(os.__file__))
    before = list(sys.path)
    ours = [place for place in before if place == library or place.startswith(library + os.sep)]
    sys.path[:] = ours
    try:
        yield
    finally:
        if len(ours) < len(before):  # else another thread is in the block, and it knows the rest
            sys.path[:] = before
