"""Decorators of the author's own, mutators, --import."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

CASES: tuple[Written, ...] = (
    Written(FLOWS / "wrapping.py", "WrappingFlow", shows=("own.user-step",)),
    Written(FLOWS / "brought.py", "BroughtFlow", shows=("own.told",)),
    Written(FLOWS / "below.py", "BelowFlow", shows=("own.below-step",)),
    Written(FLOWS / "imported_decorators.py", "ImportedDecoratorsFlow", imports=True, shows=("own.import",)),
    Written(FLOWS / "mutated.py", "MutatedFlow", imports=True, shows=("own.mutators", "own.import")),
    Written(FLOWS / "configured.py", "ConfiguredFlow", imports=True, shows=("own.mutators", "config.parser")),
    Written(FLOWS / "members.py", "MembersFlow", shows=("own.plain", "real.foreign-decorators", "real.members")),
    Written(
        FLOWS / "extended" / "extended.py",
        "ExtendedFlow",
        settings={"passthrough": ("checkpoint", "load_model")},
        shows=("real.extension-names",),
    ),
)
