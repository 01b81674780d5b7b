"""What is imported by name from modules of the repository, and is nowhere in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend.findings import fc1xx
from compiler.frontend.findings.suggest import clear, did_you_mean
from compiler.frontend.text.modules import Import, Module, Modules
from compiler.frontend.text.respelling import renamed_import

_MADE_AS_IT_RUNS = (
    r"\b(?:__getattr__|globals|exec|eval|vars|setattr|__dict__|__path__|sys\.modules)\b|import[ \t]*\(?[ \t]*\*"
)


def check_own_names(modules: Modules, module: Module, report: Report) -> None:
    """Report each such name. A word that stands anywhere in the other module may be bound there: only the others are surely not."""
    for node in _imports(module.tree.body):
        bound = Import(node.module or "", None, node.level)
        file = None if bound.ours else modules.file_of(module.source.file.parent, bound)
        words = _words(modules, file) if file is not None else None
        if file is None or words is None:
            continue
        for alias in node.names:
            if alias.name == "*" or alias.name in words or alias.name.startswith("__"):
                continue
            inner = Import(f"{bound.module}.{alias.name}".strip("."), None, node.level)
            if modules.file_of(module.source.file.parent, inner) is None and not (file.parent / alias.name).is_dir():
                read = modules.imported_file(file)
                known = [] if read is None else [name for name in read.names if not name.startswith("_")]
                near = clear(alias.name, known)
                fix = renamed_import(module, alias.name, near) if near and not alias.asname else ()
                whole = f"{'.' * node.level}{node.module or ''}.{alias.name}"
                cure = f"`{file.name}` binds no such name: check it{did_you_mean(alias.name, known)}"
                report.add(fc1xx.NOT_THERE, module.source.span(alias), *fix, name=whole, cure=cure)


def _words(modules: Modules, file: Path) -> frozenset[str] | None:
    """All words of a module's text; None where it may bind other names as it runs. Found once for all flows."""
    text, known = modules.text_of(file), modules.known.words
    if file not in known:
        known[file] = None if re.search(_MADE_AS_IT_RUNS, text) else frozenset(re.findall(r"\w+", text))
    return known[file]


def _imports(body: list[ast.stmt]) -> Iterator[ast.ImportFrom]:
    """The imports that surely run when their block does: those of a `try` or an `if` may be meant to fail, or not to run."""
    for node in body:
        if isinstance(node, ast.ImportFrom):
            yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.With | ast.For):
            yield from _imports(node.body)
