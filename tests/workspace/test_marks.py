"""Every file that a target can write is known as its own; nothing that somebody wrote by hand is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler.backends import Options, OutputFile
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.pipeline import compile_flow
from compiler.workspace.marks import MARKS, is_compiled, target_of
from tests.golden_files import EXAMPLES

HEAD = "from flowc import *\n\n\n"
BODY = "    @step\n    def start(self):\n        pass\n"
FLOWS = {
    "plain": f"{HEAD}class F(FlowSpec):\n{BODY}",
    "scheduled": f"{HEAD}@schedule(daily=True)\nclass F(FlowSpec):\n{BODY}",
    "triggered": f"{HEAD}@trigger(event='e')\nclass F(FlowSpec):\n{BODY}",
    "following": f"{HEAD}@trigger_on_finish(flow='G')\nclass F(FlowSpec):\n{BODY}",
    "with a doc": f'{HEAD}class F(FlowSpec):\n    """{"Words. " * 2000}"""\n\n{BODY}',
    "with a hook": f"{HEAD}def told():\n    pass\n\n\n@exit_hook(on_success=[told])\nclass F(FlowSpec):\n{BODY}",
}
SWITCHED: Mapping[str, tuple[dict[str, Any], ...]] = {
    "airflow": ({}, {"operator": "bash"}),
    "argo": ({},),
    "step-functions": ({}, {"sam": True}, {"policy": True}, {"sam": True, "policy": True, "platform": "FARGATE"}),
}
"""By target, the settings that make other files."""


def written(folder: Path, target: str, flow: str, settings: dict[str, Any]) -> tuple[OutputFile, ...]:
    """The files of a flow, whose path is as long as one may be."""
    path = folder / f"{'p' * 200}.py"
    path.write_text(flow)
    backend = load_backend(target)
    assert backend is not None
    files, report = compile_flow(path, backend, Options("f:0", namespace="n", target=settings))
    assert files, list(report)
    return files


@pytest.mark.parametrize("target", BUILT_IN)
def test_every_file_of_a_target_is_known_as_its_own(target: str, tmp_path: Path) -> None:
    suffixes = set()
    flows = {**FLOWS, **{path.stem: path.read_text() for path in EXAMPLES if path.parent.name == "examples"}}
    for flow in flows.values():
        for settings in SWITCHED[target]:
            for file in written(tmp_path, target, flow, settings):
                assert target_of(file.name, file.text.encode()) == target, file.name
                assert is_compiled(file.name, file.text.encode())
                suffixes.add(file.name.removeprefix("F") if file.name.startswith("F.") else "")
    assert {mark.suffix for mark in MARKS if mark.sure and mark.target == target} <= {
        suffix if target != "argo" else ".yaml" for suffix in suffixes
    }


def test_each_kind_of_file_has_a_mark() -> None:
    """By the ends of the names in the source of the targets: a new kind of file needs its mark."""
    root = Path(__file__).parents[2] / "compiler" / "backends"
    texts = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
    ends = re.findall(r'OutputFile\(\s*f?"[^"]*?((?:\.[a-z-]+)+)"', texts)
    assert {".asl.json", ".jobs.json", ".policy.json", ".sam.json", ".schedule.json", ".events.json"} <= set(ends)
    assert {end for end in ends if not end.endswith(tuple(mark.suffix for mark in MARKS))} == set()


BY_HAND = {
    "a module about flowc": ("m.py", b'"""How files are marked that are written by flowc."""\n'),
    "a machine": ("m.asl.json", b'{"Comment": "by flowc", "StartAt": "A", "States": {"A": {"Type": "Pass"}}}'),
    "jobs": ("m.jobs.json", b'{"J": {"jobDefinitionName": "j", "containerProperties": {}}}'),
    "an event for a test": ("m.events.json", b'{"flowc-trigger": {"event": "e"}}'),
    "a schedule": ("m.schedule.json", b'{"ScheduleExpression": "cron(0 0 * * ? *)", "Name": "n"}'),
    "a template": ("m.sam.json", b'{"Resources": {"M": {"Type": "AWS::Serverless::StateMachine"}}}'),
    "a manifest": ("m.yaml", b"apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\n"),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_file_that_somebody_wrote_is_code(name: str) -> None:
    file, data = BY_HAND[name]
    assert (target_of(file, data), is_compiled(file, data)) == (None, False)


def test_what_an_earlier_version_wrote_is_no_code() -> None:
    """A policy had no mark of ours then: it stays out of the archive, and nobody removes it."""
    old = b'{"Action": ["batch:SubmitJob"], "Resource": ["rule/StepFunctionsGetEventsForBatchJobsRule"]}'
    assert (target_of("F.policy.json", old), is_compiled("F.policy.json", old)) == (None, True)
    folder = Path(__file__).parent.parent / "version_0_1_0"
    files = list(folder.rglob("*_airflow.py"))
    assert files
    assert all(target_of(path.name, path.read_bytes()) == "airflow" for path in files)
