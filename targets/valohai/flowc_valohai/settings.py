"""`[tool.flowc.valohai]`: what only the platform team knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.backends import OptionKind
from compiler.backends.fields import is_flag, is_names, is_text, whole
from compiler.ir.flow import Value
from compiler.slotted_class import record


@record
class Setting:
    """One key: its line of help, which values it takes, how a message says so, and what it is on a command line."""

    help: str
    takes: Callable[[Value], bool]
    wants: str
    kind: OptionKind = "other"


SETTINGS: Mapping[str, Setting] = {
    "autorestart": Setting(
        "whether an execution begins again where a spot instance was taken from it; without it, steps with retries do",
        is_flag,
        "true or false",
        "flag",
    ),
    "environment": Setting(
        "the machines that the steps run on, by the slug or the id of an environment", is_text, "a text"
    ),
    "environment_variable_groups": Setting(
        "groups of variables that every step has, secrets among them", is_names, "a list of names"
    ),
    "no_output_timeout": Setting(
        "seconds without a line of output after which Valohai ends a step, about 8 hours without it",
        lambda value: bool(whole(value)),
        "a whole number from 1",
        "number",
    ),
}
"""Every key beyond the shared ones."""


def wants(key: str, value: Value) -> str | None:
    """What a key takes where this value is not it."""
    setting = SETTINGS.get(key)
    if setting is None:
        return "a key of the list in `flowc config`"
    return None if setting.takes(value) else setting.wants
