"""What is known of a task before it begins: what the deployment asks for, its code, and how many attempts it has."""

from __future__ import annotations

import os
from collections.abc import Mapping

from flowc.language.current import username
from flowc.named_tuple import NamedTuple
from flowc.tracking.facts import Code
from flowc.tracking.revision import code_at
from flowc.tracking.wanted import Wanted, wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.artifacts.address import TaskAddress
    from flowc.artifacts.manifest import RunRecord
    from flowc.source.module import Loaded


class Told(NamedTuple):
    """`record` and `given`, the parameters' values, are there where the task begins the run. `has_cards`: its step has `@card`.

    `attempts` is how many attempts may follow the first; `is_final`: none follows one in which the step raised.
    """

    wanted: Wanted
    code: Code
    user: str
    record: RunRecord | None
    given: Mapping[str, Any]
    has_cards: bool = False
    attempts: int = 0
    is_final: bool = False

    def is_last(self, retry: int, *, is_steps: bool) -> bool:
        """Whether no attempt follows one that has used up so much of `@retry`, and has failed."""
        return retry >= self.attempts or (is_steps and self.is_final)


def told_of(loaded: Loaded | None, address: TaskAddress, record: RunRecord | None, given: Mapping[str, Any]) -> Told:
    """What is known of the task at an address; no `loaded` where the flow's module raised. Raises CallMistake."""
    asked = wanted(address.flow, os.environ)
    source = os.environ.get("FLOWC_FLOW", "").rpartition(":")[0]
    root = loaded.root if loaded else os.environ.get("FLOWC_ROOT") or os.getcwd()
    code = code_at(source, root, loaded.code if loaded else {}, os.environ)
    marks = loaded.steps.get(address.step) if loaded else None
    if marks is None:
        return Told(asked, code, username(), record, given)
    catches = marks.find("catch") is not None
    return Told(
        asked,
        code,
        username(),
        record,
        given,
        has_cards=marks.find("card") is not None,
        attempts=marks.times + catches,
        is_final=marks.is_final and not catches,
    )
