"""`compiler/runtime_names.txt`: the names of `metaflow` and `flowc` as the runtime has them, printed by asking it."""

from __future__ import annotations

import contextlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

import flowc
from flowc import moved_modules
from flowc.language import current, flowspec
from flowc.public_names import public_names

COMPAT = Path(flowc.__file__ or "").parent / "_compat"

_HEAD = """\
# What of `metaflow` and `flowc` is there where a flow runs, and what to use in place of the rest. `make golden` prints it from the runtime.
# `=`: a module and its names, or those of the module behind `@`; `+`: names that every submodule of metaflow passes on; `.`: modules
# whose names are not listed; `*`: an object that authors import, and its names.
# `!`: advice for a module or a name and all below it; `~`: for a name, wherever it is asked for; `_`: for private names; `?`: for all
# others. `@`: what `self` has in a step that is no artifact; `-`: advice for what it has not.
"""


@contextlib.contextmanager
def metaflow_on_the_path() -> Iterator[None]:
    """`metaflow` is flowc's, and gone afterwards."""
    before, path = list(sys.meta_path), list(sys.path)
    sys.path.insert(0, str(COMPAT))
    try:
        yield
    finally:
        sys.meta_path[:], sys.path[:] = before, path
        for name in [name for name in sys.modules if name.partition(".")[0] == "metaflow"]:
            del sys.modules[name]


def text() -> str:
    """The whole file."""
    with metaflow_on_the_path():
        elsewhere = import_module("metaflow._elsewhere")
        lines = [*_modules(elsewhere), *_advice(elsewhere)]
    return _HEAD + "".join(f"{line}\n" for line in lines)


def _modules(elsewhere: ModuleType) -> Iterator[str]:
    homes: Mapping[str, str] = elsewhere._HOMES
    listed = sorted({home for home in homes.values() if home.startswith("flowc.")})
    yield _line("=", "flowc", flowc.__all__)
    yield _line("=", "metaflow", import_module("metaflow").__all__)
    yield _line("+", "metaflow", [*flowc.__all__, *public_names(import_module("flowc.exceptions"))])
    for home in listed:
        yield _line("=", home, public_names(import_module(home)))
    for name, home in sorted(homes.items()):
        yield _line("=", f"metaflow.{name}", [f"@{home}"] if home in listed else public_names(import_module(home)))
    for package in ("flowc", "metaflow"):
        yield _line("*", f"{package}.current", _of_current())
    inside = (f"flowc.{info.name.removeprefix('flowc.')}" for info in pkgutil.walk_packages(flowc.__path__, "flowc."))
    others = {name for name in inside if "._compat" not in name} | {f"flowc.{name}" for name in moved_modules._NOW}
    yield _line(".", "", others - {*listed, "flowc.__main__"})


def _of_current() -> set[str]:
    """What `current` has in some task."""
    own = {name for name in vars(current.Current) if name[0] != "_"}
    return own.union(current._ALWAYS, current._PROJECT, current._WHERE)


def _line(kind: str, module: str, names: object) -> str:
    assert isinstance(names, list | set)
    return " ".join((kind, *([module] if module else []), *sorted(set(names))))


def _advice(elsewhere: ModuleType) -> Iterator[str]:
    paths = {f"flowc.{name}": said for name, said in flowc.INSTEAD.items()}
    paths |= {f"metaflow.{name}": said for name, said in (elsewhere._INSTEAD | flowc.INSTEAD).items()}
    for path, said in sorted(paths.items()):
        yield f"! {path} {said}"
    for name, said in sorted(elsewhere._NAMES.items()):
        yield f"~ {name} {said}"
    yield f"_ {elsewhere._PRIVATE}"
    yield f"? {elsewhere.instead('')}"
    yield _line("@", "", {*flowspec._OWN, *(name for name in vars(flowspec.FlowSpec) if name[0] != "_")})
    for name, said in sorted(flowspec._NOT_HERE.items()):
        yield f"- {name} {said}"
