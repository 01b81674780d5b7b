"""The modules of the two packages, and which imports which, late imports counted and those for type checkers left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"compiler": ROOT / "compiler", "flowc": ROOT / "runtime_shim" / "flowc"}


def modules(packages: Mapping[str, Path]) -> dict[str, Path]:
    """Every module by its dotted name; a package by its own."""
    found: dict[str, Path] = {}
    for top, folder in packages.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join([top, *parts]).removesuffix(".__init__")] = path
    return found


def imports(found: Mapping[str, Path]) -> dict[str, set[str]]:
    """For each module those of `found` that it imports, wherever in its text."""
    return {name: _imports(name, path, found) - {name} for name, path in found.items()}


def _imports(name: str, path: Path, found: Mapping[str, Path]) -> set[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    wanted: set[str] = set()
    for node in _run(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(package, node)
            wanted |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in found else base for alias in node.names}
    return wanted & found.keys()


def _base(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    above = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run: what stands under `if TYPE_CHECKING` does not."""
    yield node
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and "not" not in ast.unparse(node.test):
        children: list[ast.AST] = list(node.orelse)
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _run(child)


def defined(found: Mapping[str, Path]) -> dict[str, set[str]]:
    """The names that each module defines, members of its classes as `Class.member`."""
    names_of: dict[str, set[str]] = {}
    for module, path in found.items():
        names = names_of.setdefault(module, set())
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names |= (
                {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
                if isinstance(node, ast.Assign)
                else set()
            )
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            if isinstance(node, ast.ClassDef):
                members = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                names |= members | {f"{node.name}.{member}" for member in members}
    return names_of
