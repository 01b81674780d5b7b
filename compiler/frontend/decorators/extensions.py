"""Names of `metaflow` that only extensions have: refused by name, unless the image has them (`passthrough`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from compiler.diagnostics import Report
from compiler.frontend.findings import fc6xx
from compiler.frontend.text.modules import OURS, Module

_BY_CODE = "do it in the step's code, or in an image of your own"
_GANG = "`@parallel` with `num_parallel`, and start the framework in the step's code"

GANGS = frozenset(
    (
        "deepspeed",
        "deepspeed_parallel",
        "metaflow_ray",
        "mpi",
        "mpi_parallel",
        "pytorch_parallel",
        "ray_parallel",
        "tensorflow",
        "tensorflow_parallel",
        "torchrun",
        "torchrun_parallel",
    )
)
"""Decorators of extensions that act as `@parallel`; so does every other whose name ends with `_parallel`."""

EXTENSIONS: Mapping[str, str] = {
    "model": _BY_CODE,
    "checkpoint": _BY_CODE,
    "huggingface_hub": _BY_CODE,
    "load_model": _BY_CODE,
    "pip": "use `@pypi`",
    "pip_base": "use `@pypi_base`",
    "trigger_on": "use `@trigger` or `@trigger_on_finish`",
    "nvidia": "use `@kubernetes(gpu=...)`",
    "nvct": "use `@kubernetes(gpu=...)`",
    "nim": _BY_CODE,
    "vllm": _BY_CODE,
    "ollama": _BY_CODE,
    "fast_bakery_internal": "remove it",
    "gpu_profile": _BY_CODE,
    "slurm": "use `@kubernetes` or `@batch`",
    **dict.fromkeys(sorted(GANGS), _GANG),
    "argo_workflows_internal": "remove it",
    "step_functions_internal": "remove it",
    "airflow_internal": "remove it",
}
"""Names that extensions bring, and what to do instead."""


def is_gang(name: str) -> bool:
    """Whether a decorator of an extension makes a step's tasks the nodes of a gang."""
    return name in GANGS or name.endswith("_parallel")


def check_imports(passthrough: frozenset[str], module: Module, report: Report) -> None:
    """Report what a module imports from `metaflow` that only extensions have, where no decorator that it is tells of it."""
    wanted = [alias for alias in _imported(module.tree.body) if _is_foreign(passthrough, alias)]
    decorators = _decorators(module.tree) if wanted else frozenset()
    for alias in wanted:
        if (alias.asname or alias.name) not in decorators:
            report.add(fc6xx.EXTENSION_NAME, module.source.span(alias), name=alias.name, cure=EXTENSIONS[alias.name])


def _is_foreign(passthrough: frozenset[str], alias: ast.alias) -> bool:
    return alias.name in EXTENSIONS and alias.name not in passthrough


def _imported(body: list[ast.stmt]) -> Iterator[ast.alias]:
    """The names that a module surely imports from the language: those under `try` may be missed."""
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and statement.module in OURS and not statement.level:
            yield from statement.names


def _decorators(tree: ast.Module) -> frozenset[str]:
    return frozenset(
        name.id
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for decorator in node.decorator_list
        for name in (decorator.func if isinstance(decorator, ast.Call) else decorator,)
        if isinstance(name, ast.Name)
    )
