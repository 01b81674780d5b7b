"""`python -m flowc child`: one iteration of a recursion, or one task among several of a container, in an interpreter of its own.

That is where a fork would not be safe.
"""

from __future__ import annotations

import os
import pickle
import sys

from flowc.processes.children import tell
from flowc.source.module import Loaded, prepare
from flowc.store import open_store
from flowc.task import guard
from flowc.task.call import Broken
from flowc.task.recursion import Job, do_iteration
from flowc.task.task import execute, iterate


def run_one(writing: int) -> int:
    """The work that pickles on stdin tell: the flow, which is imported, and when its time has come the call.

    With a fence it is that attempt of an iteration; without one a task.
    """
    os.setpgid(0, 0)
    os.set_inheritable(writing, False)
    source, root, url = pickle.load(sys.stdin.buffer)
    loaded = _loaded(source, root)
    try:
        call, fence = pickle.load(sys.stdin.buffer)
    except EOFError:  # there is no further work
        return 0
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    store = open_store(url)
    if fence is not None:
        assert isinstance(loaded, Loaded), "what repeats was imported before"
        return do_iteration(Job(loaded, call, store, fence, None, 0, 0, iterate), fence, writing)
    reported = execute(loaded, call, store)
    tell(writing, reported.as_told())
    return reported.exit_code


def _loaded(source: str, root: str) -> Loaded | Broken:
    try:
        with guard.own_process("the flow's module"):
            return prepare(source, root)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's module may raise anything
        return Broken(source.rpartition(":")[2], error)
