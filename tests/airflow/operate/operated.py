"""How these tests operate a flow on a real Airflow: compiled, deployed, started and waited for, as the commands do it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from flowc.artifacts.address import RunAddress
from flowc.store import open_store

from compiler.backends import OutputFile
from compiler.backends.airflow import BACKEND
from compiler.backends.operating import OVER, Connection, Engine, EngineRun, Record, Release, Start
from compiler.ir.flow import Value
from tests.engines import FlowCase, Outcome
from tests.engines.airflow_flow import Compiled, compile_case

HOSTILE = """it's "quoted" $HOME $(HOME) $$ `id` %s {{ 1 + 1 }} {% raw %} {# #} ${Ref} \\n & | ; * ~ é 漢\n tab\there end.sh"""
FLOW = """
import json
import os
import time
from pathlib import Path

from flowc import FlowSpec, Parameter, step

PLAN = Path(os.environ["PLAN"])


class OperatedFlow(FlowSpec):
    word = Parameter("word", default="plain")
    count = Parameter("count", default=1)

    @step
    def start(self):
        print("the word is", self.word.encode().hex())
        self.rows = list(range(self.count))
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = "ab"[: self.input + 1]
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        print("this is cell", self.input)
        if "fail" in json.loads(PLAN.read_text()) and self.input == "b":
            raise ValueError("asked to fail")
        self.seen = self.input * 2
        self.next(self.joined)

    @step
    def joined(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print("end begins", flush=True)
        while "hold" in json.loads(PLAN.read_text()):
            time.sleep(0.2)
        print("end ends")
        self.length = len(self.word)
"""


class Server(Protocol):
    """An Airflow of the tests."""

    @property
    def log(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def dags(self) -> Path: ...

    def put_image(self, name: str, env: Mapping[str, str], workdir: Path) -> None: ...


class Stage:
    """The flow of these tests on one server, with what its steps read beside it."""

    def __init__(self, folder: Path, server: Server, name: str, variables: Mapping[str, str]) -> None:
        self.name = name
        self._server, self._variables = server, variables
        self._plan = folder / "plan"
        self.plan()
        path = folder / "code" / "operated.py"
        path.parent.mkdir()
        path.write_text(FLOW)
        self.case = FlowCase(path, "OperatedFlow", environment={"PLAN": str(self._plan)}, root=path.parent)
        self._compiled: Compiled = compile_case(self.case, folder, server, dag_id=name)  # type: ignore[arg-type]  # it runs none
        self.text = self._compiled.text

    def plan(self, *words: str) -> None:
        """What the steps shall do from now on: `fail`, `hold`."""
        self._plan.write_text(json.dumps(words))

    def engine(self, url: str | None = None, timeout: float = 60, **options: Value) -> Engine:
        """A connection to the server."""
        given: dict[str, Value] = {"url": url or self._server.url, "dags": str(self._server.dags), **options}
        return BACKEND.connect(Connection(given, self._variables, timeout=timeout))

    def release(self, text: str | None = None, revision: str = "abc") -> Release:
        """What is deployed: the flow's file, or another text under its name."""
        text = self.text if text is None else text
        digest = hashlib.sha256(text.encode()).hexdigest()
        file = OutputFile(f"{self.name}.py", text)
        return Release(self.name, (file,), Record("code/operated.py:OperatedFlow", digest, revision))

    def start(self, engine: Engine, unique: str, **parameters: object) -> EngineRun:
        """Start a run."""
        return engine.trigger(self.name, Start(unique, parameters, ("nightly", "team:a")))

    def until(self, engine: Engine, run: str, is_meant: Callable[[EngineRun], bool], seconds: float = 900) -> EngineRun:
        """Ask for a run until it is as meant."""
        limit = time.monotonic() + seconds
        while not is_meant(found := engine.run(run)):
            assert time.monotonic() < limit, (found, self._server.log)
            time.sleep(1)
        return found

    def outcome(self, run: EngineRun) -> Outcome:
        """Where the artifacts of a run are."""
        return Outcome("OperatedFlow", run.run, self._compiled.store, run.phase == "succeeded", "")

    def stored(self, run: str) -> set[tuple[str, str]]:
        """Step and index of every task of a run that the store has."""
        address = RunAddress("OperatedFlow", run)
        keys = open_store(self._compiled.store).list(f"{address.folder}/")
        parts = [key[len(address.folder) + 1 :].split("/") for key in keys]
        return {(part[0], part[1]) for part in parts if len(part) > 2 and not part[0].startswith("_")}

    def left(self) -> list[str]:
        """The files in the folder of DAG files that are of this flow."""
        return sorted(file.name for file in self._server.dags.glob(f"*{self.name}*"))


def is_over(run: EngineRun) -> bool:
    return run.phase in OVER


def holds(run: EngineRun) -> bool:
    """Whether its last step runs."""
    return any(task.step == "end" and task.phase == "running" for task in run.tasks)


def lines(engine: Engine, run: EngineRun, step: str, index: str = "-") -> list[str]:
    """All that a task has printed, read to the end of its log, as Airflow keeps it."""
    (task,) = [each for each in run.tasks if (each.step, each.index) == (step, index)]
    found: list[str] = []
    position = ""
    for _ in range(20):
        part = engine.log(run.run, task, position)
        found += [line.text for line in part.lines]
        position = part.position
        if part.is_whole:
            return found
    raise AssertionError(f"the log of {step} does not end: {found}")


def texts(value: Any) -> str:
    """A record with all that it holds, as text."""
    return repr(value)
