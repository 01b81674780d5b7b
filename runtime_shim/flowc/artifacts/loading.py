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
    from flowc.artifacts.inputs import Inputs


class Base(NamedTuple):
    """The manifest that a task goes on from (a join: its split's), the foreaches around the task, the splits that are open."""

    manifest: Manifest
    stack: tuple[Frame, ...]
    open: tuple[tuple[str, str], ...]
    decisions: dict[str, int]
    inputs: Inputs | None


def base(store: Store, address: TaskAddress, loads: Loads) -> Base:
    """Read what the task loads: an iteration the one before it. Raises CallMistake where it is not in the store."""
    if address.iteration:
        before = manifest(store, address._replace(iteration=address.iteration - 1))
        return Base(before, before.stack, before.open, before.decisions, None)
    if isinstance(loads, Follow):
        found = manifest(store, address.at(chosen(store, address, loads.load, address.index), address.index))
        return Base(found, found.stack, found.open, found.decisions, None)
    if isinstance(loads, Enter):
        return _enter(store, address, loads)
    assert isinstance(loads, (Merge, Gather)), "the first step loads nothing"
    return _join(store, address, loads)


def manifest(store: Store, address: TaskAddress) -> Manifest:
    """The manifest of a task that must have ended."""
    try:
        return read(store, address)
    except MissingError:
        raise CallMistake(
            f"the artifacts of {address} are not in the store {store.url}: did it run, and there?"
        ) from None


def chosen(store: Store, address: TaskAddress, load: Load, index: str) -> str:
    """The step that a decision list says at an index path; the switches' own manifests know their cases."""
    read_before: dict[str, Manifest | None] = {}
    for choice in load:
        if all(_holds(store, address.at(switch, index), cases, read_before) for switch, cases in choice.when):
            return choice.step
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
    return Base(split, (*split.stack, frame), split.open, {}, None)


def _join(store: Store, address: TaskAddress, loads: Merge | Gather) -> Base:
    from flowc.artifacts.inputs import Inputs, Place

    split = manifest(store, address.at(loads.split, address.index))
    found = _arms(store, address, loads) if isinstance(loads, Merge) else _children(store, address, loads, split)
    inputs = Inputs(store, [Place(arm, each) for arm, each in found], isinstance(loads, Merge))
    return Base(split, split.stack, split.open[:-1], split.decisions, inputs)


def _arms(store: Store, address: TaskAddress, loads: Merge) -> list[tuple[str, TaskAddress]]:
    """The last task of each arm, with the step that the arm begins with."""
    index = address.index
    return [(arm, address.at(chosen(store, address, load, index), index)) for arm, load in loads.arms]


def _children(store: Store, address: TaskAddress, loads: Gather, split: Manifest) -> list[tuple[str, TaskAddress]]:
    if split.fan is None:
        raise CallMistake(f"{split.address} is no foreach")
    indices = [child(address.index, part) for part in range(split.fan)]
    if len(loads.load) == 1 and not loads.load[0].when:
        return [("", address.at(loads.load[0].step, index)) for index in indices]
    return [("", address.at(chosen(store, address, loads.load, index), index)) for index in indices]
