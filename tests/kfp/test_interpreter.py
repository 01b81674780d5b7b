"""The interpreter of the tests holds to the back end's rules: what is skipped, omitted, tried again and found is what it is there.

Each rule was read in the source (`tests.engines.kfp`, `tests.engines.kfp_metadata` name the files). Pipelines of another shape than ours
show what would happen to them: that our shape is needed, and that the interpreter does not make everything work.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.engines.argo_nodes import Unsupported
from tests.engines.argo_pods import Host, RunningPod
from tests.engines.kfp import Ended, run_pipeline
from tests.engines.kfp_reading import Refused, read_pipeline

HEAD = """
pipelineInfo: {name: p}
schemaVersion: '2.1.0'
sdkVersion: kfp-2.17.0
deploymentSpec:
  executors:
    exec-say: {container: {image: i, command: [python, -c], args: ["import sys; open(sys.argv[1], 'w').write(sys.argv[2])",
      "{{$.outputs.parameters['case'].output_file}}", "{{$.inputs.parameters['word']}}"]}}
    exec-fail: {container: {image: i, command: [python, -c], args: [raise SystemExit(1)]}}
components:
  comp-say: {executorLabel: exec-say, inputDefinitions: {parameters: {word: {parameterType: STRING}}},
    outputDefinitions: {parameters: {case: {parameterType: STRING}}}}
"""
FAIL = "  comp-fail: {executorLabel: exec-fail}\n"
WHEN = """
  comp-say-if: {executorLabel: exec-say, inputDefinitions: {parameters: {word: {parameterType: STRING}, case: {parameterType: STRING}}},
    outputDefinitions: {parameters: {case: {parameterType: STRING}}}}
"""
ARM = """
  comp-arm:
    inputDefinitions: {parameters: {case: {parameterType: STRING}}}
    outputDefinitions: {parameters: {case: {parameterType: STRING}}}
    dag:
      outputs: {parameters: {case: {valueFromParameter: {producerSubtask: inner, outputParameterKey: case}}}}
      tasks:
        inner:
          componentRef: {name: comp-say-if}
          inputs: {parameters: {word: {runtimeValue: {constant: '7'}}, case: {componentInputParameter: case}}}
          triggerPolicy: {condition: "inputs.parameter_values['case'] == '1'"}
"""


def say(word: str, after: str = "", more: str = "") -> str:
    return f"{{componentRef: {{name: comp-say}}, {after} inputs: {{parameters: {{word: {{runtimeValue: {{constant: '{word}'}}}}}}}}{more}}}"


def output(task: str, key: str = "case") -> str:
    return f"{{taskOutputParameter: {{producerTask: {task}, outputParameterKey: {key}}}}}"


def ran(components: str, tasks: Mapping[str, str], folder: Path, **known: object) -> Ended:
    root = "root:\n  dag:\n    tasks:\n" + "".join(f"      {name}: {text}\n" for name, text in tasks.items())
    text = HEAD + components + root
    host = Host(folder / "pods", folder, commands={"python": (sys.executable,)})
    return run_pipeline(text, run="r", parameters={}, host=host, **known)  # type: ignore[arg-type]  # its own keywords


def conditional(word: str, case: str) -> str:
    inputs = f"inputs: {{parameters: {{word: {{runtimeValue: {{constant: '{word}'}}}}, case: {case}}}}}"
    return f"{{componentRef: {{name: comp-say-if}}, {inputs}, triggerPolicy: {{condition: \"inputs.parameter_values['case'] == '1'\"}}}}"


@pytest.mark.parametrize(("case", "skipped"), [("1", []), ("0", ["after", "if"])])
def test_what_depends_on_a_skipped_task_is_omitted(case: str, skipped: list[str], tmp_path: Path) -> None:
    """So a step where arms meet cannot depend on the arms themselves."""
    tasks = {"switch": say(case), "if": conditional("x", output("switch")), "after": say("y", "dependentTasks: [if],")}
    ended = ran(
        WHEN, {name.replace("if", "arm"): text.replace("[if]", "[arm]") for name, text in tasks.items()}, tmp_path
    )
    assert ended.succeeded
    assert sorted(ended.skipped) == sorted(name.replace("if", "arm") for name in skipped)


@pytest.mark.parametrize(("case", "last"), [("1", "7"), ("0", "")])
def test_a_dag_succeeds_whose_one_task_is_skipped_and_its_output_is_the_empty_text(
    case: str, last: str, tmp_path: Path
) -> None:
    seen: list[tuple[str, ...]] = []
    arm = f"{{componentRef: {{name: comp-arm}}, inputs: {{parameters: {{case: {output('switch')}}}}}}}"
    after = f"{{componentRef: {{name: comp-say}}, inputs: {{parameters: {{word: {output('arm')}}}}}}}"
    ended = ran(
        WHEN + ARM, {"switch": say(case), "arm": arm, "after": after}, tmp_path, watch=lambda pod: seen.append(pod.argv)
    )
    assert ended.succeeded, ended.log
    assert ended.skipped == ([] if case == "1" else ["inner"])
    assert seen[-1][-1] == last


def test_nothing_begins_after_a_failure_and_the_run_has_failed(tmp_path: Path) -> None:
    fail = "{componentRef: {name: comp-fail}, retryPolicy: {maxRetryCount: 2, backoffMaxDuration: 100s}}"
    ended = ran(FAIL, {"one": fail, "two": say("x", "dependentTasks: [one],")}, tmp_path)
    assert not ended.succeeded
    assert ended.pods == ["one"] * 3


def test_a_pod_that_is_lost_is_not_tried_again(tmp_path: Path) -> None:
    """Argo's own policy, which a pipeline cannot change: OnFailure."""
    slow = say("x").replace("comp-say", "comp-slow")
    components = (
        "  comp-slow: {executorLabel: exec-slow, inputDefinitions: {parameters: {word: {parameterType: STRING}}}}\n"
    )
    text = (HEAD + components).replace(
        "    exec-fail:",
        "    exec-slow: {container: {image: i, command: [python, -c], args: [import time; time.sleep(60)]}}\n    exec-fail:",
    )
    text += f"root: {{dag: {{tasks: {{one: {slow[:-1]}, retryPolicy: {{maxRetryCount: 2, backoffMaxDuration: 100s}}}}}}}}}}\n"
    text = text.replace("comp-say: {executorLabel: exec-say", "comp-say: {executorLabel: exec-say")
    document = yaml.safe_load(text)
    del document["components"]["comp-say"]
    host = Host(tmp_path / "pods", tmp_path, commands={"python": (sys.executable,)})
    ended = run_pipeline(json.dumps(document), run="r", parameters={}, host=host, watch=RunningPod.lose)
    assert not ended.succeeded
    assert ended.pods == ["one"]


def test_a_text_that_argo_takes_for_its_own_or_the_kubelet_rewrites_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="a tag of its own"):
        ran("", {"one": say("{{workflow.name}}")}, tmp_path)
    seen: list[tuple[str, ...]] = []
    ended = ran("", {"one": say("a$$b$(KFP_POD_NAME)")}, tmp_path, watch=lambda pod: seen.append(pod.argv))
    assert ended.succeeded, ended.log
    assert seen[0][-1] != "a$$b$(KFP_POD_NAME)"


WRONG = {
    "a driver's name": {"one": say("x"), "one-driver": say("x")},
    "a word of Argo's": {"nil": say("x")},
    "nobody's output": {
        "one": say("x"),
        "two": say("x").replace("{runtimeValue: {constant: 'x'}}", output("one", "fan")),
    },
    "an unknown task": {"one": say("x", "dependentTasks: [zero],")},
    "an input too few": {"one": say("x").replace("word", "ward")},
    "retries that end at once": {"one": say("x", more=", retryPolicy: {maxRetryCount: 2}")},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_the_server_would_not_take_is_not_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        ran("", WRONG[name], tmp_path)


def test_the_order_is_drawn_from_the_seed(tmp_path: Path) -> None:
    tasks = {f"t{at}": say("x") for at in range(6)}
    orders = {tuple(ran("", tasks, tmp_path / str(seed), seed=seed).pods) for seed in (0, 0, 1, 2)}
    assert len(orders) == 3


def test_a_file_of_several_documents_is_read_whole() -> None:
    tail = "---\nplatforms: {kubernetes: {deploymentSpec: {executors: {exec-none: {imagePullPolicy: Always}}}}}\n"
    text = HEAD + f"root: {{dag: {{tasks: {{one: {say('x')}}}}}}}\n" + tail
    with pytest.raises(Refused, match="the platform of exec-none"):
        read_pipeline(text)
