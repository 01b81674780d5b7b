"""What `doctor` looks at on Airflow: the server, its parts, rights, clock and the folder of DAG files. It changes nothing there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import get_args

from compiler.backends.airflow.operate.api.protocol import Api, Health, Right
from compiler.backends.airflow.operate.connecting import Place
from compiler.backends.airflow.operate.folder import Folder
from compiler.backends.airflow.operate.layout import TAG
from compiler.backends.operating import Diagnosis, EngineError
from compiler.mistakes import CallError

_MOST_SKEW = 60.0
"""Seconds that two clocks may differ: tokens are signed with times."""
_ROLE = "ask for a role that may: docs/operate-airflow.md says what each verb needs"


def diagnose(place: Place, connect: Callable[[], Api], open_folder: Callable[[], Folder | None]) -> Iterator[Diagnosis]:
    """One thing after the other; what stands behind a failure is left out."""
    try:
        api = connect()
        begun = time.time()
        health = api.health()
    except (EngineError, CallError) as error:
        yield Diagnosis("server", False, str(error))
    else:
        yield Diagnosis("server", True, f"Airflow {api.version} at {place.url}")
        yield from _of_health(health, (begun + time.time()) / 2)
        yield from _rights(api)
    yield _folder(open_folder)


def _of_health(health: Health, now: float) -> Iterator[Diagnosis]:
    told = ", ".join(f"{part} {word}" for part, word in health.ill.items())
    cure = "start it again, or look into its log: without it nothing is read or started"
    yield Diagnosis("parts", not told, told or "scheduler and DAG processor work", cure if told else "")
    if health.clock is None:
        yield Diagnosis("clock", None, "the server does not tell its time")
        return
    skew = health.clock - now
    is_well = abs(skew) <= _MOST_SKEW
    cure = "" if is_well else "set one of the two by a time server"
    yield Diagnosis("clock", is_well, f"{abs(skew):.0f} s from here", cure)


def _rights(api: Api) -> Iterator[Diagnosis]:
    try:
        count = sum(1 for _ in api.dags(TAG))
        yield Diagnosis("right to read", True, f"{count} DAGs of flowc's")
    except (EngineError, CallError) as error:
        yield Diagnosis("right to read", False, str(error))
        return  # who may not even read, or is not known, is told nothing of the others
    for right in get_args(Right):
        try:
            may = api.may(right)
        except (EngineError, CallError) as error:
            yield Diagnosis(f"right to {right}", None, str(error))
            continue
        told = {True: "permitted", False: "not permitted", None: "cannot be told"}[may]
        yield Diagnosis(f"right to {right}", may, told, "" if may else _ROLE)


def _folder(open_folder: Callable[[], Folder | None]) -> Diagnosis:
    """Whether a file can be written where DAG files go: one is, under a name that Airflow does not read, and removed again."""
    try:
        folder = open_folder()
        if folder is None:
            return Diagnosis(
                "dags",
                None,
                "not set",
                "`dags` in [tool.flowc.airflow.connection] says where DAG files go; only `deploy` needs it",
            )
        name = f"flowc-doctor-{token_hex(6)}.json"
        try:
            folder.write(name, "{}\n")
        finally:
            folder.remove(name)
    except CallError as error:
        return Diagnosis("dags", False, str(error), "give a folder that exists and that you may write")
    return Diagnosis("dags", True, f"{folder.where} can be written")
