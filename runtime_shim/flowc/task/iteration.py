"""`python -m flowc iteration`: one iteration of a recursion in an interpreter of its own, where a fork would not be safe."""

from __future__ import annotations

import pickle
import sys

from flowc.source.module import prepare
from flowc.store import open_store
from flowc.task.recursion import Job, do_iteration
from flowc.task.task import iterate


def run_one(writing: int) -> int:
    """One iteration in this interpreter, told by a pickle on stdin: what the recursion starts."""
    source, root, url, call, fence = pickle.load(sys.stdin.buffer)
    job = Job(prepare(source, root), call, open_store(url), fence, None, 0, 0, iterate)
    return do_iteration(job, fence, writing)
