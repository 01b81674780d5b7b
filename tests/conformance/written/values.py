"""Parameters, Config, IncludeFile, what the text alone says."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, HOSTILE, Written

_SETTINGS = FLOWS / "settings"
_REPOSITORY = FLOWS / "repository"
_CONFIG = ("config.file", "config.attributes", "config.decorators", "config.parser", "real.config")
_DEFAULTS = ("parameter.callable", "parameter.default-expression", "real.default-expressions", "real.deploy-time")

CASES: tuple[Written, ...] = (
    Written(_SETTINGS / "configured.py", "ConfiguredFlow", shows=_CONFIG),
    Written(
        _SETTINGS / "configured.py",
        "ConfiguredFlow",
        configs={"given-one": _SETTINGS / "data" / "given.json"},
        config_values={"note": HOSTILE, "nothing": {"a": [HOSTILE, None, {"b": 1.5}]}},
        shows=("config.value",),
    ),
    Written(_SETTINGS / "computed.py", "ComputedFlow", imports=True, shows=("config.computed", "real.pure-functions")),
    Written(FLOWS / "spelled_numbers.py", "NumbersFlow", shows=("real.numbers",)),
    Written(_SETTINGS / "arms.py", "ArmsFlow", shows=("switch.config-key",)),
    Written(_SETTINGS / "included.py", "IncludedFlow", shows=("include.default", "include.parser")),
    Written(
        _SETTINGS / "included.py",
        "IncludedFlow",
        {"text": "s3://taxi/given.txt", "nothing": "s3://taxi/given.txt"},
        environment={"FLOWC_S3_ROOT": "file:FOLDER/s3"},
        data=_SETTINGS / "make_file.py",
        shows=("include.given",),
    ),
    Written(_SETTINGS / "defaults.py", "DefaultsFlow", shows=_DEFAULTS),
    Written(
        _SETTINGS / "defaults.py",
        "DefaultsFlow",
        {"computed": "5", "live": "false", "who": HOSTILE, "count": "7", "words": "x,y"},
        shows=("parameter.separator",),
    ),
    Written(
        _REPOSITORY / "flows" / "derived.py",
        "DerivedFlow",
        shows=(
            "flow.mixin-module",
            "foreach.variable",
            "own.renamed",
            "real.imports",
            "real.decorator-expressions",
            "real.bases",
        ),
        root=_REPOSITORY,
    ),
)
