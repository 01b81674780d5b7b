"""ARCHITECTURE.md names rooms and functions that are there."""

from __future__ import annotations

import re

import pytest

from tests.house.modules import PACKAGES, ROOT, defined, modules

TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
WAY = TEXT.partition("## One flow, from source to value")[2].partition("\n## ")[0]
ROOMS = TEXT.partition("| room | in one sentence")[2].partition("\n\n")[0]
FOUND = modules(PACKAGES)


DEFINED = defined(FOUND)
NAMED = sorted(
    {
        name
        for name in re.findall(r"`([A-Za-z_]+(?:\.[A-Za-z_0-9]+)*)`", WAY)
        if name not in ("flowc", "yield") and not name.endswith(".py")
    }
)


@pytest.mark.parametrize("name", NAMED)
def test_the_way_of_a_flow_names_what_is_there(name: str) -> None:
    if any(f".{module}".endswith(f".{name}") for module in FOUND):
        return
    parts = name.split(".")
    for cut in range(len(parts)):
        module, inside = ".".join(parts[:cut]), ".".join(parts[cut:])
        if any(f".{known}".endswith(f".{module}") and inside in names for known, names in DEFINED.items()):
            return
        if not module and any(inside in names for names in DEFINED.values()):
            return
    pytest.fail(f"nothing is called {name}")


def test_a_name_that_is_not_there_would_be_seen() -> None:
    with pytest.raises(pytest.fail.Exception):
        test_the_way_of_a_flow_names_what_is_there("frontend.flows.read_flaw")


@pytest.mark.parametrize("room", sorted(path.parent for path in FOUND.values() if path.name == "__init__.py"))
def test_each_room_has_its_sentence(room: object) -> None:
    name = str(room).replace(str(ROOT / "runtime_shim"), "").replace(str(ROOT), "").strip("/")
    top = "/".join(name.split("/")[:2])
    assert top in ("compiler", "flowc", "flowc/_compat") or f"`{top}/`" in ROOMS
