"""Splits, foreaches, artifacts, parameters: what every flow is made of."""

from __future__ import annotations

import re

from tests.conformance.written.case import EXAMPLES, FLOWS, HOSTILE, NEWCOMER, Written

_TAXI = EXAMPLES / "taxi"
_S3 = {"FLOWC_S3_ROOT": "file:FOLDER/s3"}
_TRAIN = Written(_TAXI / "train.py", "TaxiTrainFlow", environment=_S3, data=_TAXI / "make_data.py")

_LISTED = (
    Written(
        EXAMPLES / "linear.py",
        "LinearFlow",
        shows=(
            "step.linear",
            "flow.class",
            "flow.start-end",
            "artifact.visible",
        ),
    ),
    Written(
        EXAMPLES / "branch.py",
        "BranchFlow",
        shows=(
            "split.static",
            "join.static",
        ),
    ),
    Written(EXAMPLES / "nested_split.py", "NestedSplitFlow", shows=("split.nested",)),
    Written(FLOWS / "sharing.py", "SharingFlow"),
    Written(
        EXAMPLES / "film_titles.py",
        "FilmTitlesFlow",
        shows=(
            "foreach.list",
            "foreach.item",
            "environment.computed",
            "real.environ",
        ),
    ),
    Written(
        EXAMPLES / "film_titles.py", "FilmTitlesFlow", environment={"FILM_USER": "ada", "FILM_TOKEN": "$(X) {{y}}"}
    ),
    Written(
        EXAMPLES / "model_search.py",
        "ModelSearchFlow",
        shows=(
            "foreach.nested",
            "foreach.stack",
            "artifact.pickles",
            "artifact.large",
        ),
    ),
    Written(
        EXAMPLES / "two_foreaches.py",
        "TwoForeachesFlow",
        shows=(
            "foreach.body",
            "join.foreach",
            "merge.include",
            "merge.exclude",
        ),
    ),
    Written(
        EXAMPLES / "retry_and_catch.py",
        "RetryAndCatchFlow",
        shows=(
            "retry.times",
            "catch.failure",
        ),
    ),
    Written(
        EXAMPLES / "parameters.py",
        "ParametersFlow",
        shows=(
            "parameter.types",
            "parameter.names",
            "real.parameter-names",
        ),
    ),
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
        shows=("parameter.given", "parameter.names"),
    ),
    _TRAIN,
    Written(
        _TAXI / "predict.py",
        "TaxiPredictFlow",
        environment=_S3,
        before=(_TRAIN,),
        shows=(
            "client.latest",
            "client.artifacts",
            "client.in-step",
            "client.pickles",
            "client.namespace",
            "s3.calls",
            "s3.local",
            "real.client-in-steps",
        ),
    ),
    Written(
        FLOWS / "wide.py",
        "WideFlow",
        shows=(
            "foreach.wide",
            "join.order",
        ),
    ),
    Written(
        FLOWS / "deep.py",
        "DeepFlow",
        shows=(
            "foreach.nested",
            "foreach.stack",
            "foreach.body",
            "beyond.same-artifacts",
        ),
    ),
    Written(FLOWS / "one_step.py", "OneStepFlow", shows=("flow.one-step",)),
    Written(FLOWS / "one_step.py", "OneStepFlow", {"words": "x $(Y) {{z}} 'w'"}),
    Written(
        FLOWS / "own_names.py",
        "OwnNamesFlow",
        shows=(
            "flow.own-start-end",
            "join.order",
        ),
    ),
    Written(FLOWS / "on_self.py", "OnSelfFlow", shows=("names.self", "names.config", "event.publish")),
    Written(
        FLOWS / "several.py",
        "FirstFlow",
        shows=(
            "flow.several",
            "flow.inherited",
        ),
    ),
    Written(FLOWS / "several.py", "SecondFlow", {"word": "Hej"}),
    Written(
        FLOWS / "items.py",
        "ItemsFlow",
        shows=(
            "foreach.iterables",
            "beyond.iterables",
            "beyond.item",
            "foreach.item",
        ),
    ),
    Written(
        FLOWS / "values.py",
        "ValuesFlow",
        shows=(
            "artifact.pickles",
            "artifact.large",
            "artifact.identity",
            "artifact.in-place",
            "artifact.private",
            "real.unpacking",
            "real.in-place-writes",
        ),
    ),
    Written(
        FLOWS / "merging.py",
        "MergingFlow",
        shows=(
            "merge.agree",
            "merge.exclude",
            "merge.both",
            "merge.conflict",
            "merge.own",
            "artifact.constants",
            "join.access",
        ),
    ),
    Written(
        FLOWS / "failures.py",
        "FailuresFlow",
        shows=(
            "artifact.failed",
            "retry.times",
            "catch.failure",
            "catch.none",
            "catch.keeps",
            "timeout.ends",
        ),
    ),
    Written(FLOWS / "failing.py", "FailingFlow", shows=("failure.stops",)),
    Written(
        FLOWS / "decorated.py",
        "DecoratedFlow",
        shows=(
            "step.early-next",
            "own.plain",
            "environment.literals",
            "real.decorator-constants",
            "project.name",
            "current.project",
        ),
    ),
    Written(
        FLOWS / "package" / "flow.py",
        "PackageFlow",
        shows=(
            "real.modules",
            "real.data-files",
        ),
    ),
    Written(
        FLOWS / "typed_parameters.py",
        "TypedParametersFlow",
        {"needed": ""},
        shows=(
            "parameter.types",
            "parameter.inferred-type",
            "parameter.none",
            "parameter.required",
            "parameter.multiple",
            "parameter.json",
            "parameter.in-join",
        ),
    ),
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
