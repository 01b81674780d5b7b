"""Targets of other distributions on the suite: which of its flows they compile."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from compiler.backends.targets import load_backend
from tests.conformance.written import Written
from tests.engines.compiling import refusal

GAPS = frozenset({"FC301", "FC302"})
"""The refusals that say that a target has no such feature or option."""


def refused_by(target: str, written: Written, own: Collection[str] = ()) -> frozenset[str]:
    """The codes by which a target refuses a written flow; nothing where it compiles it. AssertionError for a code that is neither a
    gap's nor among `own`, nor that of a flow which some target of flowc's own refuses."""
    backend = load_backend(target)
    assert backend is not None
    codes = refusal(written.case(Path()), backend)
    assert codes <= GAPS | set(own) | set(written.refused.values()), f"{written.name}: refused with {sorted(codes)}"
    return codes
