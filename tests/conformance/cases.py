"""The flows that are compared: examples, flows written for tests, flows from seeds."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.generator import GeneratedFlow
from tests.engines import FlowCase

ROOT = Path(__file__).resolve().parents[2]
FLOWS = ROOT / "tests" / "flows"
NEWCOMER = FLOWS / "newcomer"
"""Flows that somebody wrote who knew the README alone; each is a case as it stands, started without parameters."""
EXAMPLES = ROOT / "examples"
HOSTILE = 'it\'s "x" $HOME $(PATH) $$ {{ 1 + 1 }} {{=1+1}} {{workflow.name}} ${Ref} %s \\n é 🎬\nnext line\n'


@dataclass(frozen=True, slots=True)
class Written:
    """A flow in a file. `data` is a script that makes what it reads; `before` are flows that must have run in its store."""

    path: Path
    flow: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    before: tuple[Written, ...] = ()
    data: Path | None = None

    @property
    def name(self) -> str:
        """For test ids."""
        given = (f"-given-{len(self.parameters)}" if self.parameters else "") + (
            "-environment" if self.environment else ""
        )
        return f"{self.path.relative_to(ROOT).with_suffix('')}:{self.flow}{given}"

    def case(self, folder: Path) -> FlowCase:
        """As engines take it; `folder` is where the run keeps its data."""
        environment = {name: text.replace("FOLDER", str(folder)) for name, text in self.environment.items()}
        return FlowCase(self.path, self.flow, self.parameters, environment, self.path.parent)

    def prepare(self, folder: Path) -> None:
        """Make what the run reads."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.data:
            subprocess.run([sys.executable, str(self.data), str(folder / "s3" / "taxi"), "400"], check=True)


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


WRITTEN = (*_LISTED, *_newcomers())


def is_example(written: Written) -> bool:
    """Whether it is an example or a newcomer's flow: those run on the older Airflow too."""
    return not written.path.is_relative_to(FLOWS) or written.path.is_relative_to(NEWCOMER)


def generated_case(flow: GeneratedFlow, folder: Path) -> FlowCase:
    """A generated flow, written into a folder of its own."""
    code = folder / "code"
    code.mkdir(parents=True, exist_ok=True)
    path = code / f"{flow.stem}.py"
    path.write_text(flow.source, encoding="utf-8")
    return FlowCase(path, flow.name, flow.parameters, {}, code)
