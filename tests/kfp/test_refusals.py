"""What the target refuses: each gap is one of Kubeflow Pipelines' own, each other refusal has a flow that comes close and is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from flowc_kfp import BACKEND
from google.protobuf.descriptor import Descriptor
from kfp.pipeline_spec import pipeline_spec_pb2

from compiler.slotted_class import replaced
from tests.kfp.stage import OPTIONS, codes, pipeline, sdk

FLOW = """
from flowc import {names}, FlowSpec, kubernetes, resources, secrets, step

def told():
    pass

{flow}
class PlainFlow(FlowSpec):
    {step}
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def flow(step: str = "", flow: str = "", names: str = "card") -> str:
    return FLOW.format(step=step, flow=flow, names=names)


def deep(levels: int) -> str:
    lines = ["from flowc import FlowSpec, step", "class DeepFlow(FlowSpec):"]

    def step(name: str, body: str, arguments: str = "self") -> None:
        lines.extend(["    @step", f"    def {name}({arguments}):", *(f"        {line}" for line in body.split(";"))])

    step("start", "self.n = [1];self.next(self.s1, foreach='n')")
    for at in range(1, levels):
        step(f"s{at}", f"self.n = [1];self.next(self.s{at + 1}, foreach='n')")
    step(f"s{levels}", f"self.next(self.j{levels})")
    for at in range(levels, 0, -1):
        step(f"j{at}", f"self.next(self.{f'j{at - 1}' if at > 1 else 'end'})", "self, inputs")
    step("end", "pass")
    return "\n".join(lines) + "\n"


def fields(message: Descriptor, seen: set[str]) -> Iterator[str]:
    """The names of all fields below a message."""
    if message.full_name not in seen:
        seen.add(message.full_name)
        for field in message.fields:
            yield field.name
            if field.message_type is not None:
                yield from fields(field.message_type, seen)


def test_no_field_of_a_pipeline_has_a_clock_an_event_or_something_to_wait_for() -> None:
    """`trigger_policy` says on which ends of its upstream tasks, and on which values, a task begins."""
    seen: set[str] = set()
    found = set(fields(pipeline_spec_pb2.PipelineSpec.DESCRIPTOR, seen)) | set(
        fields(pipeline_spec_pb2.PlatformSpec.DESCRIPTOR, seen)
    )
    words = ("cron", "schedule", "event", "sensor", "interval", "poke", "clock", "trigger", "wait", "recur")
    assert {name for name in found if any(word in name for word in words)} == {"trigger_policy"}
    policy = pipeline_spec_pb2.PipelineTaskSpec.TriggerPolicy.DESCRIPTOR
    assert [field.name for field in policy.fields] == ["condition", "strategy"]
    executor = pipeline_spec_pb2.PipelineDeploymentConfig.ExecutorSpec.DESCRIPTOR
    assert {field.name for field in executor.fields} == {"container", "importer", "resolver", "custom_job"}


@pytest.mark.sampled("alone")
def test_a_hook_that_fails_makes_the_run_a_failure(tmp_path: Path) -> None:
    ended = sdk("hooks", cwd=tmp_path)
    assert ended.returncode != 0
    assert "Inner task failed" in ended.stderr
    assert "failing" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("decorator", "names"),
    [
        ('@schedule(cron="0 3 * * *")', "schedule"),
        ('@trigger(event="e")', "trigger"),
        ('@trigger_on_finish(flow="Other")', "trigger_on_finish"),
        ("@exit_hook(on_error=[told])", "exit_hook"),
    ],
)
def test_a_gap_is_refused(decorator: str, names: str, tmp_path: Path) -> None:
    assert codes(flow(flow=decorator, names=names), tmp_path) == {"FC301"}


def test_all_gaps_are_of_these_kinds() -> None:
    assert set(BACKEND.gaps) == {"sensor", "schedule", "trigger", "trigger-on-finish", "exit-hook"}


REFUSED: Mapping[str, tuple[str, dict[str, object], str, str, dict[str, object]]] = {
    "a name with capitals": (flow(), {"name": "Taxi"}, "KFP01", flow(), {"name": "taxi-2"}),
    "a setting": (flow(), {"target": {"qos": "Best"}}, "KFP01", flow(), {"target": {"qos": "guaranteed"}}),
    "no setting": (flow(), {"target": {"quality": "x"}}, "KFP01", flow(), {}),
    "more at once than it counts": (flow(), {"max_workers": 2**31}, "KFP01", flow(), {"max_workers": 2**31 - 1}),
    "an option": (
        flow('@kubernetes(image_pull_policy="Often")'), {}, "KFP01", flow('@kubernetes(image_pull_policy="Never")'), {},
    ),
    "a tag in an image": (
        flow(), {"image": "i:{{workflow.name}}"}, "KFP02", flow(), {"image": "i:{workflow.name}"},
    ),
    "a dollar in the store": (
        flow(), {"store": "s3://b/$(HOME)"}, "KFP02", flow(), {"store": "s3://b/HOME"},
    ),
    "a dollar in a label": (
        flow('@kubernetes(annotations={"a": "$$"})'), {}, "KFP02", flow('@kubernetes(annotations={"a": "%%"})'), {},
    ),
    "a dollar in an author's image": (
        flow('@kubernetes(image="i:$x")'), {}, "KFP02", flow('@kubernetes(image="i:x")'), {},
    ),
    "a disk": (flow("@resources(disk=5)"), {}, "FC302", flow("@resources(memory=5)"), {}),
    "a Secret of Kubernetes": (
        flow('@secrets(sources=["kubernetes.s"])'), {}, "KFP03", flow('@secrets(sources=["aws-secrets-manager.s"])'), {},
    ),
    "foreaches in foreaches": (deep(24), {}, "KFP03", deep(23), {}),
    "an option that no back end has": (
        flow('@kubernetes(priority_class="p")'), {}, "FC302", flow(), {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_not_work_is_refused_and_what_comes_close_is_not(name: str, tmp_path: Path) -> None:
    wrong, options, code, right, others = REFUSED[name]
    assert codes(wrong, tmp_path, **options) == {code}
    assert codes(right, tmp_path, **others) == set()
    pipeline(right, tmp_path, **others)


def test_a_pipeline_that_no_workflow_has_room_for_is_refused(tmp_path: Path) -> None:
    def long(steps: int) -> str:
        lines = ["from flowc import FlowSpec, step", "class LongFlow(FlowSpec):"]
        names = ["start", *(f"s{at}" for at in range(steps)), "end"]
        for name, following in zip(names, [*names[1:], ""], strict=True):
            lines += [
                "    @step",
                f"    def {name}(self):",
                f"        self.next(self.{following})" if following else "        pass",
            ]
        return "\n".join(lines) + "\n"

    assert codes(long(4_000), tmp_path) == {"KFP04"}
    assert codes(long(1_000), tmp_path) == set()


def test_secrets_without_a_kind_are_those_of_aws(tmp_path: Path) -> None:
    spec, _ = pipeline(flow('@secrets(sources=["s"])'), tmp_path)
    executors = spec["deploymentSpec"]["executors"]
    assert {"name": "FLOWC_SECRETS", "value": "aws-secrets-manager"} in executors["exec-start"]["container"]["env"]
    assert replaced(OPTIONS, image="x").image == "x"
