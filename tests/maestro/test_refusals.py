"""What Maestro would refuse is refused at the author's line, and what is just within its limits is not; each with the reader's own word."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flowc_maestro import BACKEND
from flowc_maestro.settings import wants

from compiler.backends import Options
from compiler.slotted_class import replaced
from tests.engines.maestro_reader import InvalidDefinition, read_definition
from tests.maestro.stage import OPTIONS, container, definition, findings, flow_text, step


def _steps(number: int) -> str:
    names = ["start", *(f"s{each}" for each in range(number - 2)), "end"]
    body = "".join(
        f"    @step\n    def {name}(self):\n        {f'self.next(self.{after})' if after else 'pass'}\n\n"
        for name, after in zip(names, [*names[1:], ""], strict=True)
    )
    return f"from flowc import FlowSpec, step\n\nclass F(FlowSpec):\n{body}"


def _deep(depth: int) -> str:
    lines = ["from flowc import FlowSpec, step", "", "class F(FlowSpec):"]
    names = ["start", *(f"b{each}" for each in range(depth))]
    for at, name in enumerate(names):
        last = at == depth
        after = (
            "self.next(self.j0)" if last else f"self.xs = [1]\n        self.next(self.{names[at + 1]}, foreach='xs')"
        )
        lines.append(f"    @step\n    def {name}(self):\n        {after}\n")
    for at in range(depth):
        after = f"self.next(self.{f'j{at + 1}' if at < depth - 1 else 'end'})"
        lines.append(f"    @step\n    def j{at}(self, inputs):\n        {after}\n")
    return "\n".join([*lines, "    @step\n    def end(self):\n        pass\n"])


def _gang(nodes: int) -> str:
    return f"""from flowc import FlowSpec, parallel, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.node, num_parallel={nodes})

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


REFUSED: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "exit hook": (
        flow_text(flow="def told():\n    pass\n\n@exit_hook(on_error=[told])").replace("import FlowSpec", "import exit_hook, FlowSpec"),
        [("FC301", "@exit_hook(on_error=[told])")],
    ),
    "trigger": (
        flow_text(flow="@trigger(event='x')").replace("import FlowSpec", "import trigger, FlowSpec"),
        [("FC301", "@trigger(event='x')")],
    ),
    "other flow": (
        flow_text(flow="@trigger_on_finish(flow='Other')").replace("import FlowSpec", "import trigger_on_finish, FlowSpec"),
        [("FC301", "@trigger_on_finish(flow='Other')")],
    ),
    "option": (flow_text("@kubernetes(node_selector={'a': 'b'})"), [("FC302", "@kubernetes(node_selector={'a': 'b'})")]),
    "secret of Kubernetes": (
        flow_text("@secrets(sources=['kubernetes.x'])").replace("import FlowSpec", "import secrets, FlowSpec"),
        [("FC624", "@secrets(sources=['kubernetes.x'])")],
    ),
    "parameter": (flow_text(parameters="p = Parameter('a__b')"), [("MAE01", "p = Parameter('a__b')")]),
    "parameter of Maestro's": (flow_text(parameters="p = Parameter('Maestro_x')"), [("MAE01", "p = Parameter('Maestro_x')")]),
    "retries": (flow_text("@retry(times=100)"), [("FC343", "@retry(times=100)")]),
    "pause": (flow_text("@retry(times=1, minutes_between_retries=1441)"), [("MAE02", "@retry(times=1, minutes_between_retries=1441)")]),
    "timeout": (flow_text("@timeout(hours=2880)"), [("MAE02", "@timeout(hours=2880)")]),
    "shared memory": (flow_text("@resources(shared_memory=64)"), [("FC302", "@resources(shared_memory=64)")]),
    "image": (flow_text("@kubernetes(image='a$b')"), [("MAE04", "@kubernetes(image='a$b')")]),
    "each minute": (flow_text(flow="@schedule(cron='* * * * *')"), [("MAE05", "@schedule(cron='* * * * *')")]),
    "day": (flow_text(flow="@schedule(cron='0 3 L * ? *')"), [("FC344", "@schedule(cron='0 3 L * ? *')")]),
    "steps": (_steps(301), [("MAE02", "def end(self):")]),
    "nodes": (_gang(501), [("MAE02", "self.next(self.node, num_parallel=501)")]),
    "depth": (_deep(10), [("MAE02", "def b9(self):")]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_at_its_line(name: str, tmp_path: Path) -> None:
    text, expected = REFUSED[name]
    assert findings(tmp_path, text) == expected


TAKEN = {
    "parameter": flow_text(parameters="p = Parameter('a-b_c')"),
    "retries": flow_text("@retry(times=99)"),
    "pause": flow_text("@retry(times=1, minutes_between_retries=1440)"),
    "timeout": flow_text("@timeout(hours=2879)"),
    "each other minute": flow_text(flow="@schedule(cron='*/2 * * * *')"),
    "in an hour": flow_text(flow="@schedule(cron='0,59 3 * * *')"),
    "secret of AWS": flow_text("@secrets(sources=['aws-secrets-manager.x'])").replace(
        "import FlowSpec", "import secrets, FlowSpec"
    ),
    "steps": _steps(300),
    "nodes": _gang(500),
    "depth": _deep(9),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_within_the_limits_is_taken(name: str, tmp_path: Path) -> None:
    assert definition(tmp_path, TAKEN[name])["workflow"]["id"] == "F"


MINUTES = {"0,1 * * * *", "59,0 * * * *", "0-5/1 3 * * *", "58-59 * * * *", "59,0 3,4 * * *", "59,0 23,0 * * *"}


@pytest.mark.parametrize(
    "cron", sorted(MINUTES | {"0 * * * *", "*/2 3 * * 1-5", "0,2,59 4 * * *", "1-59/2 * * * *", "59,0 3,5 * * *"})
)
def test_runs_a_minute_apart_are_seen(cron: str, tmp_path: Path) -> None:
    found = findings(tmp_path, flow_text(flow=f"@schedule(cron={cron!r})"))
    assert bool(found) == (cron in MINUTES)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"name": "maestro_x"}, "MAE01"),
        ({"name": "x_maestro"}, "MAE01"),
        ({"name": "a b"}, "MAE01"),
        ({"store": "s3://a/$b"}, "MAE04"),
        ({"image": "$i"}, "MAE04"),
        ({"max_workers": 1000}, "MAE03"),
        ({"target": {"tags": ("a*b",)}}, "MAE03"),
        ({"target": {"run_strategy": "all"}}, "MAE03"),
        ({"target": {"nothing": 1}}, "MAE03"),
    ],
)
def test_a_setting_that_maestro_does_not_take(options: dict[str, Any], code: str, tmp_path: Path) -> None:
    assert [each for each, _ in findings(tmp_path, flow_text(), replaced(OPTIONS, **options))] == [code]


def test_a_definition_that_is_too_large(tmp_path: Path) -> None:
    text = (
        _steps(200)
        .replace("@step", "@environment(vars={'A': 'x' * 1500})\n    @step")
        .replace("import FlowSpec", "import environment, FlowSpec")
    )
    assert [code for code, _ in findings(tmp_path, text)] == ["MAE02"]


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("owner", "", False),
        ("timeout", "x", False),
        ("timeout", 3, True),
        ("timeout", 0, False),
        pytest.param("timeout", "9" * 5_000, False, id="timeout of many digits"),
        ("timeout", 120 * 24 * 3600, True),
        ("timeout", 120 * 24 * 3600 + 1, False),
        ("tags", "a, b", True),
        ("tags", "a, b, a", False),
        ("tags", ("Maestro_x",), False),
        ("tags", ("x_MAESTRO",), False),
        ("tags", (" ",), False),
        ("tags", (" a",), True),
    ],
)
def test_values_of_settings(key: str, value: Any, fits: bool) -> None:
    assert (wants(key, value) is None) is fits


def _command(step: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = step["step"]["params"]["kubernetes"]["value"]
    return found


def _text_param(value: str) -> dict[str, str]:
    return {"type": "STRING", "value": value}


BROKEN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "id": lambda workflow: workflow.update(id="a b"),
    "own id": lambda workflow: workflow.update(id="maestro_x"),
    "id of a step": lambda workflow: workflow["steps"][0]["step"].update(id="a__b"),
    "long id": lambda workflow: workflow.update(id="a" * 129),
    "unknown field": lambda workflow: workflow.update(signal_outputs={}),
    "unknown field of a step": lambda workflow: workflow["steps"][0]["step"].update(when=1),
    "shared memory": lambda workflow: _command(workflow["steps"][0]).update(shared_memory=_text_param("64Mi")),
    "secrets": lambda workflow: _command(workflow["steps"][0]).update(env_from=_text_param("x")),
    "node selector": lambda workflow: _command(workflow["steps"][0]).update(node_selector=_text_param("x")),
    "twice": lambda workflow: workflow["steps"].append(workflow["steps"][0]),
    "nowhere": lambda workflow: workflow["steps"][0]["step"].update(transition={"successors": {"x": "true"}}),
    "retries": lambda workflow: workflow["steps"][0]["step"]["retry_policy"].update(error_retry_limit=100),
    "timeout": lambda workflow: workflow["steps"][0]["step"].update(timeout=121 * 24 * 3600),
    "value and expression": lambda workflow: workflow["params"].update(
        x={"type": "STRING", "value": "a", "expression": "1;"}
    ),
    "neither": lambda workflow: workflow["params"].update(x={"type": "STRING"}),
    "type": lambda workflow: workflow["params"].update(x={"type": "TEXT", "value": "a"}),
    "wrong type": lambda workflow: workflow["params"].update(x={"type": "STRING", "value": 1}),
    "key of a map": lambda workflow: workflow["params"].update(x={"type": "MAP", "value": {"a__b": _text_param("x")}}),
    "reserved": lambda workflow: workflow["params"].update(params=_text_param("x")),
    "workers": lambda workflow: workflow.update(instance_step_concurrency=1000),
    "tags": lambda workflow: workflow.update(tags=["a*b"]),
    "description": lambda workflow: workflow.update(description="x" * 16_385),
    "too many": lambda workflow: workflow["steps"].extend(step(f"x{each}") for each in range(300)),
    "sensor": lambda workflow: workflow["steps"][0]["step"].update(type="sensor"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_reader_refuses(name: str) -> None:
    """What flowc's findings and gaps say of Maestro: it has no such field, or no room for it. Its own validators said the same of each."""
    workflow = {"id": "w", "params": {}, "steps": [step("a", "b"), step("b", said=container("-c", ""))]}
    assert read_definition(json.dumps({"properties": {}, "workflow": workflow}))
    BROKEN[name](workflow)
    with pytest.raises(InvalidDefinition):
        read_definition(json.dumps({"properties": {}, "workflow": workflow}))


def test_every_gap_has_its_case() -> None:
    assert set(BACKEND.gaps) == {"sensor", "exit-hook", "trigger", "trigger-on-finish"}
    assert isinstance(OPTIONS, Options)
