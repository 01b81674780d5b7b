"""2 GiB to S3 and back, beside the same bytes over plain sockets: what the wire can carry between two processes of this machine."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from bench.goals import at_most
from bench.measure import run
from bench.rows import Row
from bench.sides import ROOT, Bench
from bench.wire import SIZE

_TIMED = """
import sys, time
began = time.perf_counter(); up(); middle = time.perf_counter(); down()
print("up", middle - began, "down", time.perf_counter() - middle)
"""
_OURS = f"""
import sys
from flowc.store import pieces
pieces.AT_ONCE = int(sys.argv[1])
from flowc.store import open_store
store, value = open_store("s3://bench/wire"), bytearray({SIZE})
def up(): store.put("x", (value,))
def down(): assert len(store.get_range("x", 0, {SIZE})) == {SIZE}
{_TIMED}"""
_THEIRS = f"""
from metaflow import S3
value = bytes({SIZE})
s3 = S3(s3root="s3://bench/wire").__enter__()
def up(): s3.put("x", value)
def down(): assert len(s3.get("x").blob) == {SIZE}
{_TIMED}s3.close()
"""
_FLOOR = f"""
import os, re, socket, sys, threading
count, port = int(sys.argv[1]), int(re.search(":([0-9]+)", os.environ["AWS_ENDPOINT_URL"])[1])
share = {SIZE} // count
value = memoryview(bytearray({SIZE}))
socks = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
def put(at):
    socks[at].sendall(b"PUT /x HTTP/1.1\\r\\ncontent-length: %d\\r\\n\\r\\n" % share)
    socks[at].sendall(value[at * share : (at + 1) * share])
    socks[at].recv(4096)
def get(at):
    socks[at].sendall(b"GET /x HTTP/1.1\\r\\nrange: bytes=%d-%d\\r\\n\\r\\n" % (at * share, (at + 1) * share - 1))
    done = 0
    head = b""
    while b"\\r\\n\\r\\n" not in head:
        head += socks[at].recv(4096)
    done = len(head.partition(b"\\r\\n\\r\\n")[2])
    while done < share:
        done += socks[at].recv_into(value[at * share + done : (at + 1) * share])
def each(act):
    threads = [threading.Thread(target=act, args=(at,)) for at in range(count)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
def up(): each(put)
def down(): each(get)
{_TIMED}"""
_RUNS = 3
"""So often at the most: a run moves 4 GiB."""
_TIMES = re.compile(r"up ([0-9.e-]+) down ([0-9.e-]+)")


class _Wall(NamedTuple):
    """Seconds of sending and of receiving."""

    up: float
    down: float


def wire(bench: Bench, runs: int) -> Iterator[Row]:
    """2 GiB to S3 and back over one and eight connections; Metaflow's client opens as many as it likes."""
    with _server() as url:
        env = {**bench.env, "AWS_ENDPOINT_URL": url, "METAFLOW_S3_ENDPOINT_URL": url}
        timed, runs = partial(_walls, bench, env), min(runs, _RUNS)
        ours = str(bench.flowc.parent / "python")
        theirs = timed([str(bench.metaflow), "-c", _THEIRS], 1)
        for count, told in ((1, "one connection"), (8, "eight connections")):
            found = timed([ours, "-c", _OURS, str(count)], runs)
            floor = timed([ours, "-c", _FLOOR, str(count)], runs)
            for what, their, our, least in zip(("to S3", "from S3"), theirs, found, floor, strict=True):
                yield Row(
                    f"2 GiB {what}, {told} (wall)",
                    f"{their:.2f} s (its own count)",
                    f"{our:.2f} s, {SIZE / our / 1e9:.1f} GB/s",
                    their / our,
                    at_most(1.2, " of the floor", our / least, _WHY[what]),
                    f"{least:.2f} s, {our / least:.2f} of it",
                )


_WHY = {
    "to S3": "each piece is hashed for its signature, on the processors that also carry this wire",
    "from S3": "the memory that it comes into is new, which the floor's is not",
}


def _walls(bench: Bench, env: Mapping[str, str], command: Sequence[str], runs: int) -> _Wall:
    found = [_TIMES.search(run(command, env=env, cwd=bench.folder).output) for _ in range(runs)]
    return _Wall(*(statistics.median(float(each[way]) for each in found if each) for way in (1, 2)))


@contextmanager
def _server() -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.wire"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert server.stdin
    assert server.stdout
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.stdin.close()
        server.wait(timeout=20)
