"""Doing one task: load what came before, call the step, save what it leaves, tell how it ended.

May import: everything below it (cards, datatools, client, source, language, artifacts, store, ground). It knows no argv and no
engine. Start reading in `task`: `execute` is the whole; `call` has what goes in and comes out.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HOMES = {
    "flowc.source.module": "Loaded prepare",
    "flowc.task.call": "BUG Broken DONE FAILED MISTAKE Reported STORE TERMINATED TaskCall",
    "flowc.task.task": "execute iterate",
}
"""The shim as a library, under the names that it has had from the first version on."""

if not TYPE_CHECKING:
    __all__ = ["Broken", "Loaded", "Reported", "TaskCall", "execute", "prepare"]


def __getattr__(name: str) -> Any:
    if not any(
        name in names.split() for names in _HOMES.values()
    ):  # a step imports modules of this room, and none more for them
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from flowc.public_names import loader

    return loader(__name__, _HOMES)(name)
