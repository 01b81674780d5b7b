"""Which targets there are, and how one is loaded: ours by a table, others by the entry points of their distributions.

importlib.metadata would say which those are and reads much more for that (30 ms, and as many for its import), and a call asks several
times. Here folders of the import path are listed, and of each distribution its `entry_points.txt` is read, which few have. What is no
folder of files (archives, eggs, finders of others) is left to importlib.metadata.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from compiler.backends import VERSION, Backend
from compiler.mistakes import CallError
from compiler.reading import TEXT, read_file
from compiler.slotted_class import record

BUILT_IN: Mapping[str, str] = {
    "airflow": "compiler.backends.airflow",
    "argo": "compiler.backends.argo",
    "step-functions": "compiler.backends.stepfunctions",
}
"""Our targets by name. Entry points would say the same, but looking for them among all packages takes 2 ms."""

ALIASES: Mapping[str, str] = {"stepfunctions": "step-functions"}

SEPARATE = ("kfp", "maestro", "valohai")
"""The targets that are released with flowc as distributions of their own, each under an extra of its name."""

GROUP = "flowc.backends"
"""The entry-point group by which another package brings a target."""

_ENDS = (".dist-info", ".egg-info")
_VALUE = re.compile(r"([\w.]+)\s*(?::\s*([\w.]+)\s*)?(?:\[.*\]\s*)?")


def load_backend(name: str) -> Backend | None:
    """The target of that name or alias; None where nobody brings one. Raises CallError for one that is written for another flowc."""
    name = ALIASES.get(name, name)
    if name in BUILT_IN:
        backend: Backend = importlib.import_module(BUILT_IN[name]).BACKEND
        return backend
    for entry in brought():
        if entry.name == name:
            found: Backend = entry.load()
            _check_surface(name, getattr(found, "surface", VERSION), entry.distribution)
            return found
    return None


def _check_surface(name: str, written_for: object, distribution: str) -> None:
    """Refuse a target that was written for a surface that is not this one."""
    if written_for != VERSION:
        newer = isinstance(written_for, int) and written_for > VERSION
        cure = "install a newer flowc" if newer else f"install a newer `{distribution}`"
        raise CallError(
            f"the target `{name}` of `{distribution}` was written for version {written_for!r} of what targets may use, "
            f"and this flowc has {VERSION}: {cure}"
        )


def known_targets(name: str) -> tuple[str, ...]:
    """Every target and alias, those of other distributions only where a name is none of ours."""
    ours = (*BUILT_IN, *ALIASES)
    if name in ours:
        return ours
    return tuple(dict.fromkeys((*ours, *brought_targets())))


def brought_targets() -> tuple[str, ...]:
    """The targets that other distributions bring."""
    return tuple(entry.name for entry in brought() if entry.name not in BUILT_IN)


def missing(name: str) -> str:
    """How one gets a target of SEPARATE that is not installed; empty for every other word."""
    if name not in SEPARATE or name in brought_targets():
        return ""
    return f"the target `{name}` is not installed: pip install 'flowc[{name}]'"


@record
class Brought:
    """An entry point of the group: the target's name, `module:attribute`, and the distribution as its folder has it."""

    name: str
    value: str
    distribution: str

    def load(self) -> Any:
        """The target. Raises what its module raises, AttributeError where it has no such name."""
        found = _VALUE.fullmatch(self.value)
        if found is None:
            raise ImportError(f"`{self.value}` of `{self.distribution}` is no `module:attribute`")
        return reduce(getattr, filter(None, (found[2] or "").split(".")), importlib.import_module(found[1]))


def brought() -> tuple[Brought, ...]:
    """Every target that an installed distribution brings, in the order of the import path."""
    if _is_plain() and all(not each.endswith(".egg") and not os.path.isfile(each) for each in sys.path):
        return tuple(_of_folders(sys.path))
    from importlib.metadata import entry_points  # noqa: PLC0415 - few import paths need it

    return tuple(Brought(e.name, e.value, e.dist.name if e.dist else e.value) for e in entry_points(group=GROUP))


def _is_plain() -> bool:
    """Whether only Python's own finders know of distributions."""
    own = {"importlib", "_frozen_importlib", "_frozen_importlib_external"}
    finders = (finder for finder in sys.meta_path if hasattr(finder, "find_distributions"))
    return all(getattr(finder, "__module__", "").partition(".")[0] in own for finder in finders)


def _of_folders(path: Sequence[str]) -> Iterator[Brought]:
    """The first distribution of a name is the one that counts."""
    seen: set[str] = set()
    for folder in path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.lower().endswith(_ENDS):
                distribution = name.rpartition(".")[0].partition("-")[0]
                key = re.sub("[-_.]+", "-", distribution).lower()
                if key not in seen:
                    seen.add(key)
                    yield from _of_text(os.path.join(folder, name, "entry_points.txt"), distribution)


def _of_text(file: str, distribution: str) -> Iterator[Brought]:
    if not os.path.exists(file):
        return
    try:
        text = read_file(file, TEXT).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if GROUP not in text:
        return
    section = ""
    for line in map(str.strip, text.splitlines()):
        name, equals, value = line.partition("=")
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif section == GROUP and equals and not line.startswith("#"):
            yield Brought(name.strip(), value.strip(), distribution.replace("_", "-"))
