"""A flow's life by the commands alone, on whatever engine: deployed, started, failed, repaired, ended, removed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FLOW = """
import os
import time
from flowc import FlowSpec, Parameter, step


class LifeFlow(FlowSpec):
    text = Parameter("text", default="x")
    marker = Parameter("marker", default="")
    held = Parameter("held", default="")

    @step
    def start(self):
        print("the text is", self.text.encode().hex())
        self.numbers = [1, 2]
        self.next(self.work, foreach="numbers")

    @step
    def work(self):
        print("work on", self.input)
        while self.held and not os.path.exists(self.held):
            time.sleep(0.2)
        if self.marker and self.input == 2 and not os.path.exists(self.marker):
            raise ValueError("no marker yet")
        self.double = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.double for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("total", self.total)
"""
SHARED = """
import os
import time
from flowc import FlowSpec, Parameter, retry, step


class SharedFlow(FlowSpec):
    marker = Parameter("marker", default="")
    held = Parameter("held", default="")

    @step
    def start(self):
        print("starts")
        self.next(self.prepare)

    @step
    def prepare(self):
        print("prepares")
        self.numbers = [1, 2, 3, 4, 5]
        self.next(self.work, foreach="numbers")

    @step
    def work(self):
        print("work on", self.input, flush=True)
        while self.held and not os.path.exists(self.held):
            time.sleep(0.2)
        self.double = self.input * 2
        self.next(self.check)

    @step
    def check(self):
        print("check of", self.double)
        if self.marker and self.double == 6 and not os.path.exists(self.marker):
            raise ValueError("no marker yet")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.double for each in inputs)
        self.next(self.tell)

    @step
    def tell(self):
        print("total", self.total)
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SHARING = "fuse = true\nchunk = {work = 2}\n"
"""The settings of the flow above: three portions, each of two steps for two members."""
HOSTILE = 'it\'s "q" {{workflow.name}} {% raw %} ${HOME} $(HOME) $$ %s `id` \\\n line two\tö\U0001f600 ' + "k" * 20_000
FAILED = {("start", "-"): "succeeded", ("work", "0"): "succeeded", ("work", "1"): "failed"}
ALL = dict.fromkeys([("start", "-"), ("work", "0"), ("work", "1"), ("join", "-"), ("end", "-")], "succeeded")


@dataclass
class Life:
    """The folder of a workspace, the target, and the variables in which it finds its engine."""

    folder: Path
    target: str
    variables: Mapping[str, str]
    secrets: tuple[str, ...] = ()
    called: list[tuple[str, ...]] = field(default_factory=list)

    def call(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Call a command; it ends with this code, and prints no secret and no traceback of ours."""
        env = {**os.environ, "HOME": str(self.folder), **self.variables}
        command = [sys.executable, "-P", "-m", "compiler", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, check=False, timeout=300
        )
        printed = done.stdout + done.stderr
        assert done.returncode == code, (words, done.returncode, printed[-3000:])
        assert "internal error" not in printed
        assert not any(secret in printed for secret in self.secrets)
        self.called.append(words)
        return done

    def said(self, *words: str, code: int = 0) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.call(*words, code=code).stdout)

    def status(self, run: str) -> tuple[str, dict[tuple[str, str], str]]:
        """How a run stands, and each of its tasks."""
        found = self.said("status", run, "--json")
        return found["status"], {
            (each["step"], each["index"]): each["status"] for each in found["tasks"] if each["step"]
        }

    def until(self, run: str, step: str, status: str) -> None:
        """Wait until a task of a step is as meant."""
        end = time.monotonic() + 120
        while status not in [found for (each, _), found in self.status(run)[1].items() if each == step]:
            assert time.monotonic() < end, self.said("status", run, "--json")
            time.sleep(0.5)


def live(life: Life) -> str:
    """All of it; the id of the run that was repaired, whose artifacts are to be those of a local one with HOSTILE."""
    (life.folder / "flow.py").write_text(FLOW, encoding="utf-8")
    marker, held = life.folder / "marker", life.folder / "held"
    verb = life.target
    life.call(verb, "deploy", "flow.py", "--dry-run", code=3)
    life.call(verb, "deploy", "flow.py")
    assert "1 unchanged" in life.call(verb, "deploy", "flow.py").stderr
    [there] = life.said(verb, "list", "--json")["deployments"]
    name = there["name"]
    assert life.call("diff", "--against", "deployed", "--target", verb, "flow.py").returncode == 0

    life.call(
        verb, "trigger", "--wait", "--run-id-file", "id", "flow.py", "--text", HOSTILE, "--marker", str(marker), code=1
    )
    run = (life.folder / "id").read_text()
    assert life.status(run) == ("failed", FAILED)
    told = life.call("status", run).stdout
    assert "ValueError: no marker yet" in told
    assert "work on 2" in life.call("logs", f"{run}/work/1").stdout
    assert HOSTILE.encode().hex() in life.call("logs", f"{run}/start").stdout
    life.call("wait", run, code=1)
    marker.write_text("here", encoding="utf-8")
    going = life.call("retry", run, "--wait")
    run = _going(life, run, going.stderr)
    assert life.status(run) == ("succeeded", ALL)
    assert run in [each["run_id"] for each in life.said("runs", "LifeFlow", "--target", verb, "--json")]
    life.call("retry", run, code=2)

    life.call(verb, "trigger", name, "--tag", "a", code=2)
    second = life.call(verb, "trigger", "--tag", "a b", name, "--held", str(held)).stdout.strip()
    life.until(second, "work", "running")
    life.call("wait", second, "--timeout", "1s", code=124)
    life.call("terminate", second)
    life.call("wait", second, "--timeout", "120s", code=1)
    assert life.status(second)[0] == "terminated"
    life.call("terminate", second)
    life.call(verb, "delete", name, "--yes")
    assert life.said(verb, "list", "--json")["deployments"] == []
    life.call(verb, "trigger", name, code=4)
    life.call(verb, "delete", name, "--yes", code=4)
    held.write_text("over", encoding="utf-8")
    return run


def _going(life: Life, run: str, told: str) -> str:
    """The run that a retry went on with, as its first line says."""
    line = next(line for line in told.splitlines() if line.endswith(" goes on"))
    return line.removesuffix(" goes on").rpartition("/")[2]


def live_shared(life: Life) -> str:
    """Of a flow whose tasks share containers; the id of the run that was repaired."""
    (life.folder / "shared.py").write_text(SHARED, encoding="utf-8")
    marker, held = life.folder / "shared-marker", life.folder / "shared-held"
    verb = life.target
    life.call(verb, "deploy", "shared.py")
    [name] = [each["name"] for each in life.said(verb, "list", "--json")["deployments"]]

    life.call(verb, "trigger", "--wait", "--run-id-file", "id", "shared.py", "--marker", str(marker), code=1)
    run = (life.folder / "id").read_text()
    stands, tasks = life.status(run)
    assert stands == "failed"
    assert tasks["check", "2"] == "failed", tasks
    done = [("start", "-"), ("prepare", "-"), ("work", "2"), ("work", "3"), ("check", "3")]
    assert [tasks[key] for key in done] == ["succeeded"] * len(done), tasks
    assert "ValueError: no marker yet" in life.call("status", run).stdout
    assert "check[2] | check of 6" in life.call("logs", f"{run}/check/2").stdout
    printed = life.call("logs", f"{run}/prepare").stdout
    assert "prepares" in printed
    assert "starts" not in printed
    marker.write_text("here", encoding="utf-8")
    run = _going(life, run, life.call("retry", run, "--wait").stderr)
    members = [(step, str(index)) for step in ("work", "check") for index in range(5)]
    alone = [(step, "-") for step in ("start", "prepare", "join", "tell", "end")]
    assert life.status(run) == ("succeeded", dict.fromkeys([*alone, *members], "succeeded"))

    second = life.call(verb, "trigger", name, "--held", str(held)).stdout.strip()
    life.until(second, "work", "running")
    _, tasks = life.status(second)
    assert [tasks[key] for key in alone[:2]] == ["succeeded"] * 2
    assert tasks["work", "0"] in ("running", "queued"), tasks
    assert (tasks["work", "1"], tasks["work", "3"]) == ("queued", "queued")
    assert {tasks.get(("check", str(index)), "queued") for index in range(5)} == {"queued"}
    life.call("terminate", second)
    life.call("wait", second, "--timeout", "120s", code=1)
    assert life.status(second)[0] == "terminated"
    life.call(verb, "delete", name, "--yes")
    held.write_text("over", encoding="utf-8")
    return run
