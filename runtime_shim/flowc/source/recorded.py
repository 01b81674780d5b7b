"""Parameters as a run had them: a replay of its first step takes their values from what the run left, whatever a default says today."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from flowc.language.parameters import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.artifacts.manifest import Manifest
    from flowc.source.module import Loaded


class Recorded(Parameter):
    """A parameter whose value is what `read` gives, which is asked once the step begins."""

    def __init__(self, declared: Parameter, read: Callable[[], Any]) -> None:
        super().__init__(declared.name, default="")
        self.attribute = declared.attribute
        self._read = read

    def of_default(self, value: Any, folders: tuple[str, ...]) -> Any:
        """The value that the run had."""
        return self._read()


def with_recorded(loaded: Loaded) -> Loaded:
    """The flow of a replay's process: the parameters that are not given anew have the values of the run."""
    from flowc.store.overlay import read_rules

    folder = os.environ["FLOWC_REPLAY"]
    rules = read_rules(folder)
    if not rules.has_parameters:
        return loaded
    left = left_in(folder)
    taken = frozenset(left.parameters) - frozenset(rules.given)
    return loaded._replace(
        parameters=tuple(
            Recorded(each, partial(left.__getitem__, each.attribute)) if each.attribute in taken else each
            for each in loaded.parameters
        )
    )


def left_in(folder: str) -> Manifest:
    """What the task had left when the replay of that folder began. Raises FileNotFoundError where it had left nothing."""
    from flowc.artifacts.address import TaskAddress
    from flowc.artifacts.manifest import Manifest
    from flowc.store import open_store
    from flowc.store.overlay import LEFT, read_rules

    rules = read_rules(folder)
    with open(os.path.join(folder, LEFT), "rb") as file:
        return Manifest(open_store(rules.under), TaskAddress(*rules.task), file.read())
