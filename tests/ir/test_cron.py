"""Cron as authors write it, in the plan's one dialect."""

from __future__ import annotations

import pytest

from compiler.ir.cron import five_fields


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
        ("0 10 ? * 6#3 *", None),
        ("0 10 L * ? *", None),
        ("0 10 1 1 ? 2027", None),
        ("0 0 * * * *", None),
        ("0 24 * * *", None),
        ("@daily", None),
    ],
)
def test_written_times_mean_the_same_in_the_plan(written: str, planned: str | None) -> None:
    """Five fields with numbers; None for what they cannot say."""
    assert planned == five_fields(written)
