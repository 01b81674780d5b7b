"""What a flow imports and the archive of its code leaves out: an error at the import, and none in the container."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend.findings import fc1xx
from compiler.frontend.text.import_path import import_folders
from compiler.frontend.text.modules import Module, bind
from compiler.frontend.text.source import read, tree
from compiler.ir.flow import Flow, Span
from compiler.slotted_class import record
from compiler.workspace.package import why_left_out

_MOST = 2_000
"""Modules that are read for a flow."""


@record
class Outside:
    """An import of a module that the code does not hold; `always` unless it stands in a function of the flow's file."""

    module: str
    parts: tuple[str, ...]
    """Those of the module, and the name that is imported from it."""
    span: Span
    always: bool


def check_imports(path: Path, root: Path, named: Sequence[Path], report: Report) -> list[Outside]:
    """Find imports of a flow and of the modules that it imports which the archive would leave unresolved; those of others.

    Every import of the flow's own file counts, of other modules those that run when they are imported. What a `try` catches does not.
    """
    outside: list[Outside] = []
    search = _Search(import_folders(path, root, named), root)
    pending, seen = [path], {path.resolve()}
    while pending and len(seen) < _MOST:
        file = pending.pop()
        module = _read(file)
        always = {each.node for each in _imports(module.tree, everything=False)} if module else set()
        for each in _imports(module.tree, everything=file is path) if module else ():
            assert module is not None
            files = search.files(module, each)
            if not files and each.parts and not each.level:
                parts = (*each.parts, *([each.name] if each.name else []))
                outside.append(Outside(".".join(each.parts), parts, module.source.span(each.node), each.node in always))
            for found in _packed(files, each, module, root, report):
                if found.suffix == ".py" and found.resolve() not in seen:
                    seen.add(found.resolve())
                    pending.append(found)
    return outside


def _packed(files: Sequence[Path], wanted: _Import, module: Module, root: Path, report: Report) -> Iterator[Path]:
    """The files of an import, up to the first that the archive leaves out, which is told."""
    for file in files:
        reason = why_left_out(root, file)
        if reason:
            span = module.source.span(wanted.node)
            report.add(fc1xx.LEFT_OUT, span, name=wanted.written, reason=reason.told, cure=reason.cure)
            return
        yield file


def check_flow(path: Path, root: Path, report: Report) -> None:
    """Find that the archive leaves out the flow's own file."""
    reason = why_left_out(root, path.resolve())
    if reason:
        report.add(fc1xx.FLOW_LEFT_OUT, Span(path.as_posix(), 1, 1, 1, 2), reason=reason.told, cure=reason.cure)


def check_files(flow: Flow, root: Path, report: Report) -> None:
    """Find the default of an `IncludeFile` that the archive leaves out."""
    for parameter in flow.parameters:
        reason = why_left_out(root, root / parameter.file) if parameter.file else None
        if reason:
            report.add(fc1xx.LEFT_OUT, parameter.span, name=parameter.file, reason=reason.told, cure=reason.cure)


@record
class _Import:
    """One name of an import statement: `import a.b`, or `from ..a import b` with a level of 2."""

    node: ast.stmt
    parts: tuple[str, ...]
    level: int
    name: str | None

    @property
    def written(self) -> str:
        """As the author wrote it, in one dotted name."""
        return "." * self.level + ".".join((*self.parts, *([self.name] if self.name and not self.parts else [])))


def _imports(parsed: ast.Module, everything: bool) -> Iterator[_Import]:
    """The imports that nothing catches; those of functions only where `everything` is asked for."""
    stack: list[ast.AST] = list(reversed(parsed.body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            yield from (_Import(node, tuple(alias.name.split(".")), 0, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = tuple(node.module.split(".")) if node.module else ()
            yield from (_Import(node, parts, node.level, alias.name) for alias in node.names)
        else:
            stack.extend(reversed(list(_inner(node, everything))))


def _inner(node: ast.AST, everything: bool) -> Iterator[ast.AST]:
    """The statements of a block that run whatever happens before."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not everything:
        return
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        yield from node.orelse
        return
    caught = isinstance(node, ast.Try) and node.handlers
    for name in ("orelse", "finalbody") if caught else ("body", "orelse", "finalbody"):
        yield from getattr(node, name, ())
    for case in getattr(node, "cases", ()):
        yield from case.body


@record
class _Search:
    """The folders of absolute imports, and the root of the code."""

    folders: tuple[Path, ...]
    root: Path

    def files(self, module: Module, wanted: _Import) -> tuple[Path, ...]:
        """The files that an import needs on its way, as far as the code has them; none for a module of another package."""
        if wanted.level:
            base = module.source.file.parent
            for _ in range(wanted.level - 1):
                base = base.parent
            return self._below((base,), (*wanted.parts, wanted.name or ""), ())
        found = self._below(self.folders, wanted.parts, ())
        if not found or wanted.name is None:
            return found
        return self._below(self.folders, (*wanted.parts, wanted.name), ()) or found

    def _below(self, folders: Sequence[Path], parts: Sequence[str], before: tuple[Path, ...]) -> tuple[Path, ...]:
        if not parts or not parts[0].isidentifier():
            return before
        for folder in folders:
            place = folder / parts[0]
            begin = _file_of(place / "__init__")
            if begin is not None:
                return self._below((place,), parts[1:], (*before, begin))
            single = _file_of(place)
            if single is not None:
                return (*before, single)
            inner = self._below((place,), parts[1:], before) if place.is_dir() and len(parts) > 1 else before
            if inner != before:
                return inner
        return before


def _file_of(place: Path) -> Path | None:
    """The file that Python would load for a module of that path: compiled for the machine, source, or bytecode alone."""
    folder, name = place.parent, place.name
    if not folder.is_dir():
        return None
    compiled = next((each for each in sorted(folder.glob(f"{name}.*so")) if each.is_file()), None)
    if compiled is not None:
        return compiled
    return next((each for each in (folder / f"{name}.py", folder / f"{name}.pyc") if each.is_file()), None)


def _read(file: Path) -> Module | None:
    aside = Report()  # mistakes of a module are told where it is checked
    source = read(file, file.as_posix(), aside)
    parsed = tree(source, aside) if source else None
    return bind(source, parsed) if source and parsed else None
