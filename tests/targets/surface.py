"""What a target of another distribution may use of the compiler, and what the targets of this repository do use."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from compiler.backends import VERSION

ROOT = Path(__file__).parents[2]
TARGETS = {path.parent.name: path.parent for path in sorted((ROOT / "targets").glob("*/pyproject.toml"))}
"""The targets that are distributions of their own, and where they lie."""

SURFACE = {
    "compiler.backends": "what a target is, and what it gives",
    "compiler.backends.command": "the argv of a container, its image, its variables, text that no engine rewrites",
    "compiler.backends.fields": "values of settings that have several spellings",
    "compiler.backends.gaps": "what several targets lack, and checks that they share",
    "compiler.backends.names": "names over a limit, and of characters that a system does not take",
    "compiler.backends.operating": "what a target that also deploys and starts its output has beside that",
    "compiler.backends.pod_options": "what `@kubernetes` asks of a pod",
    "compiler.backends.pod_security": "what a pod may do",
    "compiler.backends.secrets": "`@secrets`",
    "compiler.backends.sizes": "what Linux limits",
    "compiler.backends.yaml_text": "YAML that every reader understands as it was meant",
    "compiler.diagnostics": "rules and findings",
    "compiler.ir.flow": "what the source says",
    "compiler.ir.plan": "what was decided, free of any target",
    "compiler.mistakes": "a wrong call: one line and exit code 2",
    "compiler.slotted_class": "types that cost nothing to import",
}
"""The modules whose public names are the surface, and what each is for."""


def package(target: Path) -> Path:
    """The package of a target's distribution."""
    return target / f"flowc_{target.name.replace('-', '_')}"


def modules(target: Path) -> list[Path]:
    """The modules of a target."""
    return sorted(package(target).rglob("*.py"))


def forbidden(path: Path) -> Iterator[str]:
    """Each name of the compiler that a module imports and the surface does not hold, late imports too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.partition(".")[0] == "compiler")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "compiler":
            names = [each.name for each in node.names]
            yield from (f"{node.module}.{name}" for name in names if not _is_public(node.module or "", name))


def _is_public(module: str, name: str) -> bool:
    return module in SURFACE and not name.startswith("_") and name in names(importlib.import_module(module))


def names(module: ModuleType) -> dict[str, str]:
    """The public names that a module itself defines, each with the first line of what it says of itself."""
    text = inspect.getsource(module)
    found: dict[str, str] = {}
    body = ast.parse(text).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        said = _said(following)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = (ast.get_docstring(node) or "").partition("\n")[0]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                found |= {each.id: said for each in parts if isinstance(each, ast.Name)}
        elif isinstance(node, ast.ImportFrom):
            # `X as X` is said to be a name of this module, too
            found |= {each.name: "" for each in node.names if each.asname == each.name}
    return {name: said for name, said in found.items() if not name.startswith("_")}


def _said(node: ast.stmt | None) -> str:
    """The text behind a constant."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return node.value.value.partition("\n")[0] if is_text else ""  # type: ignore[union-attr, attr-defined]


def page() -> str:
    """The part of docs/new-target.md that names them."""
    lines = [f"Version {VERSION}.\n"]
    for name, use in SURFACE.items():
        found = sorted(names(importlib.import_module(name)))
        lines.append(f"| `{name}` | {use} | {', '.join(f'`{each}`' for each in found)} |\n")
    return "".join([lines[0], "\n| module | what for | names |\n| --- | --- | --- |\n", *lines[1:]])
