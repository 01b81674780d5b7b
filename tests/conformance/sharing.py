"""Cases whose tasks share containers, and engines that run each case so: what is compared is still the plain local run."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.ir.plan import FanOut, Plan, Scope, entry
from compiler.slotted_class import replaced
from tests.conformance.cases import generated_case
from tests.conformance.engines import Engine
from tests.conformance.generator import GeneratedFlow
from tests.conformance.plan import draw
from tests.engines import FlowCase, Outcome
from tests.engines.compiling import planned_case, read_case
from tests.engines.local import run_local

Form = Literal["fused", "chunked", "both"]
FORMS: tuple[Form, ...] = ("fused", "chunked", "both")
"""Steps in a row share a container; members of each foreach do for which that is possible; both."""
SIZES, WORKERS = (1, 2, 3), (1, 2)
"""How many members a container does, and how many of them at once: drawn by the flow's name."""


def sharing(case: FlowCase, form: Form, seed: int = 0) -> FlowCase | None:
    """The case with tasks that share containers; None where none would, or where a smaller form already says all. `seed`: of the sizes."""
    source = read_case(case, Report())
    if source is None:
        return None

    def planned(fuse: bool, chunk: Mapping[str, Value]) -> Plan:
        made = planned_case(_asking(case, fuse, chunk), source)
        return replaced(made, obstacles=())

    wanted = _portions(planned(False, {}), random.Random(f"{case.flow} {form} {seed}")) if form != "fused" else {}
    fuse = form != "chunked"
    refused = {each.step for each in planned_case(_asking(case, fuse, wanted), source).obstacles}
    chunk = {step: portion for step, portion in wanted.items() if step not in refused}
    smaller = {"fused": [(False, {})], "chunked": [(False, {})], "both": [(True, {}), (False, chunk)]}[form]
    is_new = all(planned(*other) != planned(fuse, chunk) for other in smaller)
    return _asking(case, fuse, chunk) if is_new else None


def _asking(case: FlowCase, fuse: bool, chunk: Mapping[str, Value]) -> FlowCase:
    return FlowCase(
        case.path,
        case.flow,
        case.parameters,
        case.environment,
        case.root,
        {**case.settings, "fuse": fuse, "chunk": chunk},
        case.targets,
        case.configs,
        case.config_values,
        case.imports,
    )


def _portions(whole: Plan, dice: random.Random) -> dict[str, Value]:
    """A size for every foreach, by the first step of its body, also where it will be refused."""
    return {
        entry(fan.body.nodes[0]).step: {"size": dice.choice(SIZES), "workers": dice.choice(WORKERS)}
        for fan in _fans(whole.root)
    }


def _fans(scope: Scope) -> Iterator[FanOut]:
    for node in scope.flat:
        if isinstance(node, FanOut):
            yield node
            yield from _fans(node.body)


def engines_sharing(engines: Mapping[str, Engine], form: Form) -> dict[str, Engine]:
    """Engines that run each case in this form, by names that say so."""
    return {f"{name}-{form}": partial(_shared, engine, form) for name, engine in engines.items()}


def _shared(engine: Engine, form: Form, case: FlowCase, folder: Path) -> Outcome:
    return engine(sharing(case, form) or case, folder)


LOCAL: Mapping[str, Engine] = {"local": run_local}


def shared_seeds(seeds: Iterable[int], form: Form) -> list[int]:
    """Those of whose flows this form says anything."""
    return [seed for seed in seeds if is_shared(draw(seed), form)]


def is_shared(flow: GeneratedFlow, form: Form) -> bool:
    """Whether this form says anything of a flow."""
    with tempfile.TemporaryDirectory() as folder:
        return sharing(generated_case(flow, Path(folder)), form) is not None
