"""By which ways a task is reached, where the engine starts each task whatever switches have decided: `--when`, and `members`.

`compiler.backends.command.ways_text` writes these texts: `sw=0.2,other=1;other:sw=1` is a task that cases 0 and 2 of `sw` lead to,
and case 1 of `other`, which itself runs only by case 1 of `sw`. A task without ways runs whenever its level does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowc.artifacts.address import TaskAddress
from flowc.artifacts.loading import manifest
from flowc.exceptions import CallMistake
from flowc.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.store.protocol import Store


class Way(NamedTuple):
    """Some cases of a switch, by their positions."""

    switch: str
    cases: frozenset[int]


class Ways(NamedTuple):
    """The ways to a task, any one of which is enough, and those to each switch among them that has some."""

    own: tuple[Way, ...] = ()
    of_switches: Mapping[str, tuple[Way, ...]] = {}

    def lead(self, case_of: Callable[[str], int | None]) -> bool:
        """Whether one of them was taken. `case_of` is asked for the case of each switch that is reached, and no other, once."""
        taken: dict[str, int | None] = {}

        def is_reached(ways: tuple[Way, ...]) -> bool:
            return not ways or any(case(way.switch) in way.cases for way in ways)

        def case(switch: str) -> int | None:
            if switch not in taken:
                taken[switch] = case_of(switch) if is_reached(self.of_switches.get(switch, ())) else None
            return taken[switch]

        return is_reached(self.own)


def are_taken(ways: Ways, store: Store, address: TaskAddress) -> bool:
    """Whether the switches at a task's index path have taken one of its ways. Raises CallMistake where one has left nothing."""
    return ways.lead(lambda switch: manifest(store, address.at(switch, address.index)).case)


def parse_ways(text: str) -> Ways:
    """What `--when` says. Raises CallMistake for any other text."""
    if not text:
        return Ways()
    own, *others = text.split(";")
    of_switches: dict[str, tuple[Way, ...]] = {}
    for other in others:
        switch, _, ways = other.partition(":")
        of_switches[switch] = _ways(ways)
    return Ways(_ways(own), of_switches)


def _ways(text: str) -> tuple[Way, ...]:
    return tuple(_way(part) for part in text.split(","))


def _way(text: str) -> Way:
    switch, _, cases = text.partition("=")
    if not switch.isidentifier() or not all(case.isdecimal() for case in cases.split(".")):
        raise CallMistake(f"no way to a task: {text!r}")
    return Way(switch, frozenset(int(case) for case in cases.split(".")))
