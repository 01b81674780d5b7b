"""`python -m flowc members LEVELS --run RUN`: tell an engine the members of a foreach within others, of all of them at once.

An engine whose tasks tell nothing to those behind them cannot hand on the widths of a foreach that many tasks have split: this
reads them from the store. LEVELS are the steps that split, from the outside in: `outer>inner`, each with the ways that lead to it
where a switch may pass it over (`inner?sw=0`), the last one with the size of its portions where it has some (`inner/16`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from flowc.artifacts.address import RunAddress, child
from flowc.artifacts.loading import manifest
from flowc.container.command import mistake, needed_variable, the_flow, unanswered
from flowc.container.report import tell_members
from flowc.exceptions import CallMistake
from flowc.named_tuple import NamedTuple
from flowc.store import open_store
from flowc.store.protocol import SetupError, Store, StoreError
from flowc.task.call import DONE
from flowc.task.ways import Ways, are_taken, parse_ways

_USAGE = "python -m flowc members SPLIT[?WAYS][>SPLIT[?WAYS]…][/N] --run RUN"


class _Level(NamedTuple):
    """A step that splits, and the ways that lead to it."""

    split: str
    ways: Ways


def main(words: list[str]) -> int:
    """Tell the members; the process's exit code."""
    try:
        if len(words) != 4 or words[2] != "--run" or not words[3]:  # noqa: PLR2004 - `members LEVELS --run RUN`
            raise CallMistake(f"usage: {_USAGE}")
        levels, portion = _parsed(words[1])
        store = open_store(needed_variable(os.environ, "FLOWC_STORE"))
        run = RunAddress(the_flow().rpartition(":")[2], words[3])
        tell_members(tuple(_indexes(store, run, levels, portion)))
    except (CallMistake, SetupError) as error:
        return mistake(str(error))
    except StoreError as error:
        return unanswered(str(error))
    return DONE


def _parsed(text: str) -> tuple[tuple[_Level, ...], int]:
    levels, slash, portion = text.partition("/")
    if slash and not (portion.isdecimal() and int(portion)):
        raise CallMistake(f"no size of portions: {portion!r}; usage: {_USAGE}")
    found = []
    for level in levels.split(">"):
        split, _, ways = level.partition("?")
        if not split.isidentifier():
            raise CallMistake(f"no step's name: {split!r}; usage: {_USAGE}")
        found.append(_Level(split, parse_ways(ways)))
    return tuple(found), int(portion or 1)


def _indexes(store: Store, run: RunAddress, levels: tuple[_Level, ...], portion: int) -> Iterator[str]:
    """The index paths of all members of the innermost foreach, or of its portions."""
    around = ["-"]
    for depth, level in enumerate(levels, 1):
        size = portion if depth == len(levels) else 1
        around = [
            child(index, part)
            for index in around
            if are_taken(level.ways, store, run.task(level.split, index))
            for part in range(-(-_width(store, run, level.split, index) // size))
        ]
    yield from around


def _width(store: Store, run: RunAddress, split: str, index: str) -> int:
    found = manifest(store, run.task(split, index))
    if found.fan is None:
        raise CallMistake(f"{found.address} is no foreach")
    return found.fan
