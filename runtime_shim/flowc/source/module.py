"""The author's module: how it is found, imported, and what of it is a step, a parameter, a constant."""

from __future__ import annotations

import contextlib
import os
import sys
import types
from binascii import crc32
from collections.abc import Mapping
from importlib.machinery import ModuleSpec, SourceFileLoader
from itertools import takewhile

from flowc.exceptions import CallMistake
from flowc.language.decorators import Mark, StepMarks, marks_of, marks_of_flow
from flowc.language.flowspec import Constant, FlowSpec, members, steps_of
from flowc.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.language.parameters import Parameter

_COMPAT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_compat")
_OWN_NAMES = frozenset({"flowc", "metaflow", "__main__"})


class Loaded(NamedTuple):
    """A flow whose module has been imported. `source` and `root` are what `prepare` was given, the root absolute."""

    name: str
    flow: type[FlowSpec]
    steps: Mapping[str, StepMarks]
    parameters: tuple[Parameter, ...]
    constants: Mapping[str, Any]
    marks: tuple[Mark, ...] = ()
    """The decorators of the flow, its bases' first."""
    is_mutated: bool = False
    source: str = ""
    root: str = ""
    code: Mapping[str, str] = {}
    """The digest of each file of the code that the import has loaded, by its path in the root (`code_of`)."""
    last: str = ""
    """The module that was imported last of all when that was looked for."""


def prepare(flow: str, root: str = ".", environment: Mapping[str, str] | None = None) -> Loaded:
    """Import the flow `path/of/flow.py:FlowName` (relative to `root`) under its file's stem, in this process.

    `environment` is set before. Raises CallMistake where there is no such file or flow, and whatever the module raises.
    """
    os.environ.update(environment or {})
    path, colon, name = flow.rpartition(":")
    if not colon:
        raise CallMistake(f"the flow is path/of/flow.py:FlowName, not {flow!r}")
    root = os.path.abspath(root)
    module = _import(os.path.join(root, path), root)
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, FlowSpec)):
        raise CallMistake(f"{path} has no flow {name!r}")
    added = os.environ.get("FLOWC_WITH")
    if added:
        _add(found, added)
    loaded = inspected(name, found)._replace(
        source=flow, root=root, code=code_of(root), last=next(reversed(sys.modules))
    )
    if os.environ.get("FLOWC_REPLAY"):
        from flowc.source.recorded import with_recorded

        return with_recorded(loaded)
    return loaded


_MEANING = ("FLOWC_CODE", "FLOWC_CONFIG", "FLOWC_WITH")
"""Variables of the deployment that change what the same files do."""


def code_of(root: str, known: Mapping[str, str] = {}, last: str = "") -> dict[str, str]:
    """The CRC-32 of each file of the root that is imported by now, by its path there, and of what the deployment says beside them.

    What is in `known` stays: a file may change after it was imported. The interpreter's library, packages and this runtime are no code.
    Only what was imported after `last` is looked at: to touch each module costs a fork more than to run a small step.
    """
    said = ((name, os.environ.get(name, "")) for name in _MEANING)
    found = {name: _digest(text.encode("utf-8", "surrogatepass")) for name, text in said if text}
    inside, library = os.path.join(root, ""), os.path.join(os.path.dirname(os.path.abspath(os.__file__)), "")
    newer = list(takewhile(lambda each: each != last, reversed(sys.modules)))
    for name in reversed(newer):
        module = sys.modules.get(name)
        # cffi puts there what only says that it is a module
        if not issubclass(type(module), types.ModuleType) or name.partition(".")[0] in _OWN_NAMES - {"__main__"}:
            continue
        path = object.__getattribute__(module, "__dict__").get("__file__")  # others may load what is asked of them
        if not isinstance(path, str) or not path.startswith(inside) or path.startswith(library):
            continue
        place = path[len(inside) :].replace(os.sep, "/")
        if place not in known and place.endswith(".py") and _PACKAGES.isdisjoint(place.split("/")):
            with contextlib.suppress(OSError), open(path, "rb") as file:
                found[place] = _digest(file.read())
    return {**found, **known}


_PACKAGES = frozenset({"site-packages", "dist-packages"})


def _digest(data: bytes) -> str:
    return f"{crc32(data):08x}"


def _add(flow: type[FlowSpec], added: str) -> None:
    """Put decorators above every step that has none of their name; `@card` and `@secrets` also where it has one."""
    import json

    from flowc.language import decorators

    for name, given in json.loads(added).items():
        for step, marks in steps_of(flow).items():
            if marks.find(name) is None or name in ("card", "secrets"):
                for attributes in given:
                    getattr(decorators, name)(**attributes)(getattr(flow, step))


def _import(path: str, root: str) -> types.ModuleType:
    if not os.path.isfile(path):
        raise CallMistake(f"there is no file {path}")
    stem = os.path.splitext(os.path.basename(path))[0]
    if stem in _OWN_NAMES or _is_standard(stem):
        raise CallMistake(f"{path} hides the module {stem!r}: give the file another name")
    for folder in (*reversed(_search(root)), root, os.path.dirname(path), _COMPAT):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)
    loaded = sys.modules.get(stem)
    if loaded is not None and getattr(loaded, "__file__", None) == path:
        return loaded
    return _executed(stem, path, root)


def _search(root: str) -> list[str]:
    """The folders of the code behind the flow's own and the root where the compiler has looked for imports."""
    told = os.environ.get("FLOWC_PATH")
    if not told:
        return []
    import json

    return [os.path.join(root, folder) for folder in json.loads(told)]


def _executed(stem: str, path: str, root: str) -> types.ModuleType:
    loader = SourceFileLoader(stem, path)
    spec = ModuleSpec(stem, loader, origin=path)
    spec.has_location = True
    module = types.ModuleType(stem)
    module.__file__, module.__loader__, module.__spec__ = path, loader, spec
    module.__package__ = _package(path, root)
    sys.modules[stem] = module
    try:
        loader.exec_module(module)
    except BaseException:  # as the import system does it: what did not load is not there
        del sys.modules[stem]
        raise
    return module


def _package(path: str, root: str) -> str:
    """The package that relative imports of the module start from: its folders up to the root, where they are packages."""
    names: list[str] = []
    folder = os.path.dirname(path)
    while folder.startswith(root + os.sep) and os.path.isfile(os.path.join(folder, "__init__.py")):
        names.insert(0, os.path.basename(folder))
        folder = os.path.dirname(folder)
    return ".".join(names)


def _is_standard(stem: str) -> bool:
    known = getattr(sys, "stdlib_module_names", None)
    if known is not None:
        return stem in known
    folder = os.path.dirname(os.path.abspath(os.__file__))
    return stem in sys.builtin_module_names or any(
        os.path.exists(os.path.join(folder, part)) for part in (f"{stem}.py", stem, f"lib-dynload/{stem}.so")
    )


def folders(loaded: Loaded) -> tuple[str, ...]:
    """Where files that the flow names lie: its own folder, and the code's root."""
    path = os.path.abspath(getattr(sys.modules.get(loaded.flow.__module__), "__file__", None) or "")
    inside = os.environ.get("FLOWC_FLOW", "").rpartition(":")[0]
    own = os.path.dirname(path)
    return (own, path[: -len(inside)]) if inside and path.endswith(os.sep + inside) else (own,)


def inspected(name: str, flow: type[FlowSpec]) -> Loaded:
    """What the class declares; its constants become read-only for its instances."""
    steps, marks = steps_of(flow), marks_of_flow(flow)
    is_mutated = _is_mutated(flow, steps)
    if is_mutated:
        from flowc.source.mutators import mutated

        changed = mutated(name, flow, steps, marks)
        steps, marks = changed.steps, tuple(changed.marks)
    parameters = tuple(value for _, value in members(flow) if hasattr(type(value), "__flowc_parameter__"))
    constants = {key: _plain(value) for key, value in members(flow) if _is_constant(key, value)}
    for key, value in constants.items():
        if not isinstance(flow.__dict__.get(key), Constant):
            setattr(flow, key, Constant(key, value))
    return Loaded(name, flow, steps, parameters, constants, marks, is_mutated)


def _is_mutated(flow: type[FlowSpec], steps: Mapping[str, StepMarks]) -> bool:
    """Whether mutators stand above the flow or its steps; those have loaded `flowc.source.mutators` themselves."""
    mutators = sys.modules.get("flowc.source.mutators")
    return mutators is not None and bool(mutators.has_mutators(flow, steps))


def _is_constant(name: str, value: Any) -> bool:
    if isinstance(value, Constant):
        return True
    return (
        name[0] != "_"
        and not isinstance(value, type)
        and not hasattr(type(value), "__get__")
        and marks_of(value) is None
    )


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Constant) else value
