"""What `doctor` looks at: whether the engine answers, who it is, what we may there, and how late its clock is."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.backends.argo.operate.api.protocol import CRON, EVENT, POD, TEMPLATE, WORKFLOW, AbsentError, Api, Kind
from compiler.backends.operating import Diagnosis
from compiler.mistakes import CallError

_LOG = Kind("the log of a Pod", "", "v1", "pods/log")

VERBS: tuple[tuple[str, tuple[tuple[str, Kind], ...]], ...] = (
    ("list", (("list", TEMPLATE), ("list", CRON))),
    (
        "deploy",
        (
            ("get", TEMPLATE),
            ("create", TEMPLATE),
            ("patch", TEMPLATE),
            ("create", CRON),
            ("patch", CRON),
            ("delete", CRON),
        ),
    ),
    ("delete", (("delete", TEMPLATE), ("delete", CRON))),
    ("suspend, resume", (("patch", CRON),)),
    ("trigger, retry", (("create", WORKFLOW), ("get", WORKFLOW))),
    ("status", (("get", WORKFLOW), ("list", WORKFLOW), ("list", POD), ("list", EVENT))),
    ("logs", (("get", _LOG),)),
    ("terminate", (("patch", WORKFLOW),)),
)
"""The rights that each verb needs."""

_LATE = 60.0
"""Seconds by which clocks may differ."""


def diagnose(api: Api) -> Iterator[Diagnosis]:
    """One diagnosis a subject; the rest is left where the engine does not answer."""
    try:
        told, ahead = api.version()
    except CallError as error:
        yield Diagnosis("reachable", False, str(error))
        return
    yield Diagnosis("reachable", True, api.where)
    yield Diagnosis("version", True, told)
    if "not checked" in api.where:
        yield Diagnosis(
            "certificate",
            False,
            "it is not checked: whoever is between can read along",
            "give `ca`, and leave `insecure` out",
        )
    try:
        yield from _installed(api)
        yield from _rights(api)
    except CallError as error:
        yield Diagnosis("rights", None, "could not be told", str(error))
    if ahead is not None:
        is_well = abs(ahead) < _LATE
        yield Diagnosis("clock", is_well, f"{abs(ahead):.0f} s from here", "" if is_well else "set the clocks by NTP")


def _installed(api: Api) -> Iterator[Diagnosis]:
    try:
        api.find(TEMPLATE, "app.kubernetes.io/managed-by=flowc")
    except AbsentError:
        yield Diagnosis(
            "Argo Workflows",
            False,
            "its kinds are not there",
            "install Argo Workflows, with its CustomResourceDefinitions",
        )
    except CallError as error:
        yield Diagnosis("Argo Workflows", None, "could not be told", str(error))
    else:
        yield Diagnosis("Argo Workflows", True, f"installed, in the namespace {api.namespace}")


def _rights(api: Api) -> Iterator[Diagnosis]:
    for verb, wanted in VERBS:
        found = [(right, kind, api.may(right, kind)) for right, kind in wanted]
        denied = [f"{right} {kind.plural}" for right, kind, allowed in found if allowed is False]
        if denied:
            yield Diagnosis(
                f"right to {verb}", False, "missing: " + ", ".join(denied), "ask for it, see docs/operate-argo.md"
            )
        elif all(allowed is None for _, _, allowed in found):
            yield Diagnosis(f"right to {verb}", None, "Argo Server does not tell")
        else:
            yield Diagnosis(f"right to {verb}", True, "yes")
