"""`[tool.flowc.maestro]`: what only the platform team knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.backends import OptionKind
from compiler.backends.fields import is_names, is_number, is_text, one_of
from compiler.ir.flow import Value
from compiler.slotted_class import record

RULES = ("sequential", "strict_sequential", "first_only", "last_only", "parallel", "serial_latest_only")
CRITICALITIES = ("critical", "high", "medium", "low")


@record
class Setting:
    """One key: its line of help, whether a value fits, what it takes as a noun."""

    help: str
    fits: Callable[[Value], bool]
    noun: str
    kind: OptionKind = "other"


SETTINGS: Mapping[str, Setting] = {
    "criticality": Setting("how much depends on a run", one_of(*CRITICALITIES), f"one of {', '.join(CRITICALITIES)}"),
    "owner": Setting("who owns the workflow, without it whoever puts it there", is_text, "a text"),
    "run_strategy": Setting("what happens to a run while another runs", one_of(*RULES), f"one of {', '.join(RULES)}"),
    "tags": Setting("tags of the workflow", is_names, "a list of names"),
    "timeout": Setting("seconds that a whole run may take", is_number, "a whole number", "number"),
}
"""Every key that `[tool.flowc.maestro]` takes beyond the shared ones."""


def wants(key: str, value: Value) -> str | None:
    """What a key takes where this value is not it."""
    setting = SETTINGS.get(key)
    if setting is None:
        return "a key of the list in `flowc config`"
    return None if setting.fits(value) else setting.noun
