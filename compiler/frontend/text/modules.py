"""What a module binds at its top level, and where a name comes from, across the modules of a repository."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend.text.import_path import Found
from compiler.frontend.text.runtime_names import runtime_names
from compiler.frontend.text.source import Drafts, Source, read, tree
from compiler.reading import SOURCE, looked_for, read_file, used_again
from compiler.slotted_class import record

OURS = ("metaflow", "flowc")
"""The modules that mean the flow language."""


@record
class Import:
    """`from module import name`, or `import module` where `name` is None; `level` counts the dots."""

    module: str
    name: str | None
    level: int

    @property
    def ours(self) -> bool:
        """Whether the name comes from the flow language."""
        return not self.level and self.module.split(".")[0] in OURS


Function = ast.FunctionDef | ast.AsyncFunctionDef
Bound = ast.expr | Function | ast.ClassDef | Import | None
"""What a name stands for; None where the text alone does not tell."""


class Module:
    """One file of the repository; `names` are its top-level bindings in their order."""

    __slots__ = ("changed", "names", "source", "stars", "tree")

    def __init__(self, source: Source, parsed: ast.Module) -> None:
        self.source = source
        self.tree = parsed
        self.names: dict[str, Bound] = {}
        self.stars: list[Import] = []
        self.changed: frozenset[str] | None = None

    @property
    def classes(self) -> list[ast.ClassDef]:
        """The classes that its names still stand for."""
        return [bound for bound in self.names.values() if isinstance(bound, ast.ClassDef)]

    @property
    def ours_by_star(self) -> bool:
        """Whether all names of the flow language are imported."""
        return any(star.ours for star in self.stars)


@record
class Origin:
    """Where an expression's value comes from: a name of the flow language, or a binding of a module that was read."""

    ours: str | None = None
    module: Module | None = None
    bound: Bound = None


NOWHERE = Origin()
"""Something of another package, or that only run time knows."""


class Known(dict[str, Module]):
    """Modules that a call has read, by `whole_path`: the next flow that imports one has it from here.

    `texts` are those of files that were only looked into; `places` where an import of a folder's file was found; `words` are all of
    a text where only they can be bound by it; `imports` are the files that lines outside of any block name; `folders` where imports
    are looked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[Path, str] = {}
        self.places: dict[tuple[Path, Import, tuple[Path, ...]], Path | None] = {}
        self.folders: Found = {}
        self.words: dict[Path, frozenset[str] | None] = {}
        self.imports: dict[tuple[Path, tuple[Path, ...]], tuple[Path, ...]] = {}


def whole_path(file: Path) -> str:
    """The path by which a file is known, links kept."""
    return os.path.abspath(file)


class Modules:
    """The modules of a repository, read as they are asked for; `folders` are where absolute imports are looked for.

    `root` is the folder of the code. `drafts` stand in for files. `known` takes what is read, for whoever reads the same files.
    """

    __slots__ = ("_real_folders", "drafts", "folders", "known", "modules", "root")

    def __init__(
        self, folders: tuple[Path, ...], root: Path, drafts: Drafts | None = None, known: Known | None = None
    ) -> None:
        self.known = Known() if drafts or known is None else known
        self._real_folders = tuple(folder.resolve() for folder in folders)
        self.folders = folders
        self.root = root
        self.drafts = drafts
        self.modules: dict[Path, Module | None] = {}

    def origin(self, module: Module, node: ast.expr) -> Origin:
        """Where a (dotted) name comes from; `NOWHERE` for every other expression."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute) and len(parts) < _DEPTH:
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return NOWHERE
        found = self.named(module, node.id)
        for part in reversed(parts):
            found = self._attribute(found, part)
        return found

    def named(self, module: Module, name: str, passed: set[tuple[int, str]] | None = None) -> Origin:
        """Where a top-level name of a module comes from; `passed` are the modules and names whose stars were followed."""
        passed = set() if passed is None else passed
        for _ in range(_DEPTH):
            if name not in module.names:
                return self._by_star(module, name, passed)
            bound = module.names[name]
            if not isinstance(bound, Import):
                return Origin(module=module, bound=bound)
            if bound.ours:
                return Origin(ours=bound.name or "")
            if bound.name is None:
                return Origin(module=module, bound=bound)
            target = self.imported(module, bound)
            if target is None or bound.name not in target.names:
                found = self._submodule(module, bound)
                return found if found != NOWHERE or target is None else self._by_star(target, bound.name, passed)
            module, name = target, bound.name
        return NOWHERE

    def _by_star(self, module: Module, name: str, passed: set[tuple[int, str]]) -> Origin:
        """A name that only `from … import *` can have brought, the last one first."""
        if (id(module), name) in passed or name.startswith("_"):
            return NOWHERE
        passed.add((id(module), name))
        for star in reversed(module.stars):
            target = None if star.ours else self.imported(module, star)
            if star.ours and name in runtime_names().by_star(star.module):
                return Origin(ours=name)
            found = self.named(target, name, passed) if target else NOWHERE
            if found != NOWHERE:
                return found
        return NOWHERE

    def imported(self, module: Module, bound: Import) -> Module | None:
        """The module of the repository that an import names, read as text."""
        for file in self._files(module.source.file.parent, bound):
            found = self._read(file)
            if found:
                return found
        return None

    def file_of(self, folder: Path, bound: Import) -> Path | None:
        """The file of the repository that an import in a file of a folder names; it is not read."""
        place = (folder, bound, self.folders)
        if place not in self.known.places:
            self.known.places[place] = next((file for file in self._files(folder, bound) if self._is_file(file)), None)
        return self.known.places[place]

    def text_of(self, file: Path) -> str:
        """The text of a file of the repository, or of its draft, not decoded with care; empty where it cannot be read."""
        used_again(file)
        if file not in self.known.texts:
            draft = self.drafts.get(file.resolve()) if self.drafts else None
            try:
                text = (read_file(file, SOURCE) if draft is None else draft).decode("utf-8", "replace")
            except OSError:
                text = ""
            self.known.texts[file] = text
        return self.known.texts[file]

    def imported_file(self, file: Path) -> Module | None:
        """The module of a file of the repository, read as text."""
        return self._read(file)

    def _files(self, folder: Path, bound: Import) -> Iterator[Path]:
        """Where the module may lie, the first place first."""
        parts = [part for part in bound.module.split(".") if part]
        # Beside the module itself, too: many put its folder on `sys.path`.
        bases = [*self.folders, folder]
        if bound.level:
            bases = [folder]
            for _ in range(bound.level - 1):
                bases = [bases[0].parent]
        for base in bases:
            place = base.joinpath(*parts)
            yield from (place.with_name(place.name + ".py"), place / "__init__.py")

    def _attribute(self, found: Origin, name: str) -> Origin:
        if found.ours is not None:
            # `current.card` is no decorator: what the language's own names hold is not the language's.
            is_name = found.ours and found.ours in runtime_names().by_star("metaflow")
            return NOWHERE if is_name else Origin(ours=name)
        if isinstance(found.bound, Import) and found.module:
            target = self.imported(found.module, found.bound)
            inside = self.named(target, name) if target else NOWHERE
            whole = Import(found.bound.module, name, found.bound.level)
            return inside if inside != NOWHERE else self._submodule(found.module, whole)
        return NOWHERE

    def _submodule(self, module: Module, bound: Import) -> Origin:
        whole = Import(f"{bound.module}.{bound.name}".strip("."), None, bound.level)
        return Origin(module=module, bound=whole) if self.imported(module, whole) else NOWHERE

    def _read(self, file: Path) -> Module | None:
        used_again(file)
        if file not in self.modules:
            self.modules[file] = self._load(file)
        return self.modules[file]

    def _is_inside(self, file: Path) -> bool:
        """Whether a file lies in the code, not somewhere that dots or a link lead to."""
        whole = file.resolve()
        return any(whole.is_relative_to(folder) for folder in self._real_folders)

    def _is_file(self, file: Path) -> bool:
        looked_for(file)
        try:
            return os.path.isfile(file) and self._is_inside(file)
        except (OSError, ValueError, RuntimeError):
            return False

    def _load(self, file: Path) -> Module | None:
        if not self._is_file(file):
            return None
        known = self.known.get(whole_path(file))
        if known is not None and (known.source.file, known.source.path) == (file, file.as_posix()):
            return known
        # Mistakes in a module beside the flow are not the flow's: what cannot be read is unknown.
        aside = Report()
        source = read(file, file.as_posix(), aside, self.drafts)
        parsed = tree(source, aside) if source else None
        found = bind(source, parsed) if source and parsed else None
        if found:
            self.known[whole_path(file)] = found
        return found


_DEPTH = 50


def bind(source: Source, parsed: ast.Module) -> Module:
    """The top-level bindings of a module, blocks of `if`, `try`, `with` and loops included."""
    module = Module(source, parsed)
    stack: list[tuple[ast.stmt, bool]] = [(node, False) for node in reversed(parsed.body)]
    while stack:
        node, inside = stack.pop()
        _bind(module, node, inside)
        for name in ("finalbody", "orelse", "handlers", "body"):
            if not isinstance(node, _SCOPES):
                stack.extend((child, True) for child in reversed(_statements(getattr(node, name, []))))
    if ":=" in source.text:
        for each in ast.walk(parsed):
            if isinstance(each, ast.NamedExpr):
                module.names.setdefault(each.target.id, None)
    module.names.update(dict.fromkeys(global_names(source, parsed)))
    return module


def global_names(source: Source, parsed: ast.Module) -> Iterator[str]:
    """The names that functions bind for the whole module."""
    if "global" in source.text:
        for each in ast.walk(parsed):
            if isinstance(each, ast.Global):
                yield from each.names


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _statements(children: list[ast.stmt] | list[ast.ExceptHandler]) -> list[ast.stmt]:
    return [
        statement
        for child in children
        for statement in (child.body if isinstance(child, ast.ExceptHandler) else [child])
    ]


def _bind(module: Module, node: ast.stmt, inside: bool) -> None:
    if isinstance(node, ast.Import):
        for alias in node.names:
            _put(module, alias.asname or alias.name.split(".")[0], Import(_whole(alias), None, 0))
    elif isinstance(node, ast.ImportFrom):
        _bind_from(module, node)
    elif isinstance(node, _SCOPES):
        _put(module, node.name, node, inside)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        _put(module, node.targets[0].id, None if inside else node.value)
    elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
        _put(module, node.target.id, None if inside else node.value)
    elif isinstance(node, _BINDING):
        module.names.update(dict.fromkeys(bound_names(node)))


def _bind_from(module: Module, node: ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name == "*":
            module.stars.append(Import(node.module or "", None, node.level))
        else:
            _put(module, alias.asname or alias.name, Import(node.module or "", alias.name, node.level))


_BINDING = (ast.Assign, ast.AugAssign, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith, ast.Delete)


def _whole(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.split(".")[0]


def _put(module: Module, name: str, bound: Bound, inside: bool = False) -> None:
    """A second binding makes a name unclear, but for a class, a function or another import of it, which then is what it means.

    In a block an import stays: `try: import x` / `except ImportError: x = None`.
    """
    if inside and isinstance(module.names.get(name), Import):
        return
    is_clear = isinstance(bound, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | Import)
    module.names[name] = bound if is_clear or name not in module.names else None


def bound_names(node: ast.stmt) -> list[str]:
    """The names that a statement stores to or deletes, its blocks left out."""
    return [
        each.id
        for target in _targets(node)
        for each in ast.walk(target)
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
    ]


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign | ast.Delete):
        return node.targets
    if isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For | ast.AsyncFor):
        return [node.target]
    if isinstance(node, ast.With | ast.AsyncWith):
        return [item.optional_vars for item in node.items if item.optional_vars]
    return []


def class_names(node: ast.ClassDef) -> dict[str, ast.expr | None]:
    """The names that a class body binds to expressions; None where it binds one twice or otherwise."""
    names: dict[str, ast.expr | None] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                for each in _stored(target):
                    plain = isinstance(target, ast.Name) and each not in names
                    names[each] = statement.value if plain else None
        elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
            names[statement.target.id] = None if statement.target.id in names else statement.value
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            names[statement.target.id] = None
    return names


def _stored(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Tuple | ast.List):
        return [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]
    return []


IN_PLACE = frozenset(
    [
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "setdefault",
        "pop",
        "popitem",
        "clear",
        "remove",
        "discard",
        "sort",
        "reverse",
        "appendleft",
        "popleft",
        "difference_update",
        "intersection_update",
        "symmetric_difference_update",
    ]
)
"""Methods that change the object they are called on."""


def changed_names(module: Module) -> frozenset[str]:
    """The names whose value some code of the module changes in place; found once, when first asked for."""
    if module.changed is None:
        module.changed = frozenset(_changed(module.tree))
    return module.changed


def _changed(parsed: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(parsed):
        place: ast.expr | None = None
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            place = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in IN_PLACE:
            place = node.func.value
        elif isinstance(node, ast.AugAssign):
            place = node.target
        if isinstance(place, ast.Name):
            names.add(place.id)
    return names
