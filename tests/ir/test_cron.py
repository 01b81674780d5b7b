"""Cron as authors write it, in the plan's one dialect."""

from __future__ import annotations

import json
import subprocess

import pytest

from compiler.backends.stepfunctions.schedule import expression
from compiler.ir.cron import five_fields, special_days
from tests.engines.airflow import LINES
from tests.engines.venvs import venv


@pytest.mark.parametrize(
    ("written", "planned"),
    [
        (" 0  10 * * * ", "0 10 * * *"),
        ("5/10 * ? jan-MAR *", "5/10 * * 1-3 *"),
        ("0 10 ? * MON-FRI *", "0 10 * * 1-5"),
        ("0 10 ? * 7 *", "0 10 * * 6"),
        # Sunday is 0 alone: Argo's reader of cron ends its week at 6.
        ("0 10 * * 7", "0 10 * * 0"),
        ("0 10 * * 5-7", "0 10 * * 0,5,6"),
        ("0 10 * * 1-7/3", "0 10 * * 0,1,4"),
        ("0 10 * * 7/2", "0 10 * * 0"),
        ("0 10 * * sun,7", "0 10 * * 0"),
        ("0 10 7 * */7", "0 10 7 * */7"),
        ("0 10 ? * 7-2 *", None),
        # what only some clocks know, as croniter writes it
        ("0 10 ? * 6#3 *", "0 10 * * 5#3"),
        ("0 10 * * fri#3", "0 10 * * 5#3"),
        ("0 10 * * 7#1,1#1", "0 10 * * 0#1,1#1"),
        ("0 10 L * ? *", "0 10 L * *"),
        ("0 10 ? * 6L *", "0 10 * * L5"),
        ("0 10 ? * FRIL *", "0 10 * * L5"),
        ("0 10 * * 5l", "0 10 * * L5"),
        ("0 10 * * L7", "0 10 * * L0"),
        ("0 10 ? * L *", "0 10 * * 6"),
        ("0 10 09w * *", "0 10 9W * *"),
        ("0 10 1,L * *", "0 10 1,L * *"),
        ("0 10 ? * L6 *", None),
        ("0 10 * * L", None),
        ("0 10 * * 5#6", None),
        ("0 10 * * 8#1", None),
        ("0 10 * * 1,5#2", None),
        ("0 10 LW * *", None),
        ("0 10 L-3 * *", None),
        ("0 10 0W * *", None),
        ("0 10 32W * *", None),
        ("0 10 1,15W * *", None),
        ("0 L * * *", None),
        ("0 10 * L *", None),
        ("0 10 1 1 ? 2027", None),
        ("0 0 * * * *", None),
        ("0 24 * * *", None),
        ("@daily", None),
    ],
)
def test_written_times_mean_the_same_in_the_plan(written: str, planned: str | None) -> None:
    """Five fields with numbers; None for what they cannot say."""
    assert planned == five_fields(written)


SPECIAL = {
    "0 0 L * *": (["01-31", "02-28", "03-31", "04-30"], "cron(0 0 L * ? *)"),
    "0 0 15W * *": (["01-15", "02-16", "03-16", "04-15"], "cron(0 0 15W * ? *)"),
    "0 0 ? * 6L *": (["01-30", "02-27", "03-27", "04-24"], "cron(0 0 ? * 6L *)"),
    "0 0 * * FRI#2": (["01-09", "02-13", "03-13", "04-10"], "cron(0 0 ? * 6#2 *)"),
    "0 0 ? * 1#5 *": (["03-29", "05-31", "08-30", "11-29"], "cron(0 0 ? * 1#5 *)"),
    "0 0 1,L * *": (["01-31", "02-01", "02-28", "03-01"], None),
    "0 0 * * 1#1,1#3": (["01-05", "01-19", "02-02", "02-16"], None),
}
"""Days that not every clock knows: the first four after New Year 2026, and how EventBridge writes them."""


@pytest.mark.parametrize("line", LINES)
def test_airflow_s_own_reader_finds_the_days(line: str) -> None:
    """By the croniter of each line, read by the timetable that reads schedules there."""
    script = """
import json, sys
from datetime import datetime
from airflow.timetables.trigger import CronTriggerTimetable
from croniter import croniter
def days(cron):
    CronTriggerTimetable(cron, timezone="UTC").validate()
    found = croniter(cron, datetime(2026, 1, 1))
    return [found.get_next(datetime).strftime("%m-%d") for _ in range(4)]
sys.stdout.write("DAYS " + json.dumps([days(cron) for cron in json.loads(sys.argv[1])]))
"""
    crons = json.dumps([five_fields(written) for written in SPECIAL])
    command = [str(venv(line) / "bin" / "python"), "-c", script, crons]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.rpartition("DAYS ")[2]) == [days for days, _ in SPECIAL.values()]


@pytest.mark.parametrize("written", [written for written, (_, said) in SPECIAL.items() if said])
def test_eventbridge_counts_its_days_from_one(written: str) -> None:
    cron = five_fields(written)
    assert cron is not None
    assert special_days(cron)
    assert expression(cron) == SPECIAL[written][1]
