"""Where the bytes of artifacts and of foreach items lie."""

from __future__ import annotations

from flowc.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias


class Packed(NamedTuple):
    """A small artifact: its pickle's place in the pack."""

    kind: str
    start: int
    size: int


class Blob(NamedTuple):
    """A large artifact: an object of its own. `parts` are the sizes of the pickle and of its buffers, `raw` the sha256, before `codec`."""

    kind: str
    sha: str
    size: int
    codec: str
    parts: tuple[int, ...]
    raw: str


Entry: TypeAlias = "Packed | Blob"
"""Where an artifact's bytes lie; `kind` is its type's name as people write it."""


class Frame(NamedTuple):
    """One level of foreach around a task: the split, the task's place among its children, and the blob of the items."""

    step: str
    place: int
    fan: int
    items: str
    size: int
