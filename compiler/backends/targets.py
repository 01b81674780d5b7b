"""Which targets there are, and how one is loaded: ours by a table, others by the entry points of their distributions."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from compiler.backends import VERSION, Backend
from compiler.mistakes import CallError

BUILT_IN: Mapping[str, str] = {
    "airflow": "compiler.backends.airflow",
    "argo": "compiler.backends.argo",
    "step-functions": "compiler.backends.stepfunctions",
}
"""Our targets by name. Entry points would say the same, but reading the metadata of all packages takes 30 ms."""

ALIASES: Mapping[str, str] = {"stepfunctions": "step-functions"}

GROUP = "flowc.backends"
"""The entry-point group by which another package brings a target."""


def load_backend(name: str) -> Backend | None:
    """The target of that name or alias; None where nobody brings one. Raises CallError for one that is written for another flowc."""
    name = ALIASES.get(name, name)
    if name in BUILT_IN:
        backend: Backend = importlib.import_module(BUILT_IN[name]).BACKEND
        return backend
    from importlib.metadata import entry_points  # noqa: PLC0415 - see BUILT_IN

    for entry in entry_points(group=GROUP, name=name):
        brought: Backend = entry.load()
        _check_surface(name, getattr(brought, "surface", VERSION), entry.dist.name if entry.dist else entry.value)
        return brought
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
    from importlib.metadata import entry_points  # noqa: PLC0415 - see BUILT_IN

    return tuple(name for entry in entry_points(group=GROUP) if (name := entry.name) not in BUILT_IN)
