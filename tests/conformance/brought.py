"""Targets of other distributions on the suite: which of its flows they compile, and that these leave what the local run leaves."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from compiler.backends.targets import load_backend
from tests.conformance.written import WRITTEN, Written
from tests.engines.compiling import refusal

GAPS = frozenset({"FC301", "FC302"})
"""The refusals that say that a target has no such feature or option."""


def compiled_by(target: str, own: Collection[str] = ()) -> tuple[list[Written], dict[str, frozenset[str]]]:
    """The written flows that a target compiles, and those that it refuses with the codes. AssertionError for a code that is neither
    a gap's nor among `own`, and for a flow that every target refuses."""
    backend = load_backend(target)
    assert backend is not None
    taken: list[Written] = []
    refused: dict[str, frozenset[str]] = {}
    for each in WRITTEN:
        codes = refusal(each.case(Path()), backend)
        if not codes:
            taken.append(each)
            continue
        expected = set(each.refused.values())
        assert codes <= GAPS | set(own) | expected, f"{each.name}: refused with {sorted(codes)}"
        refused[each.name] = codes
    return taken, refused
