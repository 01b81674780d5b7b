"""The constructs of a shape, each with the regions that lie around it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.shapes import GANG, Diamond, Each, Level, Line, Node, first_step, inside, last_step

Around = tuple[str, ...]
"""The kinds of regions that lie around a place, outermost first: `split`, `foreach`, `gang`, and `arm` of a switch."""


def structure(level: Level) -> frozenset[str]:
    """Each construct alone, in each region around it, and in each region in another one: `switch in foreach in split`."""
    return frozenset(word for construct, around in constructs(level) for word in placed(construct, around))


def placed(construct: str, around: Around) -> Iterator[str]:
    """A construct with each region, and each two of them, that lie around it."""
    yield construct
    for at, region in enumerate(around):
        yield f"{construct} in {region}"
        for outer in around[:at]:
            yield f"{construct} in {region} in {outer}"


def constructs(level: Level, around: Around = ()) -> Iterator[tuple[str, Around]]:
    """Every construct with what lies around it."""
    for at, node, here in _nodes(level, around):
        if len(level.ways[at]) > 1:
            yield "switch", here
        match node:
            case Line():
                if node.rounds:
                    yield "recursion", here
            case Diamond():
                yield "split", here
            case Each():
                yield _kind(node), here
        for inner in inside(node):
            yield from constructs(inner, (*here, _kind(node)))


def places(level: Level, around: Around = ()) -> Iterator[tuple[str, Around]]:
    """Every step with what lies around it; a step that repeats lies in its own recursion."""
    for _, node, here in _nodes(level, around):
        yield first_step(node), (*here, "recursion") if isinstance(node, Line) and node.rounds else here
        for inner in inside(node):
            yield from places(inner, (*here, _kind(node)))
        if not isinstance(node, Line):
            yield last_step(node), here


def _nodes(level: Level, around: Around) -> Iterator[tuple[int, Node, Around]]:
    for at, node in enumerate(level.nodes):
        yield at, node, (*around, "arm") if _can_be_passed(level, at) else around


def _kind(node: Node) -> str:
    if isinstance(node, Each):
        return "gang" if node.kind == GANG else "foreach"
    return "split"


def _can_be_passed(level: Level, at: int) -> bool:
    """Whether a way leads from the level's entry to its exit without this node: it stands in an arm of a switch."""
    reached = {0}
    for source, ways in enumerate(level.ways):
        if source in reached and source != at:
            reached.update(ways)
    return at != 0 and len(level.nodes) in reached
