"""What a task starts from: the manifests that `--load` names, past switches by their decisions."""

from __future__ import annotations

from flowc.artifacts.address import Enter, Follow, Gather, Load, Loads, Merge, TaskAddress, child, last_part, parent
from flowc.artifacts.manifest import Manifest, read
from flowc.artifacts.pickling import Frame
from flowc.exceptions import CallMistake
from flowc.named_tuple import NamedTuple
from flowc.store.protocol import MissingError, Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.artifacts.inputs import Inputs, Place


class Base(NamedTuple):
    """The manifest that a task goes on from (a join: its split's), the foreaches around the task, the splits that are open.

    `since` are the tokens of `open`, `chose` those of the switches of `decisions`: all that lead to a task know the same ones.
    """

    manifest: Manifest
    stack: tuple[Frame, ...]
    open: tuple[tuple[str, str], ...]
    since: tuple[str, ...] | None
    decisions: dict[str, int]
    chose: dict[str, str]
    inputs: Inputs | None

    @property
    def loaded(self) -> list[tuple[str, str, str]]:
        """Step, index path and the token's first digits of each manifest that the task has loaded."""
        others = self.inputs.manifests() if self.inputs is not None else ()
        return [(each.address.step, each.address.name, each.token[:_TOLD]) for each in (self.manifest, *others)]


_TOLD = 8
"""So many digits of a token tell the attempts of one task from each other."""


def base(store: Store, address: TaskAddress, loads: Loads) -> Base:
    """Read what the task loads: an iteration the one before it. Raises CallMistake where it is not in the store."""
    if address.iteration:
        before = manifest(store, address._replace(iteration=address.iteration - 1))
        return _after(before)
    if isinstance(loads, Follow):
        choice = chosen(store, address, loads.load, address.index)
        found = manifest(store, address.at(choice.step, address.index))
        if choice.switches:
            _check_switches(found, choice.switches)
        return _after(found)
    if isinstance(loads, Enter):
        return _enter(store, address, loads)
    assert isinstance(loads, (Merge, Gather)), "the first step loads nothing"
    return _join(store, address, loads)


def _check_switches(found: Manifest, switches: tuple[Manifest, ...]) -> None:
    from flowc.artifacts.mixing import check_switches

    check_switches(found, switches)


def _after(found: Manifest) -> Base:
    return Base(found, found.stack, found.open, found.since, found.decisions, found.chose, None)


def manifest(store: Store, address: TaskAddress) -> Manifest:
    """The manifest of a task that must have ended."""
    try:
        return read(store, address)
    except MissingError:
        raise CallMistake(
            f"the artifacts of {address} are not in the store {store.url}: did it run, and there?"
        ) from None


class Chosen(NamedTuple):
    """The step that a decision list says, and the switches that were asked."""

    step: str
    switches: tuple[Manifest, ...]


def chosen(store: Store, address: TaskAddress, load: Load, index: str) -> Chosen:
    """What a decision list says at an index path; the switches' own manifests know their cases."""
    read_before: dict[str, Manifest | None] = {}
    for choice in load:
        if all(_holds(store, address.at(switch, index), cases, read_before) for switch, cases in choice.when):
            return Chosen(choice.step, tuple(there for there in read_before.values() if there))
    told = ", ".join(f"{name} took case {there.case}" for name, there in read_before.items() if there)
    raise CallMistake(f"nothing leads to {address}: {told or 'no switch has decided'}")


def _holds(store: Store, switch: TaskAddress, cases: tuple[int, ...], known: dict[str, Manifest | None]) -> bool:
    if switch.step not in known:
        try:
            known[switch.step] = read(store, switch)
        except MissingError:  # a switch that was not reached has decided nothing
            known[switch.step] = None
    found = known[switch.step]
    return found is not None and found.case in cases


def _enter(store: Store, address: TaskAddress, loads: Enter) -> Base:
    if address.index == "-":
        raise CallMistake(f"step {address.step!r} is in a foreach: its index is a number, not '-'")
    split, place = manifest(store, address.at(loads.split, parent(address.index))), last_part(address.index)
    if split.fan is None or split.items is None:
        raise CallMistake(f"{split.address} is no foreach")
    if place >= split.fan:
        raise CallMistake(f"{address} is not there: the foreach of {split.address} has {split.fan} children")
    frame = Frame(loads.split, place, split.fan, *split.items)
    return Base(split, (*split.stack, frame), split.open, split.since, {}, {}, None)


def _join(store: Store, address: TaskAddress, loads: Merge | Gather) -> Base:
    from flowc.artifacts.inputs import Inputs
    from flowc.artifacts.mixing import check_inputs

    split = manifest(store, address.at(loads.split, address.index))
    places = _arms(store, address, loads) if isinstance(loads, Merge) else _children(store, address, loads, split)
    inputs = Inputs(store, places, isinstance(loads, Merge))
    check_inputs(split, inputs)
    since = None if split.since is None else split.since[:-1]
    return Base(split, split.stack, split.open[:-1], since, split.decisions, split.chose, inputs)


def _arms(store: Store, address: TaskAddress, loads: Merge) -> list[Place]:
    """The last task of each arm, with the step that the arm begins with."""
    return [_place(store, address, arm, load, address.index) for arm, load in loads.arms]


def _children(store: Store, address: TaskAddress, loads: Gather, split: Manifest) -> list[Place]:
    if split.fan is None:
        raise CallMistake(f"{split.address} is no foreach")
    return [_place(store, address, "", loads.load, child(address.index, part)) for part in range(split.fan)]


def _place(store: Store, address: TaskAddress, arm: str, load: Load, index: str) -> Place:
    from flowc.artifacts.inputs import Place

    choice = chosen(store, address, load, index)
    return Place(arm, address.at(choice.step, index), choice.switches)
