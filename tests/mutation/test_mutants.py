"""A right flow with one thing changed is refused at a line, or runs; what then fails, fails in a line of the author's.

Every accepted mutant is compiled for every target, and some are executed there: a mistake that the compiler lets pass must be one
that only running the author's code can tell.
"""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import attempts
from flowc.store import open_store

from compiler.backends import Options
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.flow import Flow
from compiler.ir.planner import plan
from compiler.pipeline import emit_plan
from tests.conformance.engines import Engine, container_engines
from tests.conformance.plan import FORM, chunks, mutants, named
from tests.conformance.results import against_local, read_result
from tests.conformance.sample import again, seed_named
from tests.engines import FlowCase, Outcome
from tests.mutation.drawing import drawn
from tests.mutation.mutants import Mutant

CHUNK = 20
EXECUTED = 4 if FORM == "short" else 1
"""Of the accepted mutants each first, second, … that runs on Argo and Step Functions too."""
PATIENCE = 30.0
"""Seconds: a changed constant may make a loop endless, which no compiler can tell."""
_FELL_WITH = "and the nodes of a gang fail together"
"""What a node says that was ended because of another one, which has a failure of its own."""


@pytest.fixture(scope="module")
def engines() -> Iterator[Mapping[str, Engine]]:
    """Argo and Step Functions."""
    with container_engines() as opened:
        yield opened


@pytest.mark.sampled
@pytest.mark.parametrize("found", chunks(mutants(), CHUNK), ids=named)
def test_mutants_are_refused_or_run(found: Sequence[int], engines: Mapping[str, Engine], tmp_path: Path) -> None:
    wrong = []
    for seed in found:
        with seed_named(seed):
            wrong += [told for _, told in [_judged(seed, engines, tmp_path / str(seed))] if told]
    assert not wrong, "\n\n".join(wrong)


def _judged(seed: int, engines: Mapping[str, Engine], folder: Path) -> tuple[Mutant, str]:
    """The mutant of a seed, and what is wrong with how it is taken; nothing where all is well."""
    mutant = drawn(seed)
    folder.mkdir()
    path = folder / "mutant_flow.py"
    path.write_text(mutant.source, encoding="utf-8")
    report = Report()
    flows = parse(path, report)
    if report.failed or not flows:
        assert report.failed, f"seed {seed}: no flow and no finding"
        return mutant, ""
    told = [*_refusals(flows[0])]
    local = _run(FlowCase(path, flows[0].name, _given(flows[0]), {}, folder), folder / "local")
    if local is not None:
        told += _contract_failures(local, path)
        if seed % EXECUTED == 0 and not told:
            told += _elsewhere(FlowCase(path, flows[0].name, _given(flows[0]), {}, folder), local, engines, folder)
    head = f"seed {seed} ({again(seed)}), {mutant.kind} in line {mutant.line}:\n"
    return mutant, head + "\n".join((*told, mutant.source)) if told else ""


def _given(flow: Flow) -> dict[str, object]:
    """A value for each parameter that wants one."""
    return {each.name: 1 for each in flow.parameters if each.required}


def _refusals(flow: Flow) -> Iterator[str]:
    """What a target says against a flow that `check` let pass."""
    for target in BUILT_IN:
        backend = load_backend(target)
        assert backend is not None
        report, planned = Report(), plan(flow)
        files = emit_plan(planned, backend, Options(store="s3://bucket/store", default_image="mutant:0"), report)
        if files or any(feature in backend.gaps for feature, _ in planned.features):
            continue
        yield f"{target} refuses it: " + "; ".join(found.message for found in report)


def _run(case: FlowCase, folder: Path) -> Outcome | None:
    """The local run; None where it did not come to an end."""
    folder.mkdir()
    store = f"file:{folder / 'store'}"
    command = [sys.executable, "-P", "-m", "compiler", "run", "--store", store, "--max-workers", "2", "--run-id", "r"]
    command += [f"{case.path}:{case.flow}", *(f"--{name}={value}" for name, value in case.parameters.items())]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": "tester"}
    process = subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        log, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        process.communicate()
        return None
    assert process.returncode in (0, 1), f"{case.path} ended with {process.returncode}:\n{log}"
    return Outcome(case.flow, "r", store, process.returncode == 0, log)


def _contract_failures(local: Outcome, path: Path) -> Iterator[str]:
    """The tasks that failed without any line of the author's in their traceback."""
    if local.success:
        return
    store, run = open_store(local.store), RunAddress(local.flow, local.run_id)
    folder = f"{run.folder}/"
    failures = 0
    for key in store.list(folder):
        parts = key.removeprefix(folder).split("/")
        if len(parts) != 3 or not parts[2].startswith("attempt-0001"):
            continue
        for attempt in attempts(store, run.task(parts[0], parts[1])):
            if attempt.failure and _FELL_WITH not in attempt.failure.stacktrace:
                failures += 1
                own = _ITERATION_KILLED.search(attempt.failure.stacktrace) and parts[0] in _killing(path)
                if not own and f'{path.name}", line' not in attempt.failure.stacktrace:
                    yield f"{parts[0]}/{parts[1]} failed, but not in a line of the author's:\n{attempt.failure.stacktrace}"
    killed = set(_KILLED.findall(local.log))
    if not failures and not (killed and killed <= _killing(path)):
        yield f"the run failed, but no task did:\n{local.log}"


_ITERATION_KILLED = re.compile(r"the process of iteration \d+ was killed by SIGKILL")
_KILLED = re.compile(r"^(\w+)\S* failed(?: after \d+ attempts)?:\nthe process was killed by SIGKILL$", re.MULTILINE)


def _killing(path: Path) -> set[str]:
    """The steps whose own lines kill their process: it cannot write down why it failed."""
    functions = (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)
    )
    return {each.name for each in functions if "SIGKILL" in ast.unparse(each)}


def _elsewhere(case: FlowCase, local: Outcome, engines: Mapping[str, Engine], folder: Path) -> Iterator[str]:
    """How the engines' runs differ from the local one."""
    wanted = read_result(local, folder)
    for name, engine in engines.items():
        outcome = engine(case, folder / name)
        if not local.success:  # how far its other branches came is a matter of time, there and here
            if outcome.success:
                yield f"{name}: the run succeeded, which fails here"
            continue
        for difference in against_local(wanted, read_result(outcome, folder)):
            yield f"{name}: {difference}\n{outcome.log[-2000:]}"


KILLING = """import os
import signal

from flowc import FlowSpec, step


class KillingFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.loop)

    @step
    def loop(self):
        os.kill(os.getpid(), {signal})
        self.way = "out"
        self.next({{"again": self.loop, "out": self.end}}, condition="way")

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(("number", "told"), [("signal.SIGKILL", False), ("9", True)])
def test_only_an_iteration_whose_own_line_kills_it_may_fail_without_a_line(
    number: str, told: bool, tmp_path: Path
) -> None:
    path = tmp_path / "killing_flow.py"
    path.write_text(KILLING.format(signal=number), encoding="utf-8")
    local = _run(FlowCase(path, "KillingFlow"), tmp_path / "local")
    assert local is not None
    assert not local.success
    assert any("process of iteration 0 was killed" in one for one in _contract_failures(local, path)) == told
    assert any(_contract_failures(local, path)) == told
