"""What a card says beside its step's name."""

from __future__ import annotations

import pytest

from compiler.ir.plan import Resources
from compiler.picture.marks import duration, sizes


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Resources(), []),
        (Resources(cpu=0.5, memory=512), ["0.5 CPU", "512 MiB memory"]),
        (Resources(cpu=8, gpu=1, memory=32768, disk=1024), ["8 CPU", "1 GPU", "32 GiB memory", "1 GiB disk"]),
    ],
    ids=["nothing", "small", "large"],
)
def test_sizes_in_the_unit_of_people(asked: Resources, said: list[str]) -> None:
    assert list(sizes(asked)) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(30, "30 s"), (90, "90 s"), (120, "2 min"), (7200, "2 h"), (86400, "1 d")]
)
def test_seconds_in_the_unit_of_people(seconds: float, said: str) -> None:
    assert duration(seconds) == said
