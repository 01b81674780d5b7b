"""Run a flow locally and on engines, and say how they differ."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from compiler.backends.targets import load_backend
from tests.conformance.cases import generated_case
from tests.conformance.engines import Engine, target_of
from tests.conformance.generator import GeneratedFlow
from tests.conformance.plan import MAX_TASKS, draw
from tests.conformance.results import Result, against_local, against_oracle, read_result
from tests.conformance.sample import again, seed_named
from tests.conformance.written import Written
from tests.engines import FlowCase
from tests.engines.compiling import refusal
from tests.engines.local import run_local

LOG_LINES = 40


def judge_generated(flow: GeneratedFlow, engines: Mapping[str, Engine], folder: Path) -> list[str]:
    """How a generated flow's local run differs from its oracle, and each engine's from the local run; `folder` is emptied."""
    found: list[str] = []
    try:
        case = generated_case(flow, folder)
        local, log = _run(run_local, case, folder / "local")
        found += _told("local", against_oracle(flow, local), log)
        for name, engine in engines.items():
            result, log = _run(engine, case, folder / name)
            found += _told(name, against_local(local, result), log)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if found:
        found.append(f"seed {flow.seed} ({_again(flow)}), parameters {dict(flow.parameters)!r}:\n{flow.source}")
    return found


def _again(flow: GeneratedFlow) -> str:
    """The command that repeats what was found in a flow: alone, or in the fuzzer, which draws larger ones and goes on."""
    if flow.max_tasks == MAX_TASKS:
        return again(flow.seed)
    return f"python -m tests.conformance.fuzz {flow.seed} {flow.max_tasks}"


def judge_seeds(seeds: Sequence[int], engines: Mapping[str, Engine], folder: Path, at_once: int = 1) -> list[str]:
    """All that differs in the flows of these seeds, some of which run at once."""

    def judge(seed: int) -> list[str]:
        with seed_named(seed):
            return judge_generated(draw(seed), engines, folder / str(seed))

    with ThreadPoolExecutor(at_once) as pool:
        told = pool.map(judge, seeds)
        return [difference for differences in told for difference in differences]


def judge_written(written: Written, engines: Mapping[str, Engine], folder: Path) -> list[str]:
    """How each engine's run of a written flow differs from the local one; where it is to be refused, whether it is."""
    found = [told for target in sorted({target_of(name) for name in engines}) for told in _refused(written, target)]
    running = {name: engine for name, engine in engines.items() if target_of(name) not in written.refused}
    return found + (compare_written(written, running, folder) if running else [])


def compare_written(written: Written, engines: Mapping[str, Engine], folder: Path) -> list[str]:
    """How each engine's run of a written flow differs from the local one."""
    found: list[str] = []
    local, _ = _run_written(written, run_local, folder / "local")
    for name, engine in engines.items():
        result, log = _run_written(written, engine, folder / name)
        found += _told(name, against_local(local, result), log)
    return found


def _refused(written: Written, target: str) -> Iterator[str]:
    expected = written.refused.get(target)
    if expected:
        backend = load_backend(target)
        assert backend is not None
        codes = refusal(written.case(Path()), backend)
        if expected not in codes:
            yield f"{target}: to be refused with {expected}, found {sorted(codes) or 'nothing: it was compiled'}"


def _run_written(written: Written, engine: Engine, folder: Path) -> tuple[Result, str]:
    for needed in written.before:
        _run_written(needed, engine, folder)
    written.prepare(folder)
    return _run(engine, written.case(folder), folder)


def _run(engine: Engine, case: FlowCase, folder: Path) -> tuple[Result, str]:
    folder.mkdir(parents=True, exist_ok=True)
    outcome = engine(case, folder)
    return read_result(outcome, case.root or case.path.parent), outcome.log


def _told(who: str, differences: Iterator[str], log: str) -> list[str]:
    found = [f"{who}: {difference}" for difference in differences]
    return [*found, f"the end of its log:\n{chr(10).join(log.splitlines()[-LOG_LINES:])}"] if found else []
