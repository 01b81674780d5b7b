"""Every file has the published form, is the same on every machine, and Kubeflow's own SDK reads and runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from flowc_kfp import BACKEND
from google.protobuf import json_format

from compiler.backends import Options
from compiler.diagnostics import Report
from compiler.ir.planner import plan
from compiler.pipeline import emit_plan, read_flow
from tests.conformance.results import against_local, read_result
from tests.conformance.written import WRITTEN
from tests.engines import FlowCase, Outcome
from tests.engines.argo_case import SHIM, store_of
from tests.engines.compiling import compiled, refusal
from tests.engines.kfp_case import parameters_input
from tests.engines.kfp_reading import read_pipeline
from tests.engines.local import run_local
from tests.kfp.stage import ROOT, pipeline, sdk

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
OPTIONS = Options(default_image="case:0", store="s3://flows/store")

ASKING = """
    from flowc import FlowSpec, kubernetes, resources, retry, step, timeout

    class AskingFlow(FlowSpec):
        @kubernetes(image="own:1", labels={"team": "a"}, node_selector={"zone": "b"}, tolerations=[{"key": "k", "operator": "Exists",
            "toleration_seconds": 5}], persistent_volume_claims={"claim": "/data"}, use_tmpfs=True, tmpfs_size=64,
            image_pull_policy="Always", image_pull_secrets=["own"], qos="Guaranteed")
        @resources(cpu=0.5, memory=512, gpu=1, shared_memory=32)
        @timeout(seconds=60)
        @step
        def start(self):
            self.next(self.end)

        @retry(times=2, minutes_between_retries=2)
        @step
        def end(self):
            pass
"""

PLAIN = """
    from flowc import FlowSpec, step

    class PlainFlow(FlowSpec):
        @step
        def start(self):
            self.next(self.end)

        @step
        def end(self):
            pass
"""


def written_files(folder: Path) -> list[Path]:
    """What each written flow compiles to."""
    found = []
    for number, written in enumerate(WRITTEN):
        if refusal(written.case(Path()), BACKEND):
            continue
        _, files = compiled(written.case(Path()), BACKEND, OPTIONS)
        path = folder / f"{number}.yaml"
        path.write_text(files[0].text, encoding="utf-8")
        found.append(path)
    return found


@pytest.mark.sampled("alone")
def test_the_sdk_loads_every_file_and_knows_each_field(tmp_path: Path) -> None:
    paths = written_files(tmp_path)
    assert len(paths) > 80
    asked = tmp_path / "asked.yaml"
    asked.write_text(_text(ASKING, tmp_path), encoding="utf-8")
    ended = sdk("load", *map(str, [*paths, asked]))
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert len(ended.stdout.splitlines()) == len(paths) + 1
    for path in paths:
        read_pipeline(path.read_text("utf-8"))


def _text(flow: str, folder: Path) -> str:
    pipeline(flow, folder)
    report = Report()
    source = read_flow(folder / "flow.py", report, root=folder)
    assert source is not None
    (file,) = emit_plan(plan(source), BACKEND, OPTIONS, report)
    return file.text


@pytest.mark.parametrize(
    ("place", "field"), [("root", "clock"), ("pipelineInfo", "schedule"), ("deploymentSpec", None)]
)
def test_the_reader_is_strict(place: str, field: str | None, tmp_path: Path) -> None:
    """What holds for every file of ours would not hold for one with a field that nobody knows."""
    document = yaml.safe_load(_text(PLAIN, tmp_path))
    if field is None:
        document["deploymentSpecs"] = document.pop(place)
    else:
        document[place][field] = "x"
    with pytest.raises(json_format.ParseError):
        read_pipeline(yaml.safe_dump(document))


def test_the_same_bytes_come_of_every_hash_seed() -> None:
    code = """
from pathlib import Path
import sys
from tests.kfp.test_form import EXAMPLES, OPTIONS, BACKEND
from compiler.diagnostics import Report
from compiler.ir.planner import plan
from compiler.pipeline import emit_plan, read_flow
for path in EXAMPLES:
    report = Report()
    flow = read_flow(path, report, root=path.parent)
    for file in emit_plan(plan(flow), BACKEND, OPTIONS, report):
        sys.stdout.write(file.name + file.text)
"""
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin"}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert outputs[0].count(b"schemaVersion: '2.1.0'") == len(EXAMPLES)


def test_no_sdk_is_imported(tmp_path: Path) -> None:
    words = ["kfp", "create", str(ROOT / "examples" / "two_foreaches.py"), "-o", f"{tmp_path / 'out'}/"]
    command = [sys.executable, "-X", "importtime", "-P", "-m", "compiler", *words]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.stderr.splitlines()}
    assert "flowc_kfp" in imported
    assert not imported & {"kfp", "google", "yaml", "kubernetes"}
    assert (tmp_path / "out" / "two-foreaches-flow.yaml").exists()


@pytest.mark.sampled("alone")
@pytest.mark.parametrize(
    ("name", "flow"), [("linear", "LinearFlow"), ("branch", "BranchFlow"), ("nested_split", "NestedSplitFlow")]
)
def test_kubeflows_local_runner_gives_what_the_local_run_gives(name: str, flow: str, tmp_path: Path) -> None:
    """Its runner, with containers as processes: what it can run. It takes the items of a loop from how the SDK names its input, and not
    from what the input is; it has no retries, and no output of a task that it has skipped."""
    example = ROOT / "examples" / f"{name}.py"
    case = FlowCase(example, flow, root=example.parent)
    source, files = compiled(case, BACKEND, Options(default_image="python", store=store_of(tmp_path)))
    path = tmp_path / "pipeline.yaml"
    path.write_text(files[0].text, encoding="utf-8")
    ended = sdk(
        "run",
        str(path),
        json.dumps(parameters_input({})),
        str(example.parent),
        PYTHONPATH=str(SHIM),
        TMPDIR=str(tmp_path),
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    (run,) = (each.name for each in (tmp_path / "store" / source.name).iterdir() if not each.name.startswith("_"))
    (tmp_path / "local").mkdir()
    local = run_local(FlowCase(example, source.name, root=example.parent), tmp_path / "local")
    found = read_result(Outcome(source.name, run, store_of(tmp_path), True, ""), example.parent)
    assert list(against_local(read_result(local, example.parent), found)) == []


def test_what_a_container_asks_for_stands_in_the_file(tmp_path: Path) -> None:
    spec, platform = pipeline(ASKING, tmp_path, target={"image_pull_secrets": ("all",), "image_pull_policy": "Never"})
    executors = spec["deploymentSpec"]["executors"]
    assert executors["exec-start"]["container"]["image"] == "own:1"
    assert executors["exec-start"]["container"]["resources"] == {
        "resourceCpuRequest": "0.5", "resourceMemoryRequest": "512Mi", "resourceCpuLimit": "0.5", "resourceMemoryLimit": "512Mi",
        "accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "1"},
    }  # fmt: skip
    secret = [{"secretNameParameter": {"runtimeValue": {"constant": name}}} for name in ("all", "own")]
    assert platform["exec-start"] == {
        "activeDeadlineSeconds": 360, "imagePullPolicy": "Always", "imagePullSecret": secret,
        "nodeSelector": {"labels": {"zone": "b"}},
        "tolerations": [{"key": "k", "operator": "Exists", "tolerationSeconds": 5}],
        "podMetadata": {"labels": {"team": "a"}},
        "pvcMount": [{"pvcNameParameter": {"runtimeValue": {"constant": "claim"}}, "mountPath": "/data"}],
        "emptyDirMounts": [
            {"volumeName": "shared-memory", "mountPath": "/dev/shm", "medium": "Memory", "sizeLimit": "32Mi"},
            {"volumeName": "tmpfs", "mountPath": "/metaflow_temp", "medium": "Memory", "sizeLimit": "64Mi"},
        ],
    }  # fmt: skip
    assert platform["exec-end"] == {"imagePullPolicy": "Never", "imagePullSecret": secret[:1]}
    end = spec["root"]["dag"]["tasks"]["end"]
    assert end["retryPolicy"] == {
        "maxRetryCount": 2, "backoffDuration": "120s", "backoffFactor": 1, "backoffMaxDuration": "31536000s",
    }  # fmt: skip
    assert end["cachingOptions"] == {}
    assert "~2" in executors["exec-end"]["container"]["args"]


def test_foreaches_are_bounded_and_gangs_are_not(tmp_path: Path) -> None:
    text = """
        from flowc import FlowSpec, parallel, step

        class BoundedFlow(FlowSpec):
            @step
            def start(self):
                self.items = [1, 2]
                self.next(self.each, foreach="items")

            @step
            def each(self):
                self.next(self.join)

            @step
            def join(self, inputs):
                self.next(self.gang, num_parallel=2)

            @parallel
            @step
            def gang(self):
                self.next(self.met)

            @step
            def met(self, inputs):
                self.next(self.end)

            @step
            def end(self):
                pass
    """
    spec, _ = pipeline(text, tmp_path, max_workers=4)
    tasks = spec["root"]["dag"]["tasks"]
    assert tasks["start-each"]["iteratorPolicy"] == {"parallelismLimit": 4}
    assert "iteratorPolicy" not in tasks["join-each"]
