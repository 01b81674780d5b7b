"""Splits, foreaches, artifacts, parameters: what every flow is made of."""

from __future__ import annotations

import re

from tests.conformance.written.case import EXAMPLES, FLOWS, HOSTILE, NEWCOMER, Written

_TAXI = EXAMPLES / "taxi"
_S3 = {"FLOWC_S3_ROOT": "file:FOLDER/s3"}
_TRAIN = Written(_TAXI / "train.py", "TaxiTrainFlow", environment=_S3, data=_TAXI / "make_data.py")

_LISTED = (
    Written(EXAMPLES / "linear.py", "LinearFlow"),
    Written(EXAMPLES / "branch.py", "BranchFlow"),
    Written(EXAMPLES / "nested_split.py", "NestedSplitFlow"),
    Written(EXAMPLES / "film_titles.py", "FilmTitlesFlow"),
    Written(
        EXAMPLES / "film_titles.py", "FilmTitlesFlow", environment={"FILM_USER": "ada", "FILM_TOKEN": "$(X) {{y}}"}
    ),
    Written(EXAMPLES / "model_search.py", "ModelSearchFlow"),
    Written(EXAMPLES / "two_foreaches.py", "TwoForeachesFlow"),
    Written(EXAMPLES / "retry_and_catch.py", "RetryAndCatchFlow"),
    Written(EXAMPLES / "parameters.py", "ParametersFlow"),
    Written(
        EXAMPLES / "parameters.py",
        "ParametersFlow",
        {
            "title": HOSTILE,
            "year": -1,
            "rating": 1e-7,
            "restored": True,
            "note": "",
            "director": "null",
            "cast": {"a": [HOSTILE, None]},
            "max-budget": 3,
        },
    ),
    _TRAIN,
    Written(_TAXI / "predict.py", "TaxiPredictFlow", environment=_S3, before=(_TRAIN,)),
    Written(FLOWS / "wide.py", "WideFlow"),
    Written(FLOWS / "deep.py", "DeepFlow"),
    Written(FLOWS / "one_step.py", "OneStepFlow"),
    Written(FLOWS / "one_step.py", "OneStepFlow", {"words": "x $(Y) {{z}} 'w'"}),
    Written(FLOWS / "own_names.py", "OwnNamesFlow"),
    Written(FLOWS / "several.py", "FirstFlow"),
    Written(FLOWS / "several.py", "SecondFlow", {"word": "Hej"}),
    Written(FLOWS / "items.py", "ItemsFlow"),
    Written(FLOWS / "values.py", "ValuesFlow"),
    Written(FLOWS / "merging.py", "MergingFlow"),
    Written(FLOWS / "failures.py", "FailuresFlow"),
    Written(FLOWS / "failing.py", "FailingFlow"),
    Written(FLOWS / "decorated.py", "DecoratedFlow"),
    Written(FLOWS / "package" / "flow.py", "PackageFlow"),
    Written(FLOWS / "typed_parameters.py", "TypedParametersFlow", {"needed": ""}),
    Written(
        FLOWS / "typed_parameters.py",
        "TypedParametersFlow",
        {
            "needed": HOSTILE,
            "text": "1e3",
            "other-text": "~",
            "number": 0,
            "real": 2,
            "flag": True,
            "on": False,
            "data": [1],
        },
    ),
)


def _newcomers() -> tuple[Written, ...]:
    named = re.compile(r"^class (\w+)\(FlowSpec", re.MULTILINE)
    return tuple(
        Written(path, name) for path in sorted(NEWCOMER.glob("*.py")) for name in named.findall(path.read_text("utf-8"))
    )


CASES: tuple[Written, ...] = (*_LISTED, *_newcomers())
