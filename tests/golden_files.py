"""The golden files: what each example compiles to. `python -m tests.golden_files` (`make golden`) writes them anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from compiler.backends import Backend, Options, refuse
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.ir.flow import Flow
from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Chunk, Plan
from compiler.ir.planner import plan
from compiler.ir.text import flow_text, plan_text
from compiler.pipeline import read_flow
from compiler.report.render import read_sources, render
from tests.published import PUBLISHED

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"

EXAMPLES: tuple[Path, ...] = tuple(
    path
    for path in sorted((ROOT / "examples").rglob("*.py"))
    if "FlowSpec" in path.read_text(encoding="utf-8") and "policy" not in path.parts  # rules, and flows that break them
)
SHARED: dict[Path, Grouping] = {
    ROOT / "tests" / "flows" / "sharing.py": Grouping(fuse=True, chunk={"square": Chunk(2, 2)})
}
"""Flows whose tasks share containers, and what is asked for."""

COMPILED = (*EXAMPLES, *SHARED)

MAIN: dict[str, str] = {
    "airflow": "airflow.py", "argo": "argo.yaml", "step-functions": "step-functions.json", "kfp": "kfp.yaml", "maestro": "maestro.json",
    "valohai": "valohai.yaml",
}  # fmt: skip
"""What a target's main file is called; the others keep the end of their names behind the target's."""

BROUGHT: dict[str, tuple[str, ...]] = {
    "kfp": ("branch", "model_search", "retry_and_catch", "sharing"),
    "maestro": ("branch", "model_search", "parameters", "retry_and_catch", "sharing", "two_foreaches"),
    "valohai": ("branch", "model_search", "parameters", "retry_and_catch", "sharing", "two_foreaches"),
}
"""Targets that are distributions of their own, and the flows of which a reviewer sees their files."""

STORE = "s3://flows/store"


def name_of(example: Path) -> str:
    """`examples/taxi/train.py` is `taxi-train`."""
    if example in SHARED:
        return example.stem
    return "-".join(example.relative_to(ROOT / "examples").with_suffix("").parts)


def golden_files(example: Path) -> dict[str, str]:
    """All golden files of one example, by name."""
    flow = _read(example)
    decided = grouped(plan(flow), SHARED.get(example, Grouping()))
    files = {"flow.txt": flow_text(flow), "plan.txt": plan_text(decided)}
    for target in (*BUILT_IN, *(target for target, names in BROUGHT.items() if name_of(example) in names)):
        backend = load_backend(target)
        assert backend is not None
        files |= dict(_compiled(decided, backend))
    return files


def _read(example: Path) -> Flow:
    report = Report()
    flow = read_flow(example, report, root=example.parent)
    assert flow is not None, render(report, read_sources(report))
    return flow


def _compiled(plan: Plan, backend: Backend) -> Iterator[tuple[str, str]]:
    # A digest of the code would change every golden file with every comment of the example: it is fixed here.
    options = Options(default_image=f"{plan.flow.name.lower()}:0123456789ab", store=STORE)
    report = Report()
    refuse(plan, backend, options, report)
    if report.failed:
        text = render(report, {})
        yield f"{backend.name}.refused.txt", text.replace(f"{ROOT.as_posix()}/", "")
        return
    main, *rest = backend.emit(plan, options)
    yield MAIN[backend.name], main.text
    for file in rest:
        yield f"{backend.name}.{file.name.partition('.')[2]}", file.text


def write_golden_files() -> None:
    """Write every golden file and remove what is none; also what else is printed from the code."""
    for example in COMPILED:
        folder = GOLDEN / name_of(example)
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        for name, text in golden_files(example).items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    for folder in set(GOLDEN.iterdir()) - {GOLDEN / name_of(example) for example in COMPILED}:
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    for printed in PUBLISHED:
        printed.write()


if __name__ == "__main__":
    write_golden_files()
