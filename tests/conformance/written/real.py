"""Flows as real projects write them."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

_PROJECT = FLOWS / "real_project"
_LAYOUTS = FLOWS / "layouts"
_BASES = FLOWS / "real_bases" / "flows.py"

CASES: tuple[Written, ...] = (
    Written(
        FLOWS / "real_training.py",
        "RealTrainingFlow",
        shows=(
            "flow.metaflow",
            "foreach.variable",
            "own.plain",
            "parameter.default-expression",
            "parameter.names",
            "parameter.separator",
            "real.decorator-constants",
            "real.decorator-expressions",
            "real.default-expressions",
            "real.foreign-decorators",
            "real.helper-writes",
            "real.imports",
            "real.in-place-writes",
            "real.members",
            "real.unknown-writes",
            "real.unpacking",
            "resources.sizes",
        ),
    ),
    Written(
        FLOWS / "real_training.py",
        "RealTrainingFlow",
        {"data-path": "$(X)/{{ y }}.csv", "other_path": "", "learning_rate": 1, "fields": "a,b c,,d"},
        shows=("parameter.separator", "real.parameter-names"),
    ),
    Written(
        _PROJECT / "flows" / "bottling.py",
        "BottlingFlow",
        shows=("real.modules", "real.data-files", "parameter.default-expression"),
        root=_PROJECT,
    ),
    Written(
        _LAYOUTS / "src" / "pottery" / "flows" / "firing.py",
        "FiringFlow",
        shows=("real.layouts", "real.modules", "real.decorator-constants"),
        root=_LAYOUTS,
    ),
    Written(_BASES, "SortingFlow", shows=("flow.inherited", "flow.mixin-module", "flow.several", "real.bases")),
    Written(_BASES, "ReversingFlow", {"text": "b aa c"}, shows=("flow.mixin-module", "real.bases")),
)
