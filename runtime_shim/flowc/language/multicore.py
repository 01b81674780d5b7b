"""`parallel_map` and its like: functions on many cores, in forks, so that they may be lambdas and see everything around them."""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from flowc.exceptions import MetaflowException
from flowc.threads import other_threads

_QUIET = 10.0
"""Seconds without an end of any call after which the threads are told of that may be why."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class MulticoreException(MetaflowException):
    """A function failed in a fork; its traceback is on the standard error."""

    headline = "A parallel function failed"


def parallel_imap_unordered(
    func: Callable[[_Item], _Result], iterable: Iterable[_Item], max_parallel: int | None = None, dir: str | None = None
) -> Iterator[_Result]:
    """The results in the order in which they are ready. Raises MulticoreException where a call fails."""
    return (result for _, result in _results(func, iterable, max_parallel, dir))


def parallel_map(
    func: Callable[[_Item], _Result], iterable: Iterable[_Item], max_parallel: int | None = None, dir: str | None = None
) -> list[_Result]:
    """The results in the order of the items. Raises MulticoreException where a call fails."""
    return [result for _, result in sorted(_results(func, iterable, max_parallel, dir), key=lambda pair: pair[0])]


def _results(
    func: Callable[[Any], Any], iterable: Iterable[Any], most: int | None, folder: str | None
) -> Iterator[tuple[int, Any]]:
    most = most or os.cpu_count() or 1
    running: dict[int, tuple[int, str]] = {}
    threads = 0
    with tempfile.TemporaryDirectory(prefix="flowc-parallel-", dir=folder) as place:
        for number, item in enumerate(iterable):
            if len(running) >= most:
                yield _next(running, threads)
            path = os.path.join(place, str(number))
            running[_fork(func, item, path)] = number, path
            threads = threads or other_threads()  # behind a fork: libraries that bear one have ended theirs
        while running:
            yield _next(running, threads)


def _fork(func: Callable[[Any], Any], item: Any, path: str) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        result = func(item)
        with open(path, "wb") as file:
            pickle.dump(result, file, protocol=5)
        code = 0
    except BaseException:  # noqa: BLE001 - the fork must end here, whatever the function raised
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _next(running: dict[int, tuple[int, str]], threads: int) -> tuple[int, Any]:
    """The next result, when it is there; `threads` of libraries ran when the forks were made."""
    warns_at = time.monotonic() + _QUIET if threads else float("inf")
    while True:
        for child in list(running):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                number, path = running.pop(child)
                if status:
                    raise MulticoreException(f"the function failed for item {number}; see the traceback above")
                with open(path, "rb") as file:
                    found = pickle.load(file)
                os.unlink(path)
                return number, found
        if time.monotonic() > warns_at:
            warns_at = float("inf")
            _warn(threads, len(running))
        time.sleep(0.001)


def _warn(threads: int, waiting: int) -> None:
    sys.stderr.write(
        f"flowc: no call of parallel_map or its like has ended for {_QUIET:g} s, and {waiting} run. They are forks, made while {threads} "
        "threads of libraries ran: what those had locked is locked in the forks for ever. If no call ever ends, call the library "
        "nowhere but within the function, or let it use one thread\n"
    )
    sys.stderr.flush()


@contextlib.contextmanager
def profile(label: str, stats_dict: dict[str, int] | None = None) -> Iterator[None]:
    """Print how long the block took, or add it, in milliseconds, to `stats_dict`."""
    if stats_dict is None:
        print(f"PROFILE: {label} starting")  # noqa: T201 - what the author asked for
    start = time.time()
    yield
    took = int((time.time() - start) * 1000)
    if stats_dict is None:
        print(f"PROFILE: {label} completed in {took}ms")  # noqa: T201 - as above
    else:
        stats_dict[label] = stats_dict.get(label, 0) + took
