"""What a task prints: all of it goes on, and of much a bounded copy is kept that says what it lacks."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from random import Random

import pytest
from flowc.task import output
from flowc.task.output import Copy, Output

SMALL = 1 << 10
NOTE = re.compile(rb"\[\.\.\. (\d+) bytes of the output were not kept \.\.\.\]\n")


def _lines(random: Random) -> bytes:
    return b"".join(b"%d\n" % random.randrange(10**6) for _ in range(random.randrange(1_000)))


PRINTED: dict[str, Callable[[Random], bytes]] = {
    "lines": _lines,
    "one line": lambda random: b"x" * random.randrange(10 * SMALL),
    "empty lines": lambda random: b"\n" * random.randrange(10 * SMALL),
    "bytes": lambda random: random.randbytes(random.randrange(10 * SMALL)),
}


@pytest.mark.parametrize("kind", PRINTED)
@pytest.mark.parametrize("seed", range(20))
def test_the_copy_is_the_whole_or_its_two_ends_with_the_number_of_bytes_between(
    kind: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "HALF", SMALL)
    random = Random(seed)
    printed, copy, at = PRINTED[kind](random), Copy(), 0
    while at < len(printed):
        size = random.choice((1, 10, SMALL, 5 * SMALL))
        copy.add(printed[at : at + size])
        at += size
    kept = copy.kept()
    if len(printed) <= 2 * SMALL:
        assert kept == printed
        return
    note = next(
        found for found in NOTE.finditer(kept) if len(kept) - found.end() <= SMALL and found.start() <= SMALL + 1
    )
    head, tail = kept[: note.start()], kept[note.end() :]
    if not printed.startswith(head):  # the note has a line of its own
        head = head[:-1]
    assert printed.startswith(head)
    assert printed.endswith(tail)
    assert int(note[1]) == len(printed) - len(head) - len(tail)


def test_where_there_are_lines_none_is_kept_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "HALF", SMALL)
    copy = Copy()
    for number in range(1_000):
        copy.add(b"line %d\n" % number)
    assert all(re.fullmatch(rb"line \d+", line) for line in NOTE.sub(b"", copy.kept()).splitlines())


def test_after_the_copy_is_full_a_line_costs_what_it_cost_before() -> None:
    """400,000 lines after the first 16 MiB: with anything that grows with what is kept, they take minutes."""
    copy, line = Copy(), b"x" * 15 + b"\n"
    for _ in range(2 * output.HALF // len(line) + 400_000):
        copy.add(line)
    assert len(copy.kept()) < 2 * output.HALF + 100


def test_all_of_a_large_output_goes_on() -> None:
    reading, writing = os.pipe()
    sizes: list[int] = []

    def read() -> None:
        while data := os.read(reading, 1 << 16):
            sizes.append(len(data))

    reader = threading.Thread(target=read)
    reader.start()
    with Output(writing, writing) as printed:
        for _ in range(300):
            print("y" * 99_999)  # noqa: T201 - what a step does
        printed.flush()
        kept = printed.stdout
    os.close(writing)
    reader.join()
    os.close(reading)
    assert sum(sizes) == 300 * 100_000
    assert b"bytes of the output were not kept" in kept
