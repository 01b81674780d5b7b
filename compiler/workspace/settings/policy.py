"""`[tool.flowc.policy]`: which of several files, and of an environment's table, says what holds.

As other settings do: an environment's table over that of all, and of two files of which one extends the other, the nearer one. Only a file
whose policy is locked goes before all that are nearer, whether these extend it or not: they may ask for more, and never for less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from compiler.workspace.settings.files import SettingsFile
from compiler.workspace.settings.keys import ENVIRONMENTS, POLICY
from compiler.workspace.settings.layers import Setting, frozen, title

LOCKED = "locked"


def policy_of(files: Sequence[SettingsFile], outer: Iterable[SettingsFile], env: str | None) -> dict[str, Setting]:
    """What holds, by key. `files` are the workspace's, the nearest first; `outer` those above it, which count where they are locked."""
    found: dict[str, Setting] = {}
    locked = [file for file in (*files, *outer) if _is_locked(file, env)]
    for file in reversed(locked):
        for each in _tables(file, env):
            for setting in each:
                found.setdefault(setting.key, setting)
    for layers in zip(*(_tables(file, env) for file in files), strict=True):
        for setting in (setting for layer in layers for setting in layer):
            found.setdefault(setting.key, setting)
    return {setting.key.partition(".")[2]: setting for setting in found.values()}


def _is_locked(file: SettingsFile, env: str | None) -> bool:
    key = f"{POLICY}.{LOCKED}"
    said = next((each for layer in _tables(file, env) for each in layer if each.key == key), None)
    return said is not None and said.value is True


def _tables(file: SettingsFile, env: str | None) -> tuple[list[Setting], list[Setting]]:
    """Those of the environment, and those of all."""
    own = file.inner(ENVIRONMENTS).get(env) if env else None
    inner = own.get(POLICY) if isinstance(own, dict) else None
    of_environment = inner if isinstance(inner, dict) else {}
    return (
        list(_settings(file, (ENVIRONMENTS, env or "", POLICY), of_environment)),
        list(_settings(file, (POLICY,), file.inner(POLICY))),
    )


def _settings(file: SettingsFile, keys: tuple[str, ...], table: dict[str, object] | object) -> Iterator[Setting]:
    assert isinstance(table, dict)
    for key, value in frozen(table).items():
        yield Setting(f"{POLICY}.{key}", value, f"[{title(keys)}]", file, (*keys, key))
