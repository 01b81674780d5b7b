"""What `doctor` looks at: whether the server answers, whose it is, what may be read there, and how far its clock is off."""

from __future__ import annotations

import time
from collections.abc import Iterator

from compiler.backends.operating import Diagnosis
from compiler.mistakes import CallError
from flowc_kfp.operate.api import Api
from flowc_kfp.operate.deploying import is_ours

_LATE = 60.0
"""Seconds by which clocks may differ."""


def diagnose(api: Api) -> Iterator[Diagnosis]:
    """One diagnosis a subject; what stands behind a failure is left out."""
    try:
        told, clock = api.healthz()
    except CallError as error:
        yield Diagnosis("reachable", False, str(error))
        return
    yield Diagnosis("reachable", True, api.where)
    is_shared = told.get("multi_user") is True
    if is_shared and not api.place.namespace:
        cure = "give `namespace` in [tool.flowc.kfp], the one of your profile"
        yield Diagnosis("namespace", False, "the server has one for each user, and none is named", cure)
    else:
        yield Diagnosis("namespace", True, api.place.namespace or "the server has one for all")
    try:
        count = sum(1 for each in api.pipelines() if is_ours(each))
        yield Diagnosis("right to list", True, f"{count} pipelines of flowc's")
    except CallError as error:
        yield Diagnosis("right to list", False, str(error))
    yield Diagnosis("other rights", None, "the server does not tell them; each verb says what it is not permitted")
    if clock is not None:
        ahead = abs(clock - time.time())
        is_well = ahead < _LATE
        yield Diagnosis("clock", is_well, f"{ahead:.0f} s from here", "" if is_well else "set the clocks by NTP")
