"""What Kubeflow's own SDK makes of pipelines, run by the Python of its environment (`venvs.venv("kfp")`).

python kfp_sdk.py load FILE…              the SDK loads each file, and knows each field of its platform; the names of the pipelines
python kfp_sdk.py run FILE WORD ROOT      `kfp.local` runs it, the containers as processes in ROOT; the one input is WORD
python kfp_sdk.py hooks                   `kfp.local` runs a pipeline whose exit task fails; how it ended
"""

import json
import os
import subprocess
import sys

import yaml
from google.protobuf import json_format
from kfp import components, dsl, local
from kfp.local import status, subprocess_task_handler, task_handler_interface


class Processes(task_handler_interface.ITaskHandler):
    """A container as a process of this machine: its image has the interpreter that `FLOWC_PYTHON` names."""

    def __init__(self, image, full_command, pipeline_root, runner, env_vars=None):  # type: ignore[no-untyped-def]
        del image, pipeline_root, runner
        self.words, self.variables = full_command, env_vars or {}

    def run(self):  # type: ignore[no-untyped-def]
        words = [os.environ["FLOWC_PYTHON"] if word == "python" else word for word in self.words]
        ended = subprocess.run(words, env={**os.environ, **self.variables}, check=False)
        return status.Status.SUCCESS if ended.returncode == 0 else status.Status.FAILURE


def load(paths):  # type: ignore[no-untyped-def]
    from kfp.kubernetes import kubernetes_executor_config_pb2

    for path in paths:
        found = components.load_component_from_file(path)
        with open(path, encoding="utf-8") as file:
            documents = list(yaml.safe_load_all(file))
        for document in documents[1:]:
            for config in document["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values():
                json_format.ParseDict(config, kubernetes_executor_config_pb2.KubernetesExecutorConfig())
        sys.stdout.write(f"{found.name}\n")


def run(path, given, root):  # type: ignore[no-untyped-def]
    subprocess_task_handler.SubprocessTaskHandler = Processes
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=os.path.join(root, "outputs"))
    found = components.load_component_from_file(path)
    os.chdir(root)
    found(**json.loads(given))


@dsl.component
def passing():  # type: ignore[no-untyped-def]
    pass


@dsl.component
def failing(status: dsl.PipelineTaskFinalStatus):  # type: ignore[no-untyped-def]
    raise ValueError("the hook fails")


@dsl.pipeline
def hooked():  # type: ignore[no-untyped-def]
    with dsl.ExitHandler(failing()):
        passing()


def hooks():  # type: ignore[no-untyped-def]
    local.init(local.SubprocessRunner(use_venv=False), raise_on_error=True)
    hooked()


if __name__ == "__main__":
    mode, *words = sys.argv[1:]
    {"load": lambda: load(words), "run": lambda: run(*words), "hooks": hooks}[mode]()
