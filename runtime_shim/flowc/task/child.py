"""`python -m flowc iteration`: one iteration of a recursion in an interpreter of its own, where a fork would not be safe."""

from __future__ import annotations

import os
import pickle
import sys

from flowc.source.module import prepare
from flowc.store import open_store
from flowc.task import guard
from flowc.task.recursion import Job, do_iteration
from flowc.task.task import iterate


def run_one(writing: int) -> int:
    """One iteration in this interpreter, told by pickles on stdin: the flow, which is imported, and when its time has come the call."""
    os.setpgid(0, 0)
    os.set_inheritable(writing, False)
    source, root, url = pickle.load(sys.stdin.buffer)
    with guard.own_process("the flow's module"):
        loaded = prepare(source, root)
    try:
        call, fence = pickle.load(sys.stdin.buffer)
    except EOFError:  # there is no further iteration
        return 0
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return do_iteration(Job(loaded, call, open_store(url), fence, None, 0, 0, iterate), fence, writing)
