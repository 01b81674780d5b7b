"""What the interpreter refuses, as a real controller does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.argo.controller import ECHO, execute, main
from tests.engines.argo_checks import Refused
from tests.engines.argo_nodes import Unsupported
from tests.engines.argo_yaml import ManifestError
from tests.stages.argo import OK

NO_PATH = "outputs: {parameters: [{name: x, valueFrom: {expression: '1'}}]}"


REFUSED = {
    "unknown field": (OK.replace("image: i", "image: i, comand: []"), "comand"),
    "two documents' worth of types": (OK.replace("container:", "dag: {tasks: [{name: a, template: ok}]}, container:"), "one type"),
    "no command": ("- {name: ok, container: {image: i}}\n", "command"),
    "underscore in a template": (OK.replace("name: ok", "name: o_k"), "invalid"),
    "deadline on a dag": ("- {name: x, activeDeadlineSeconds: 3, dag: {tasks: [{name: a, template: main}]}}\n", "leaf"),
    "parallelism on a leaf": (OK.replace("name: ok", "name: ok, parallelism: 2"), "parallelism"),
    "retries without a strategy": (OK.replace("['true']", "['true', '{{retries}}']"), "retries"),
    "unknown tag": (OK.replace("['true']", "['true', '{{inputs.parameters.x}}']"), "resolve"),
    "unclosed tag": (OK.replace("['true']", "['true', 'open {{ only']"), "end tag"),
    "output without a path": (OK.replace("container:", NO_PATH + ", container:"), "path"),
    "reserved container": (OK.replace("image: i", "image: i, name: wait"), "name"),
    "quantity": (OK.replace("image: i", "image: i, resources: {requests: {memory: 3 GB}}"), "quantity"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_template_is_refused(case: str, tmp_path: Path) -> None:
    template, reason = REFUSED[case]
    with pytest.raises((Refused, ManifestError, Unsupported), match=reason):
        execute(main("- {name: a, template: main}", template), tmp_path)


GIVEN = "arguments: {{parameters: [{{name: x, value: '{{{{tasks.{}}}}}'}}]}}}}"


TASKS_REFUSED = {
    "digit first": ("- {name: 1a, template: ok}\n- {name: b, template: ok, depends: 1a.Succeeded}", "digit"),
    "word of the language": ("- {name: 'true', template: ok}\n- {name: b, template: ok, depends: true.Succeeded}", "true"),
    "unknown task": ("- {name: b, template: ok, depends: a.Succeeded}", "not defined"),
    "unknown result": ("- {name: a, template: ok}\n- {name: b, template: ok, depends: a.Done}", "invalid"),
    "items-based without items": ("- {name: a, template: ok}\n- {name: b, template: ok, depends: a.AnySucceeded}", "items"),
    "cycle": ("- {name: a, template: ok, depends: b.Failed}\n- {name: b, template: ok, depends: a.Failed}", "cycle"),
    "double": ("- {name: a, template: ok}\n- {name: a, template: ok}", "unique"),
    "unknown template": ("- {name: a, template: ko}", "undefined"),
    "missing argument": ("- {name: a, template: need}", "had no value"),
    "argument too many": ("- {name: a, template: ok, arguments: {parameters: [{name: q, value: '1'}]}}", "argument"),
    "no ancestor": ("- {name: a, template: echo}\n- {name: r, template: echo, " + GIVEN.format("a.outputs.parameters.x"), "resolve"),
    "unknown output": ("- {name: a, template: echo}\n- {name: r, template: echo, depends: a, " + GIVEN.format("a.outputs.q"), "resolve"),
    "item outside a loop": ("- {name: a, template: echo, arguments: {parameters: [{name: x, value: '{{item}}'}]}}", "resolve"),
    "unknown function": ("- {name: a, template: echo, arguments: {parameters: [{name: x, value: '{{=sprig.env(1)}}'}]}}", "function"),
    "dependencies": ("- {name: a, template: ok}\n- {name: b, template: ok, dependencies: [a]}", "dependencies"),
    "continueOn": (
        "- {name: a, template: ok}\n- {name: b, template: ok, depends: a, continueOn: {failed: true}}",
        "continueOn",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TASKS_REFUSED)
def test_a_dag_is_refused(case: str, tmp_path: Path) -> None:
    tasks, reason = TASKS_REFUSED[case]
    need = "- {name: need, inputs: {parameters: [{name: x}]}, container: {image: i, command: ['true']}}\n"
    with pytest.raises((Refused, ManifestError, Unsupported), match=reason):
        execute(main(tasks, OK, ECHO, need), tmp_path)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("arguments: {parameters: [{name: p}]}", "required"),
        ("arguments: {parameters: [{name: p, value: c, enum: [a, b]}]}", "enum"),
        ("arguments: {parameters: [{name: p.q, value: c}]}", "invalid"),
        ("hooks: {}", "hooks"),
        ("onExit: nothing", "undefined"),
        ("shutdown: Stop", "shutdown"),
    ],
)
def test_a_specification_is_refused(spec: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises((Refused, Unsupported), match=reason):
        execute(main("- {name: a, template: ok}", OK, spec=spec), tmp_path)


@pytest.mark.parametrize("name", ["Upper", "under_score", "-dash", "dot.", "x" * 64, "{{workflow.name}}"])
def test_an_object_name_is_refused(name: str, tmp_path: Path) -> None:
    text = main("- {name: a, template: ok}", OK).replace("{name: t}", f"{{name: '{name}'}}")
    with pytest.raises(Refused, match="name"):
        execute(text, tmp_path)


@pytest.mark.parametrize(
    "plain", ["y", "NO", "on", "1e3", "0o17", "0x1f", "017", "1_0", "1:30", "2026-01-02", "+1", "12e03"]
)
def test_a_plain_scalar_on_which_readers_disagree_is_refused(plain: str, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="disagree"):
        execute(main("- {name: a, template: ok}", OK).replace("name: t", f"name: {plain}"), tmp_path)


@pytest.mark.parametrize("text", ["a: &x 1\nb: *x\n", "a: !!str 1\n", "a: 1\na: 2\n", "1: a\n"])
def test_indirection_and_double_keys_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        execute(text, tmp_path)
