"""The interpreter against what was seen on a real controller, one line a behaviour."""

from __future__ import annotations

import base64
import json
import threading
from pathlib import Path

import pytest

from tests.argo.controller import ECHO, execute, main, values
from tests.engines.argo_controller import MAX_DEPTH
from tests.engines.argo_pods import RunningPod
from tests.stages.argo import BAD, OK, one, two


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("plain", "plain"),
        ("{{workflow.name}}/{{workflow.namespace}}/{{workflow.uid}}", "wf/default/u-1"),
        ("{{ workflow.name }}", "wf"),
        ("{{=1+1}}", "2"),
        ("{{=asInt('5') % 2 == 1 ? 'odd' : 'even'}}", "odd"),
        ("{{workflow.parameters.p}}", "v"),
        ("{{=sprig.b64enc(toJson(sprig.omit(workflow.parameters, 'json')))}}", base64.b64encode(b'{"p":"v"}').decode()),
        ("{{workflow.parameters}}", '[{"name":"p","value":"v"}]'),
        ("$(HOME) $$x", "$(HOME) $x"),
        ("$(SET) $$(SET) $(UNSET)", "$(SET) $(SET) $(UNSET)"),
        ("<&> ü \" ' \\", "<&> ü \" ' \\"),
    ],
)
def test_a_value_arrives_as_the_controller_passes_it_on(value: str, seen: str, tmp_path: Path) -> None:
    text = one(value).replace(
        "entrypoint: main\n", "entrypoint: main\n  arguments: {parameters: [{name: p, value: v}]}\n"
    )
    assert values(execute(text, tmp_path)) == seen


@pytest.mark.parametrize(
    "value", ["{{=1+1}}", "{{workflow.name}}", "{{inputs.parameters.x}}", "open {{ only", "a\n'\"$(X)$$ü"]
)
def test_parameters_as_base64_of_json_arrive_byte_for_byte(value: str, tmp_path: Path) -> None:
    text = one("{{=sprig.b64enc(toJson(workflow.parameters))}}")
    given = json.loads(base64.b64decode(values(execute(text, tmp_path, parameters={"p": value}))))
    assert given["p"] == value
    assert json.loads(given["json"]) == [{"name": "p", "value": value}]


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("{{=1+1}}", "2"),
        ("{{workflow.name}}", "wf"),
        ("{{unknown}}", "{{unknown}}"),
    ],
)
def test_values_are_templates_again(value: str, seen: str, tmp_path: Path) -> None:
    text = one("{{workflow.parameters.p}}")
    text = text.replace("entrypoint: main\n", "entrypoint: main\n  arguments: {parameters: [{name: p}]}\n")
    assert values(execute(text, tmp_path, parameters={"p": value})) == seen


@pytest.mark.parametrize("value", ["open {{ only", "\x01", "\x7f", "{{=asInt('x')}}", "{{=1 == '1'}}"])
def test_a_value_that_breaks_substitution_is_an_error(value: str, tmp_path: Path) -> None:
    text = one("{{workflow.parameters.p}}")
    text = text.replace("entrypoint: main\n", "entrypoint: main\n  arguments: {parameters: [{name: p}]}\n")
    result = execute(text, tmp_path, parameters={"p": value})
    assert (result.phase, len(result.pods)) == ("Error", 0)


@pytest.mark.parametrize("item", ["a", " blanks ", "007", "quo'te\"s", "a\nb\n", "ü", ""])
def test_an_output_survives_but_for_one_newline(item: str, tmp_path: Path) -> None:
    assert values(execute(two(item), tmp_path)) == item.removesuffix("\n").removesuffix("\n")


def test_a_missing_output_is_an_error_and_a_default_cures_it(tmp_path: Path) -> None:
    silent = "- name: s\n  container: {image: i, command: ['true']}\n  outputs: {parameters: [{name: x, valueFrom: {path: /o/x%s}}]}\n"
    task = "- {name: r, template: s}"
    without = execute(main(task, silent % ""), tmp_path / "1")
    assert without.phase == "Error"
    assert "exit code 64" in without.node("r").message
    assert values(execute(main(task, silent % ", default: d"), tmp_path / "2")) == "d"


DEPENDS = """
- {{name: a, template: {a}}}
- {{name: b, template: ok, depends: a.Succeeded}}
- {{name: r, template: ok, depends: {depends}}}
"""


@pytest.mark.parametrize(
    ("a", "depends", "phase"),
    [
        ("ok", "a", "Succeeded"),
        ("ok", "a.Succeeded", "Succeeded"),
        ("bad", "a", "Omitted"),
        ("bad", "a.Failed", "Succeeded"),
        ("bad", "'!a.Succeeded'", "Succeeded"),
        ("bad", "a.Errored", "Omitted"),
        ("bad", "b", "Omitted"),
        ("bad", "b.Omitted", "Succeeded"),
        ("bad", "'b.Skipped || b.Omitted'", "Succeeded"),
        ("bad", "'a.Failed && b.Omitted'", "Succeeded"),
        ("ok", "'a.Succeeded && (b.Failed || b.Succeeded)'", "Succeeded"),
    ],
)
def test_depends_asks_for_results(a: str, depends: str, phase: str, tmp_path: Path) -> None:
    result = execute(main(DEPENDS.format(a=a, depends=depends), OK, BAD), tmp_path)
    assert result.node("r").phase == phase


@pytest.mark.parametrize(
    ("depends", "phase"), [("a", "Succeeded"), ("a.Succeeded", "Omitted"), ("a.Skipped", "Succeeded"), ("b", "Omitted")]
)
def test_a_skipped_task_lets_a_bare_name_go_on_and_an_omitted_one_does_not(
    depends: str, phase: str, tmp_path: Path
) -> None:
    tasks = f"""
    - {{name: a, template: ok, when: 1 == 2}}
    - {{name: b, template: ok, depends: a.Succeeded}}
    - {{name: r, template: ok, depends: {depends}}}
    """
    result = execute(main(tasks, OK), tmp_path)
    assert (result.node("a").phase, result.node("b").phase) == ("Skipped", "Omitted")
    assert result.node("r").phase == phase
    assert result.succeeded


@pytest.mark.parametrize(
    ("when", "value", "phase"),
    [
        ("{{tasks.a.outputs.parameters.x}} == 1", "1", "Succeeded"),
        ("{{tasks.a.outputs.parameters.x}} == 1", "01", "Succeeded"),
        ("{{tasks.a.outputs.parameters.x}} == 1 || {{tasks.a.outputs.parameters.x}} == 2", "2", "Succeeded"),
        ("{{tasks.a.outputs.parameters.x}} == 1", "2", "Skipped"),
        ("{{tasks.a.outputs.parameters.x}} == yes", "yes", "Succeeded"),
        ("{{tasks.a.outputs.parameters.x}} == yes", "foo-bar", "Error"),
        ("{{tasks.a.outputs.parameters.x}} == 'a b'", "a b", "Error"),
        ("'{{tasks.a.outputs.parameters.x}}' == 'a b'", "a b", "Succeeded"),
        ("'{{tasks.a.outputs.parameters.x}}' == 'a'", "it's", "Error"),
        ("{{tasks.a.status}} == Succeeded", "x", "Succeeded"),
        ("{{tasks.a.outputs.parameters.x}}", "x", "Error"),
        ("!({{tasks.a.outputs.parameters.x}} > 3)", "2", "Succeeded"),
        ("{{tasks.a.outputs.parameters.x}} == 1", "", "Error"),
    ],
)
def test_when_is_pasted_text_then_an_expression(when: str, value: str, phase: str, tmp_path: Path) -> None:
    tasks = f"""
    - {{name: a, template: echo, arguments: {{parameters: [{{name: x, value: {json.dumps(value)}}}]}}}}
    - {{name: r, template: ok, depends: a.Succeeded, when: {json.dumps(when)}}}
    """
    assert execute(main(tasks, ECHO, OK), tmp_path).node("r").phase == phase


FAN = """
- name: f
  template: echo
  {fan}
  arguments: {{parameters: [{{name: x, value: '{{{{item}}}}'}}]}}
- name: r
  depends: {depends}
  template: echo
  arguments: {{parameters: [{{name: x, value: '{{{{tasks.f.outputs.parameters.x}}}}'}}]}}
"""


@pytest.mark.parametrize(
    ("fan", "seen"),
    [
        ("withSequence: {count: '3'}", ["0", "1", "2"]),
        ("withSequence: {count: 2, start: 5}", ["5", "6"]),
        ("withSequence: {start: 3, end: 1}", ["3", "2", "1"]),
        ("withParam: '[1, 1.5, true, \"s\", null]'", ["1", "1.5", "true", "s", "null"]),
        ("withItems: [a, 2]", ["a", "2"]),
        ("withSequence: {count: 12}", [str(i) for i in range(12)]),
    ],
)
def test_a_fan_out_gathers_strings_in_index_order(fan: str, seen: list[str], tmp_path: Path) -> None:
    result = execute(main(FAN.format(fan=fan, depends="f.Succeeded"), ECHO), tmp_path, seed=3)
    assert json.loads(values(result)) == seen


def test_the_aggregate_lacks_the_members_that_failed(tmp_path: Path) -> None:
    odd = ECHO.replace("mkdir", 'test "$0" != 1 && mkdir')
    result = execute(main(FAN.format(fan="withSequence: {count: 3}", depends="f.AnySucceeded"), odd), tmp_path)
    assert json.loads(values(result)) == ["0", "2"]
    assert result.node("f").phase == "Failed"


@pytest.mark.parametrize(
    ("fan", "phase"),
    [
        ("withSequence: {count: '0'}", "Skipped"),
        ("withParam: '[]'", "Skipped"),
        ("withSequence: {count: none}", "Error"),
        ("withParam: nonsense", "Error"),
        ("withParam: '{\"a\": 1}'", "Error"),
    ],
)
def test_an_empty_fan_out_is_skipped_and_a_wrong_one_an_error(fan: str, phase: str, tmp_path: Path) -> None:
    result = execute(main(FAN.format(fan=fan, depends="f.Succeeded"), ECHO), tmp_path)
    assert result.node("f").phase == phase
    assert result.node("r").phase == "Omitted"


def test_an_absent_output_is_an_error_and_defaults_cure_it(tmp_path: Path) -> None:
    text = main(FAN.format(fan="withParam: '[]'", depends="f"), ECHO.replace(", default: none", ""))
    assert execute(text, tmp_path / "1").node("r").phase == "Error"
    producer = text.replace("{path: /out/x}", "{path: /out/x, default: '[]'}")
    assert values(execute(producer, tmp_path / "2")) == "[]"
    consumer = main(FAN.format(fan="withParam: '[]'", depends="f"), ECHO)
    assert values(execute(consumer, tmp_path / "3")) == "none"


NEST = """
- name: f
  template: body
  withSequence: {count: 2}
  arguments: {parameters: [{name: i, value: '{{item}}'}]}
"""
BODY = """\
- name: body
  inputs: {parameters: [{name: i}]}
  dag:
    tasks:
    - name: g
      template: echo
      withSequence: {count: 2}
      arguments: {parameters: [{name: x, value: '{{inputs.parameters.i}}.{{item}}'}]}
"""


def test_loop_variables_nest_through_templates(tmp_path: Path) -> None:
    result = execute(main(NEST, BODY, ECHO), tmp_path, seed=1)
    assert sorted(pod.inputs["x"] for pod in result.pods) == ["0.0", "0.1", "1.0", "1.1"]


@pytest.mark.parametrize(
    ("policy", "how", "runs", "phase"),
    [
        ("", "fail", 3, "Failed"),
        ("retryPolicy: Always, ", "lose", 3, "Error"),
        ("", "lose", 1, "Error"),
        ("retryPolicy: OnError, ", "fail", 1, "Failed"),
        ("retryPolicy: OnError, ", "lose", 3, "Error"),
    ],
)
def test_retries_count_from_nought_under_their_policy(
    policy: str, how: str, runs: int, phase: str, tmp_path: Path
) -> None:
    template = f"""\
- name: t
  retryStrategy: {{{policy}limit: 2, backoff: {{duration: 1m}}}}
  container: {{image: i, command: [sh, -c, 'echo "$0"; sleep 0.1; exit 1'], args: ['{{{{retries}}}}']}}
"""
    watch = RunningPod.lose if how == "lose" else None
    result = execute(main("- {name: r, template: t}", template), tmp_path, watch=watch)
    assert (len(result.pods), result.node("r").phase) == (runs, phase)
    if how == "fail":
        assert [pod.log.strip() for pod in result.pods] == [str(n) for n in range(runs)]


def test_a_retried_member_counts_once_in_the_aggregate(tmp_path: Path) -> None:
    flaky = ECHO.replace("'mkdir", "'test {{retries}} = 1 && mkdir").replace(
        "container:", "retryStrategy: {limit: '1'}\n  container:"
    )
    result = execute(main(FAN.format(fan="withSequence: {count: 2}", depends="f.Succeeded"), flaky), tmp_path)
    assert json.loads(values(result)) == ["0", "1"]


def test_a_killed_container_fails_with_137(tmp_path: Path) -> None:
    text = main("- {name: r, template: t}", "- {name: t, container: {image: i, command: [sh, -c, 'sleep 9']}}\n")
    result = execute(text, tmp_path, watch=RunningPod.kill)
    assert (result.phase, result.node("r").exit_code) == ("Failed", 137)


def test_a_pod_ends_at_its_deadline(tmp_path: Path) -> None:
    template = "- {name: t, activeDeadlineSeconds: 1, container: {image: i, command: [sh, -c, 'sleep 9']}}\n"
    result = execute(main("- {name: r, template: t}", template), tmp_path)
    assert (result.phase, result.node("r").exit_code) == ("Failed", 143)


def test_a_workflow_ends_at_its_deadline(tmp_path: Path) -> None:
    template = "- {name: t, container: {image: i, command: [sh, -c, 'sleep 9']}}\n"
    tasks = "- {name: a, template: t}\n- {name: b, template: t, depends: a.Succeeded}"
    result = execute(main(tasks, template, spec="activeDeadlineSeconds: 1"), tmp_path)
    assert (result.phase, len(result.pods)) == ("Failed", 1)


def test_the_exit_handler_sees_the_status_and_keeps_it(tmp_path: Path) -> None:
    text = main(
        "- {name: a, template: bad}",
        BAD,
        '- {name: bye, container: {image: i, command: [sh, -c, \'echo "$0" "$1"\'], '
        "args: ['{{workflow.status}}', '{{workflow.failures}}']}}\n",
        spec="onExit: bye",
    )
    result = execute(text, tmp_path)
    status, failures = result.nodes["wf.onExit"].log.strip().split(" ", 1)
    assert (result.phase, status) == ("Failed", "Failed")
    assert json.loads(json.loads(failures))[0]["displayName"] == "a"


@pytest.mark.parametrize(("field", "most"), [("spec", 2), ("template", 3)])
def test_parallelism_bounds_what_runs_at_once(field: str, most: int, tmp_path: Path) -> None:
    tasks = "- {name: f, template: t, withSequence: {count: 8}}"
    template = "- {name: t, container: {image: i, command: [sh, -c, 'sleep 0.05']}}\n"
    text = main(tasks, template, spec=f"parallelism: {most}" if field == "spec" else "")
    if field == "template":
        text = text.replace("- name: main\n", f"- name: main\n    parallelism: {most}\n")
    result = execute(text, tmp_path, workers=8)
    assert (result.succeeded, result.most_pods) == (True, most)


def test_recursion_ends_at_a_hundred_levels(tmp_path: Path) -> None:
    text = main("- {name: again, template: main}")
    result = execute(text, tmp_path)
    assert result.phase == "Error"
    assert any("Maximum recursion depth" in node.message for node in result.nodes.values())
    assert len(result.nodes) == MAX_DEPTH


def test_a_dag_hands_up_the_output_of_the_arm_that_ran(tmp_path: Path) -> None:
    arms = """\
- name: arms
  dag:
    tasks:
    - {name: l, template: echo, when: 1 == 2}
    - {name: q, template: echo, when: 1 == 1, arguments: {parameters: [{name: x, value: right}]}}
  outputs:
    parameters:
    - name: x
      valueFrom: {expression: "tasks.l.status == 'Succeeded' ? tasks.l.outputs.parameters.x : tasks.q.outputs.parameters.x"}
"""
    assert values(execute(main("- {name: r, template: arms}", arms, ECHO), tmp_path)) == "right"


def test_a_container_has_only_its_own_environment(tmp_path: Path) -> None:
    template = """\
- name: t
  container:
    image: i
    command: [sh, -c, 'mkdir /o; printf "%s|" "$A" "$B" "$C" "$S" "$IMAGE" "$NS" "${SECRET_OF_THE_TEST-none}" > /o/x']
    env:
    - {name: A, value: 'a$$b'}
    - {name: B, value: '$(A)/$(C)'}
    - {name: C, value: c}
    - {name: S, valueFrom: {secretKeyRef: {name: s, key: k}}}
    - {name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
  outputs: {parameters: [{name: x, valueFrom: {path: /o/x}}]}
"""
    text = main("- {name: r, template: t}", template)
    result = execute(text, tmp_path, environment={"IMAGE": "im"}, secrets={"s": {"k": "$(A)"}})
    assert values(result) == "a$b|a$b/$(C)|c|$(A)|im|default|none|"


def test_defaults_of_templates_are_merged_by_name(tmp_path: Path) -> None:
    template = """\
- name: t
  container:
    image: i
    command: [sh, -c, 'mkdir -p /tmp/o; printf "%s|" "$A" "$B" "$0" > /tmp/o/x', /tmp/o]
    env: [{name: B, value: mine}]
  outputs: {parameters: [{name: x, valueFrom: {path: /tmp/o/x}}]}
"""
    spec = """\
    volumes: [{name: v, emptyDir: {}}]
    templateDefaults:
      container:
        image: i
        env: [{name: A, value: theirs}, {name: B, value: theirs}]
        volumeMounts: [{name: v, mountPath: /tmp}]
    """
    assert values(execute(main("- {name: r, template: t}", template, spec=spec), tmp_path)).startswith("theirs|mine|")


def test_containers_do_not_share_what_they_write(tmp_path: Path) -> None:
    template = """\
- name: t
  container: {image: i, command: [sh, -c, 'mkdir /o && echo > /o/x && sleep 0.05']}
  outputs: {parameters: [{name: x, valueFrom: {path: /o/x}}]}
"""
    result = execute(main("- {name: f, template: t, withSequence: {count: 6}}", template), tmp_path, workers=3)
    assert result.succeeded, result.log


def test_the_seed_decides_the_order(tmp_path: Path) -> None:
    text = main("- {name: f, template: ok, withSequence: {count: 6}}", OK)
    orders = [
        [node.name for node in execute(text, tmp_path / str(run), seed=seed, workers=1).pods]
        for run, seed in enumerate([1, 1, 2])
    ]
    assert orders[0] == orders[1] != orders[2]


def test_a_failed_branch_does_not_stop_the_others(tmp_path: Path) -> None:
    tasks = "- {name: a, template: bad}\n- {name: b, template: ok}\n- {name: c, template: ok, depends: b.Succeeded}"
    result = execute(main(tasks, OK, BAD), tmp_path)
    assert (result.phase, result.node("c").phase) == ("Failed", "Succeeded")


def test_arguments_of_more_than_an_argument_of_linux_are_an_error(tmp_path: Path) -> None:
    text = one("{{=sprig.b64enc(toJson(workflow.parameters))}}")
    assert execute(text, tmp_path / "1", parameters={"p": "x" * 45_000}).succeeded
    result = execute(text, tmp_path / "2", parameters={"p": "x" * 50_000})
    assert result.node("r").phase == "Error"
    assert "configmaps is forbidden" in result.node("r").message


def test_a_watcher_sees_every_container(tmp_path: Path) -> None:
    seen: list[str] = []
    lock = threading.Lock()

    def watch(pod: RunningPod) -> None:
        with lock:
            seen.append(pod.spec.node)

    execute(main("- {name: f, template: ok, withSequence: {count: 3}}", OK), tmp_path, watch=watch)
    assert sorted(seen) == ["wf.f(0:0)", "wf.f(1:1)", "wf.f(2:2)"]
