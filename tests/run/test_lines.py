"""Bytes to lines: the same lines however the bytes come, and no byte looked at again and again."""

from __future__ import annotations

import os
import subprocess
from random import Random

import pytest

from compiler.run import lines as lines_module
from compiler.run.lines import Lines, drained

PIECES = ("a", "é", "€", "\n", "\n\n", "\r", "a longer word ", "\t")


@pytest.mark.parametrize("seed", range(50))
def test_lines_are_the_same_however_their_bytes_come(seed: int) -> None:
    random = Random(seed)
    text = "".join(random.choice(PIECES) for _ in range(random.randrange(400)))
    data, lines, found, at = text.encode(), Lines(), list[str](), 0
    while at < len(data):
        size = random.choice((1, 2, 7, 100))
        found += lines.take(data[at : at + size])
        at += size
    expected = text.split("\n")
    assert [*found, *lines.rest()] == (expected if expected[-1] else expected[:-1])


def test_a_line_without_an_end_is_told_in_parts() -> None:
    lines, found = Lines(), list[str]()
    for _ in range(100):
        found += lines.take(b"x" * (1 << 16))
    found += lines.rest()
    assert sum(map(len, found)) == 100 << 16
    assert max(map(len, found)) <= lines_module._LONGEST + (1 << 16)


def test_a_long_line_in_small_pieces_costs_no_more_than_its_bytes() -> None:
    """With a copy of the line for each piece this would move 400 GB."""
    lines = Lines()
    for _ in range(400_000):
        lines.take(b"0123456789")
        lines.growing()


def test_a_progress_bar_shows_its_end_alone() -> None:
    lines = Lines()
    for number in range(20_000):
        assert not lines.take(b"\r%5d of 20000 done" % number)
    assert lines.growing().endswith("\r19999 of 20000 done")
    assert len(lines.growing()) < 5_000


def test_a_pipe_is_drained_although_somebody_goes_on_writing() -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(["yes"], stdout=writing)
    try:
        os.close(writing)
        first = os.read(reading, 1)
        assert (first + drained(reading)).startswith(b"y\n")
    finally:
        process.kill()
        process.wait()
        os.close(reading)
