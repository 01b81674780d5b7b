"""ARCHITECTURE.md names rooms and functions that are there."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.house.modules import PACKAGES, ROOT, defined, modules

TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
WAY = TEXT.partition("## One flow, from source to value")[2].partition("\n## ")[0]
ROOMS = TEXT.partition("| room | in one sentence")[2].partition("\n\n")[0]
FOUND = modules(PACKAGES)


NAMED = sorted(
    {
        name
        for name in re.findall(r"`([A-Za-z_]+(?:\.[A-Za-z_0-9]+)*)`", WAY)
        if name not in ("flowc", "yield") and not name.endswith(".py")
    }
)


def test_the_way_of_a_flow_names_what_is_there() -> None:
    names = defined(FOUND)
    assert len(NAMED) > 10
    assert [name for name in NAMED if not _is_there(name, names)] == []
    assert not _is_there("frontend.flows.read_flaw", names)


def _is_there(name: str, defined_in: Mapping[str, set[str]]) -> bool:
    """Whether a module has this name, or something in one."""
    if any(f".{module}".endswith(f".{name}") for module in FOUND):
        return True
    parts = name.split(".")
    for cut in range(len(parts)):
        module, inside = ".".join(parts[:cut]), ".".join(parts[cut:])
        if any(f".{known}".endswith(f".{module}") and inside in names for known, names in defined_in.items()):
            return True
        if not module and any(inside in names for names in defined_in.values()):
            return True
    return False


@pytest.mark.parametrize("room", sorted(path.parent for path in FOUND.values() if path.name == "__init__.py"))
def test_each_room_has_its_sentence(room: object) -> None:
    name = str(room).replace(str(ROOT / "runtime_shim"), "").replace(str(ROOT), "").strip("/")
    top = "/".join(name.split("/")[:2])
    assert top in ("compiler", "flowc", "flowc/_compat") or f"`{top}/`" in ROOMS
