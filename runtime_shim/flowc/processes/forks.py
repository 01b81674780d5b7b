"""What a process must know that forks: whether it may, and what its children must not share."""

from __future__ import annotations

import contextlib
import os
import sys

from flowc.standard_path import standard_path
from flowc.threads import other_threads

START_METHOD = "FLOWC_START_METHOD"
"""The variable that says how a task or an iteration starts: `fork`, `spawn` (a fresh interpreter), or empty: by a fork where it is safe."""

_FILES, _GPU = "/proc/self/fd", "/dev/nvidia"
_TRIAL = 5.0
"""Seconds that a fork which does nothing may take to end."""


def may_fork() -> bool:
    """Whether a fork of this process goes on as this process would: what another thread has locked, a fork has locked for ever.

    Python knows its own threads only, so the system is asked; where it does not tell (macOS, where Apple's own libraries do not
    bear forks either), none is safe. `FLOWC_START_METHOD` decides it without looking.
    """
    said = os.environ.get(START_METHOD)
    if said in ("fork", "spawn"):
        return said == "fork"
    if not sys.platform.startswith("linux"):
        return False
    # Libraries that bear forks (OpenBLAS) end their threads before one: those that are left behind one are the others.
    return (not other_threads() or (_tried() and not other_threads())) and not _has_gpu()


def _has_gpu() -> bool:
    """Whether this process has opened a GPU: CUDA works in no fork of it."""
    for file in os.listdir(_FILES):
        with contextlib.suppress(OSError):
            if os.readlink(f"{_FILES}/{file}").startswith(_GPU):
                return True
    return False


def _tried() -> bool:
    """Fork a process that ends at once; whether it did."""
    with standard_path():
        import time
        import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's own, of forks beside threads
        child = os.fork()
    if not child:
        os._exit(0)
    until = time.monotonic() + _TRIAL
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > until:
            os.kill(child, 9)
            os.waitpid(child, 0)
            return False
        time.sleep(0.001)
    return True


def reseed() -> None:
    """Forks must not draw the same random numbers."""
    for name, seed in (("random", "seed"), ("numpy.random", "seed")):
        if name in sys.modules:
            getattr(sys.modules[name], seed)()
