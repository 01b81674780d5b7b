"""What a case compiles to: the project's own pipeline, whatever finds a mistake is a failure of the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping

from compiler.backends import Backend, Options, OutputFile
from compiler.call.configs import given_configs
from compiler.diagnostics import Report
from compiler.ir.flow import Flow, Value
from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Chunk, Plan
from compiler.ir.planner import plan
from compiler.pipeline import Reading, emit_plan, read_flow
from compiler.slotted_class import replaced
from tests.engines import FlowCase

_ONE_AT_A_TIME = threading.RLock()
"""Python 3.11's `ast.parse` fails in two threads at once: SystemError, "AST constructor recursion depth mismatch"."""

_OPTIONS = ("image", "namespace", "name", "max_workers", "mlflow")
"""Settings that are fields of `Options`; `store` and `code` are the engine's."""


def compiled(case: FlowCase, backend: Backend, options: Options) -> tuple[Flow, tuple[OutputFile, ...]]:
    """The case's flow and the files that a backend makes of it. AssertionError for what the compiler refuses."""
    report = Report()
    source, files = _compile(case, backend, options, report)
    assert source, [finding.message for finding in report]
    assert files, [finding.message for finding in report]
    return source, files


def refusal(case: FlowCase, backend: Backend) -> frozenset[str]:
    """The codes of the errors for which the compiler gives no files; nothing where it gives some."""
    report = Report()
    _, files = _compile(case, backend, Options(default_image="case:0"), report)
    return frozenset() if files else frozenset(found.rule.code for found in report if found.rule.severity == "error")


def _compile(
    case: FlowCase, backend: Backend, options: Options, report: Report
) -> tuple[Flow | None, tuple[OutputFile, ...]]:
    with _ONE_AT_A_TIME:
        source = read_case(case, report)
        if source is None:
            return None, ()
        planned = planned_case(case, source)
        return source, emit_plan(planned, backend, _with_settings(options, case, backend.name), report)


def planned_case(case: FlowCase, source: Flow) -> Plan:
    """The plan of a case, whose tasks share containers as its settings `fuse` and `chunk` have it."""
    branch, production = _text(case.settings.get("branch")), bool(case.settings.get("production"))
    portions = {step: Chunk(size, workers) for step, size, workers in portions_of(case)}
    return grouped(
        plan(source, branch=branch, production=production), Grouping(case.settings.get("fuse") is True, portions)
    )


def portions_of(case: FlowCase) -> Iterator[tuple[str, int, int]]:
    """What the setting `chunk` of a case asks for: each step, how many members a container does, and how many at once."""
    asked = case.settings.get("chunk") or {}
    assert isinstance(asked, Mapping)
    for step, portion in asked.items():
        assert isinstance(portion, Mapping)
        yield step, int(str(portion["size"])), int(str(portion["workers"]))


def read_case(case: FlowCase, report: Report) -> Flow | None:
    """The flow as `create` reads it with the case's `--config`, `--config-value` and `--import`."""
    words = tuple((name, json.dumps(value)) for name, value in case.config_values.items())
    configs = given_configs(tuple((name, str(path)) for name, path in case.configs.items()), words)
    passthrough, added = words_of(case.settings.get("passthrough")), words_of(case.settings.get("with"))
    reading = Reading(imports=case.imports, passthrough=passthrough, configs=configs, added=added)
    with _ONE_AT_A_TIME:
        return read_flow(case.path, report, name=case.flow, root=case.root, reading=reading)


def _with_settings(options: Options, case: FlowCase, target: str) -> Options:
    found: Mapping[str, Value] = {**case.settings, **case.targets.get(target, {})}
    for key in _OPTIONS:
        if key in found:
            options = replaced(options, **{key: found[key]})
    own = {key: value for key, value in case.targets.get(target, {}).items() if key not in _OPTIONS}
    return replaced(options, target={**options.target, **own})


def words_of(value: Value) -> tuple[str, ...]:
    """A setting that is a list of text; empty where it is not set."""
    return tuple(str(each) for each in value) if isinstance(value, tuple) else ()


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
