"""`[tool.flowc.maestro]`, what only the platform team knows; and what Maestro cannot do, with the way round."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from compiler.backends import Gap
from compiler.backends.fields import is_names, is_text, names, one_of, whole
from compiler.backends.gaps import ONLY_ON_AIRFLOW
from compiler.ir.flow import Value
from compiler.ir.plan import Feature

RULES = ("sequential", "strict_sequential", "first_only", "last_only", "parallel", "serial_latest_only")
CRITICALITIES = ("critical", "high", "medium", "low")
MOST_TIMEOUT = 120 * 24 * 3600
_TAG = r"(?!maestro_| +$)[\w .,:@&='(){}$+\[\]\-/\\]{1,256}(?<!_maestro)"


def _are_tags(value: Value) -> bool:
    found = names(value) if is_names(value) else [""]
    return len(set(found)) == len(found) and all(re.fullmatch(_TAG, each, re.ASCII | re.IGNORECASE) for each in found)


_TAKES: Mapping[str, tuple[str, Callable[[Value], bool], str]] = {
    "criticality": ("how much depends on a run", one_of(*CRITICALITIES), f"one of {', '.join(CRITICALITIES)}"),
    "owner": ("who owns the workflow, without it whoever puts it there", is_text, "a text"),
    "run_strategy": ("what happens to a run while another runs", one_of(*RULES), f"one of {', '.join(RULES)}"),
    "tags": ("tags of the workflow", _are_tags, "a list of different names as Maestro takes them"),
    "timeout": ("seconds of a run", lambda value: 0 < (whole(value) or 0) <= MOST_TIMEOUT, "a number up to 10368000"),
}
"""Of each key its line of help, whether a value fits, and what it takes."""

SETTINGS: Mapping[str, str] = {key: about for key, (about, _, _) in _TAKES.items()}
"""Every key that `[tool.flowc.maestro]` takes beyond the shared ones."""


def wants(key: str, value: Value) -> str | None:
    """What a key takes where this value is not it."""
    _, fits, noun = _TAKES.get(key, ("", lambda _: False, "a key of the list in `flowc config`"))
    return None if fits(value) else noun


GAPS: Mapping[Feature, Gap] = {
    **ONLY_ON_AIRFLOW,
    "exit-hook": Gap(
        "nothing of a workflow runs any more when one of its steps has failed",
        "let a second workflow do it, which Maestro's alerting starts",
    ),
    "trigger": Gap(
        "a signal of Maestro's is text and whole numbers alone, without an id or a time",
        "start the run by Maestro's API when the event comes",
    ),
    "trigger-on-finish": Gap(
        "Maestro tells nobody that a run has succeeded, unless a step of that run signals it",
        "let what waits for the other run start this one by Maestro's API",
    ),
}
