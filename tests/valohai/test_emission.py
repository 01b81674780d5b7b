"""What stands in a file for Valohai, read by Valohai's own library; and what Valohai cannot do, shown on it or on its interpreter."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flowc_valohai import BACKEND
from valohai_yaml import parse
from valohai_yaml.lint import lint
from valohai_yaml.objs import ExecutionNode, Pipeline, Step
from valohai_yaml.objs.pipelines.node_action import WELL_KNOWN_THENS

from compiler.backends import Options
from compiler.diagnostics import Report
from compiler.ir.flow import Value
from tests.conformance.plan import LONG
from tests.conformance.written import WRITTEN, Written
from tests.engines import FlowCase
from tests.engines.argo_case import SHIM
from tests.engines.compiling import compiled, planned_case, read_case, refusal
from tests.engines.valohai import Machine, PipelineError, PipelineRun, read_pipeline, run_pipeline
from tests.targets.surface import ROOT

OPTIONS = Options(default_image="case:0", store="s3://bucket/flows")


def flow(body: str, *, head: str = "", above: str = "") -> str:
    """A flow of this body; `above` stands above the class."""
    return f"""
import os
from flowc import FlowSpec, IncludeFile, JSONType, Parameter, batch, catch, environment, kubernetes, resources, retry, schedule
from flowc import exit_hook, parallel, secrets, step, timeout, trigger, trigger_on_finish
{head}

{above}
class AskedFlow(FlowSpec):
{body}
"""


PLAIN = """
    {above}
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
FOREACH = """
    @step
    def start(self):
        self.xs = [1, 2]
        self.next(self.body, foreach="xs")

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def _case(folder: Path, text: str, settings: Mapping[str, Value] | None = None) -> FlowCase:
    path = folder / "asked.py"
    path.write_text(text)
    return FlowCase(path, "AskedFlow", targets={"valohai": settings or {}})


def _text(folder: Path, text: str, settings: Mapping[str, Value] | None = None) -> str:
    return compiled(_case(folder, text, settings), BACKEND, OPTIONS)[1][0].text


def _read(folder: Path, text: str, settings: Mapping[str, Value] | None = None) -> tuple[Mapping[str, Step], Pipeline]:
    config, pipeline = read_pipeline(_text(folder, text, settings))
    return {name.rpartition(".")[2]: step for name, step in config.steps.items()}, pipeline


def _asked(folder: Path, above: str, settings: Mapping[str, Value] | None = None) -> dict[str, Any]:
    """What the first step of a flow asks for, as Valohai serializes it, without what every step has."""
    steps, _ = _read(folder, flow(PLAIN.format(above=above)), settings)
    found: dict[str, Any] = steps["start"].serialize()
    for key in ("name", "image", "command"):
        del found[key]
    found["environment-variables"] = found["environment-variables"][2:]
    return {key: value for key, value in found.items() if value}


@pytest.mark.parametrize("written", WRITTEN if LONG else WRITTEN[::8], ids=lambda written: written.name)
def test_written_flows_are_read_without_a_warning_or_refused_for_a_gap(written: Written) -> None:
    case = written.case(Path())
    codes = refusal(case, BACKEND)
    assert codes <= {"FC301", "FC302"}
    if not codes:
        read_pipeline(compiled(case, BACKEND, OPTIONS)[1][0].text)


@pytest.mark.parametrize(
    ("above", "asked"),
    [
        ("", {}),
        ("@retry(times=2, minutes_between_retries=1)", {"autorestart": True}),
        ("@catch", {"autorestart": True}),
        ("@timeout(seconds=60)", {"time-limit": 360, "no-output-timeout": 360}),
        (
            "@timeout(seconds=60)\n    @retry(times=2, minutes_between_retries=1)",
            {"time-limit": 3 * 360 + 2 * 60, "no-output-timeout": 3 * 360 + 2 * 60, "autorestart": True},
        ),
        ("@resources(cpu=2, memory=1000)", {"resources": {"cpu": {"min": 2}, "memory": {"min": 1049}}}),
        ("@resources(cpu=0.5, gpu=1)", {"resources": {"cpu": {"min": 0.5}, "devices": {"nvidia.com/gpu": 1}}}),
        ("@environment(vars={'A': 'b'})", {"environment-variables": [{"name": "A", "default": "b", "optional": True}]}),
    ],
)
def test_what_a_step_asks_for(tmp_path: Path, above: str, asked: dict[str, Any]) -> None:
    """The time limit is that of all attempts, which one execution makes: Valohai has no number of them."""
    assert _asked(tmp_path, above) == asked


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"environment": "aws-large"}, {"environment": "aws-large"}),
        ({"environment_variable_groups": ("a", "b c")}, {"environment-variable-groups": ["a", "b c"]}),
        ({"no_output_timeout": 90}, {"no-output-timeout": 90}),
        ({"autorestart": True}, {"autorestart": True}),
        ({"autorestart": False}, {}),
    ],
)
def test_settings(tmp_path: Path, settings: Mapping[str, Value], asked: dict[str, Any]) -> None:
    assert _asked(tmp_path, "", settings) == asked


@pytest.mark.parametrize(
    "settings",
    [
        {"environment": 3},
        {"autorestart": "x"},
        {"no_output_timeout": -1},
        {"no_output_timeout": 0},
        {"no_output_timeout": "9" * 5_000},
        {"environment_variable_groups": 1},
    ],
)
def test_settings_that_are_none(tmp_path: Path, settings: Mapping[str, Value]) -> None:
    assert refusal(_case(tmp_path, flow(PLAIN.format(above="")), settings), BACKEND) == {"VALOHAI01"}


def test_images_are_those_of_the_steps(tmp_path: Path) -> None:
    steps, _ = _read(tmp_path, flow(PLAIN.format(above='@kubernetes(image="a{b}: c#1")')))
    assert [step.image for step in steps.values()] == ["a{b}: c#1", "case:0"]


PARAMETERS = """
    text = Parameter("text", default="a: '{parameters}' $HOME", help="what\\nit is: {parameter:text} \\U0001f3ac")
    empty = Parameter("empty", default="")
    number = Parameter("number", default=1.50)
    needed = Parameter("needed", required=True)
    late = Parameter("late", default=lambda: "x")
    tree = Parameter("tree", type=JSONType, default={"a": [1]})
"""


def test_parameters_of_the_pipeline_are_those_whose_default_the_source_says(tmp_path: Path) -> None:
    """One without a default would hand an empty text on; the first step's own are all there, and empty where nobody gives one."""
    steps, pipeline = _read(tmp_path, flow(PARAMETERS + PLAIN.format(above="")))
    shared = {each.name: each.default for each in pipeline.parameters}
    assert shared == {"text": "a: '{parameters}' $HOME", "number": "1.5", "tree": '{"a": [1]}'}
    assert [each.targets for each in pipeline.parameters] == [[f"start.parameter.{name}"] for name in shared]
    own = {name: (each.default, each.optional) for name, each in steps["start"].parameters.items()}
    assert own == {
        **{name: (default, True) for name, default in shared.items()},
        "empty": (None, True),
        "needed": (None, False),
        "late": (None, True),
    }
    assert steps["start"].parameters["text"].description == "what\nit is: {parameter:text} \U0001f3ac"


def test_no_text_of_the_author_reaches_a_command(tmp_path: Path) -> None:
    """A command is names of steps and Valohai's own words, whatever it is given."""
    steps, _ = _read(tmp_path, flow(PARAMETERS + PLAIN.format(above="@environment(vars={'A': '{parameters} `id`'})")))
    given = dict.fromkeys(steps["start"].parameters, "{parameters} `id`; touch x")
    command = steps["start"].build_command(given)
    assert command == [
        "python -m flowc step start --run valohai-${VH_PIPELINE_ID:?} --index - --retry here --owner ${VH_PIPELINE_ID:?}"
        " --parameters valohai:${VH_CONFIG_DIR:?}/parameters.json"
    ]


def test_a_step_that_is_started_alone_fails_before_it_does_anything(tmp_path: Path) -> None:
    steps, _ = _read(tmp_path, flow(PLAIN.format(above="")))
    ended = subprocess.run(
        ["sh", "-c", steps["start"].build_command({})[0]],
        env={"PATH": os.environ["PATH"], "VH_CONFIG_DIR": "/"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode
    assert "VH_PIPELINE_ID" in ended.stderr


def test_the_order_of_sets_changes_no_byte(tmp_path: Path) -> None:
    case = ROOT / "tests" / "flows" / "switch_everywhere.py"
    texts = set()
    for seed in ("0", "1", "2"):
        words = [sys.executable, "-m", "compiler", "valohai", "create", str(case), "-o", str(tmp_path / seed) + "/"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run(words, env=environment, cwd=ROOT, check=True, capture_output=True)
        (file,) = (tmp_path / seed).iterdir()
        texts.add(file.read_bytes())
    assert len(texts) == 1


def test_files_of_several_flows_are_one_file(tmp_path: Path) -> None:
    """`cat *.valohai.yaml`: no name of a step is another flow's."""
    one = _text(tmp_path, flow(FOREACH))
    two = _text(tmp_path, flow(FOREACH)).replace("AskedFlow", "OtherFlow")
    both = one + two
    assert lint(both).is_valid()
    assert sorted(parse(both).pipelines) == ["AskedFlow", "OtherFlow"]


@pytest.mark.parametrize(
    ("name", "deployment"),
    [("AskedFlow", "AskedFlow"), ("a.b c/../d", "a-b-c----d"), ("x" * 120, None)],
)
def test_the_name_is_one_of_a_file(tmp_path: Path, name: str, deployment: str | None) -> None:
    case = FlowCase(_case(tmp_path, flow(PLAIN.format(above=""))).path, "AskedFlow", settings={"name": name})
    _, files = compiled(case, BACKEND, OPTIONS)
    _, pipeline = read_pipeline(files[0].text)
    assert files[0].name == f"{pipeline.name}.valohai.yaml"
    assert pipeline.name == (deployment or pipeline.name)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,100}", pipeline.name)


# the strict reader


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("body.parameter.index", "body.parameter.other", "no such parameter"),
        ("[body.dependency.*, join.dependency.*]", "[body.metadata.x, body.parameter.index]", "no metadata"),
        ("[start.metadata", "[start.metadata.x, body.parameter.index]\n      - [start.metadata", "two edges"),
        ("[body.dependency.*", "[body.output.*", "output to dependency"),
        ("[body.dependency.*", "[nobody.dependency.*", "does not exist"),
        ("type: task", "type: tasks", "valid"),
    ],
)
def test_what_the_reader_refuses(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = _text(tmp_path, flow(FOREACH))
    assert old in text
    with pytest.raises(PipelineError, match=told):
        read_pipeline(text.replace(old, new, 1))


def test_valohais_linter_takes_an_edge_to_a_parameter_that_is_not_there(tmp_path: Path) -> None:
    """Which is why the reader looks."""
    text = _text(tmp_path, flow(FOREACH)).replace("body.parameter.index", "body.parameter.other")
    assert lint(text).is_valid()


# gaps, each with its proof

GAPS = [
    ("@schedule(daily=True)", "FC301"),
    ('@trigger(event="data")', "FC301"),
    ('@trigger_on_finish(flow="OtherFlow")', "FC301"),
    ("@exit_hook(on_success=[told])", "FC301"),
]


@pytest.mark.parametrize(("above", "code"), GAPS)
def test_a_gap_of_the_flow(tmp_path: Path, above: str, code: str) -> None:
    text = flow(PLAIN.format(above=""), head="def told():\n    pass", above=above)
    assert refusal(_case(tmp_path, text), BACKEND) == {code}


@pytest.mark.parametrize(
    ("above", "code"),
    [
        ("@resources(disk=1000)", "FC302"),
        ("@kubernetes(disk=1000)", "FC302"),
        ("@batch(shared_memory=100)", "FC302"),
        ('@kubernetes(node_selector="a=b")', "FC302"),
        ('@secrets(sources=["kubernetes.name"])', "FC624"),
    ],
)
def test_a_gap_of_a_step(tmp_path: Path, above: str, code: str) -> None:
    assert refusal(_case(tmp_path, flow(PLAIN.format(above=above))), BACKEND) == {code}


def test_a_limit_of_what_runs_at_once_is_refused(tmp_path: Path) -> None:
    case = _case(tmp_path, flow(PLAIN.format(above="")))
    limited = FlowCase(case.path, case.flow, settings={"max_workers": 2})
    assert refusal(limited, BACKEND) == {"VALOHAI02"}


@pytest.mark.parametrize("name", ["schedule", "trigger", "triggers", "cron"])
def test_no_item_of_a_file_starts_a_pipeline(tmp_path: Path, name: str) -> None:
    """At the top it is nobody's, in a pipeline an error."""
    text = _text(tmp_path, flow(PLAIN.format(above="")))
    item = f"- {name}:\n    name: daily\n    pipeline: AskedFlow\n"
    assert [each["type"] for each in lint(text + item).messages] == ["warning"]
    inside = text.replace("    nodes:", f"    {name}: daily\n    nodes:", 1)
    assert lint(inside).error_count == 1


@pytest.mark.parametrize("name", ["maximum-queued-executions", "max-parallel", "concurrency"])
def test_no_pipeline_has_a_limit(tmp_path: Path, name: str) -> None:
    text = _text(tmp_path, flow(PLAIN.format(above="")))
    assert lint(text.replace("    nodes:", f"    {name}: 2\n    nodes:", 1)).error_count == 1


@pytest.mark.parametrize("name", ["ephemeral-storage", "disk", "shared-memory", "shm-size"])
def test_no_step_has_such_a_size(tmp_path: Path, name: str) -> None:
    text = _text(tmp_path, flow(PLAIN.format(above="@resources(cpu=1)")))
    assert lint(text.replace("    resources:", f"    resources:\n      {name}: {{min: 1}}", 1)).error_count == 1


@pytest.mark.parametrize("name", ["retries", "retry-count", "max-retries", "retry-delay"])
def test_no_node_has_a_number_of_retries(tmp_path: Path, name: str) -> None:
    """`on-error: retry` alone: how often, and after which pause, no file says. So the container tries again itself."""
    text = _text(tmp_path, flow(PLAIN.format(above="@retry(times=2)")))
    tried = text.replace("type: execution", "type: execution\n        on-error: retry", 1)
    assert lint(tried).is_valid()
    assert lint(tried.replace("on-error: retry", f"on-error: retry\n        {name}: 2", 1)).error_count >= 1


def test_no_node_runs_after_one_that_has_failed(tmp_path: Path) -> None:
    """What an action of a node may do starts none; and what follows a failed one does not run."""
    assert {"noop", "stop-pipeline", "error-pipeline"} == WELL_KNOWN_THENS
    text = flow(PLAIN.format(above="").replace("self.next(self.end)", "self.x = 1 / 0; self.next(self.end)"))
    ended = _run(tmp_path, _text_here(tmp_path, text))
    assert not ended.succeeded
    assert [each.node for each in ended.executions] == ["start"]


GANG = """
    @step
    def start(self):
        self.next(self.node, num_parallel=2)

    @parallel
    @step
    def node(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(("machines", "succeeds"), [(1, False), (2, True)])
def test_nodes_of_a_gang_wait_for_each_other_where_an_environment_has_one_machine(
    tmp_path: Path, machines: int, succeeds: bool
) -> None:
    """A Task's executions run as machines are free; here the gap is passed over, and what would be written is run."""
    case = _case(tmp_path, flow(GANG))
    assert refusal(case, BACKEND) == {"FC301"}
    assert _run(tmp_path, _text_here(tmp_path, flow(GANG)), machines, FLOWC_GANG_TIMEOUT="2").succeeded is succeeds


def _text_here(folder: Path, text: str) -> str:
    """The file of a flow whose store lies in the folder, whatever the target refuses of it."""
    case = _case(folder, text)
    source = read_case(case, Report())
    assert source is not None
    return BACKEND.emit(planned_case(case, source), Options("case:0", store=f"file:{folder / 'store'}"))[0].text


def _run(folder: Path, text: str, machines: int = 2, **variables: str) -> PipelineRun:
    environment = {"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    machine = Machine(folder / "executions", folder, environment)
    return run_pipeline(text, machine, given={}, of_nodes={}, seed=1, workers=machines)


def test_every_node_names_a_step_and_follows_another(tmp_path: Path) -> None:
    _, pipeline = _read(tmp_path, flow(FOREACH))
    assert [(node.name, node.type, node.step) for node in pipeline.nodes if isinstance(node, ExecutionNode)] == [
        ("start", "execution", "AskedFlow.start"),
        ("join", "execution", "AskedFlow.join"),
        ("end", "execution", "AskedFlow.end"),
    ]
    assert [(edge.source, edge.target) for edge in pipeline.edges] == [
        ("start.metadata.flowc_members", "body.parameter.index"),
        ("body.dependency.*", "join.dependency.*"),
        ("join.dependency.*", "end.dependency.*"),
    ]
