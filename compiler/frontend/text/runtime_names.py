"""Which names of `metaflow` and `flowc` are there where a flow runs: the table that is printed from the runtime, as sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

_FILE = Path(__file__).parents[2] / "runtime_names.txt"
_NONE: frozenset[str] = frozenset()


_OPEN = (
    "exception",
    "exceptions",
    "cards",
    "client",
    "datatools",
    "integrations",
    "metaflow_version",
    "metaflow_config",
    "util",
)
"""The modules that authors import from, beside the package itself."""


class RuntimeNames:
    """The table. Its modules are dotted names that begin with `metaflow` or `flowc`."""

    __slots__ = (
        "_advice",
        "_below",
        "_else",
        "_listed",
        "_objects",
        "_others",
        "_passed_on",
        "_private",
        "_wherever",
        "not_on_self",
        "on_self",
    )

    def __init__(self, lines: Collection[str]) -> None:
        self._listed: dict[str, str] = {}
        self._objects: dict[str, str] = {}
        self._passed_on = self._private = self._else = ""
        self._others = self.on_self = _NONE
        self.not_on_self: dict[str, str] = {}
        self._advice: dict[str, str] = {}
        self._wherever: dict[str, str] = {}
        for line in lines:
            self._take(line[:1], line[2:])
        self._below: Mapping[str, frozenset[str]] | None = None

    def _take(self, kind: str, rest: str) -> None:
        first, _, more = rest.partition(" ")
        texts = {
            "=": self._listed,
            "*": self._objects,
            "!": self._advice,
            "~": self._wherever,
            "-": self.not_on_self,
        }.get(kind)
        if texts is not None:
            texts[first] = more
        elif kind == "+":
            self._passed_on = more
        elif kind == ".":
            self._others = frozenset(rest.split())
        elif kind == "@":
            self.on_self = frozenset(rest.split())
        elif kind == "_":
            self._private = rest
        elif kind == "?":
            self._else = rest

    def is_module(self, module: str) -> bool:
        """Whether a module of that name can be imported."""
        return module in self._listed or module in self._others or bool(self._inside(module))

    def has_names(self, path: str) -> bool:
        """Whether attributes of what a path names are known: it is a module, or an object as `metaflow.current` is."""
        return path in self._objects or self.is_module(path)

    def objects(self, module: str) -> Collection[str]:
        """The names of the objects of a module whose attributes are known."""
        return [path.rpartition(".")[2] for path in self._objects if path.rpartition(".")[0] == module]

    def names(self, module: str) -> frozenset[str] | None:
        """What can be imported from a module, or an object has; None of a module whose names are not listed."""
        if module in self._objects:
            return frozenset(self._objects[module].split())
        if module in self._others:
            return None
        passed_on = self._passed_on.split() if module.startswith("metaflow.") else ()
        return self.by_star(module).union(passed_on, self._inside(module))

    def by_star(self, module: str) -> frozenset[str]:
        """What `from module import *` brings."""
        names = self._listed.get(module, "")
        return frozenset((self._listed[names[1:]] if names.startswith("@") else names).split())

    def _inside(self, module: str) -> frozenset[str]:
        """The names of the modules that lie in a module."""
        if self._below is None:
            self._below = _children((*self._listed, *self._others))
        return self._below.get(module, _NONE)

    def exactly(self, module: str, name: str) -> str:
        """What to use in place of that very name; empty where nothing is said of it."""
        said = self._wherever.get(name, "") if module.startswith("metaflow") else ""
        return said or self._advice.get(f"{module}.{name}", "")

    def home_of(self, module: str, name: str) -> str | None:
        """The module beside another that has a name which the other one has not."""
        root = module.partition(".")[0]
        homes = (f"{root}.{each}" for each in _OPEN)
        return next((each for each in homes if each != module and name in self.by_star(each)), None)

    def instead(self, module: str, name: str | None) -> str:
        """What to use in place of a module, or of a name in it, that is not there; empty where nothing is known."""
        path = module if name is None else f"{module}.{name}"
        if not path.startswith("metaflow."):
            return self._advice.get(path, "")
        if name is None or module != "metaflow":
            return self._in_submodule(path, name or "")
        return self._advice.get(path) or self._wherever.get(name, "")

    def _in_submodule(self, path: str, name: str) -> str:
        if name in self._wherever:
            return self._wherever[name]
        if name.startswith("_"):
            return self._private
        while path != "metaflow":
            if path in self._advice:
                return self._advice[path]
            path = path.rpartition(".")[0]
        return self._else


def _children(modules: Collection[str]) -> dict[str, frozenset[str]]:
    """The last parts of the names of the modules that lie in each."""
    found: dict[str, set[str]] = {}
    for module in modules:
        while "." in module:
            module, _, last = module.rpartition(".")  # noqa: PLW2901 - upwards, package by package
            found.setdefault(module, set()).add(last)
    return {module: frozenset(names) for module, names in found.items()}


_read: list[RuntimeNames] = []


def runtime_names() -> RuntimeNames:
    """The table, read once in a process."""
    if not _read:
        _read.append(RuntimeNames(_FILE.read_text(encoding="utf-8").splitlines()))
    return _read[0]
