"""The engine of a target, by the settings, the command line and the caller's variables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import cast

from compiler.backends.operating import Connection, Engine, Operable
from compiler.backends.targets import BUILT_IN, brought_targets, known_targets, load_backend, missing
from compiler.call.target_settings import toml_value
from compiler.ir.flow import Value
from compiler.mistakes import CallError
from compiler.workspace.settings import Settings, did_you_mean
from compiler.workspace.settings.keys import CONNECTION
from compiler.workspace.settings.tables import connection_options

LOCAL_PREFIX = "local-"
"""How the ids of local runs begin, unless somebody gave another with `--run-id`."""


def operable(target: str) -> Operable:
    """The target as something that can be operated. Raises CallError where it cannot, or there is none."""
    backend = load_backend(target)
    if backend is None:
        raise CallError(missing(target) or f"no target `{target}`{did_you_mean(target, known_targets(target))}")
    if not hasattr(backend, "connect"):
        raise CallError(f"the target {target} can be compiled for, and brings nothing that deploys or watches")
    return cast("Operable", backend)


def engine_of(target: str, settings: Settings, given: Mapping[str, Value]) -> Engine:
    """The engine of a target; `given` are the connection's keys of the command line. Raises CallError and EngineError."""
    backend = operable(target)
    known = backend.connection_options
    unknown = next((key for key in given if key not in known), None)
    if unknown is not None:
        raise CallError(f"--connection {unknown}: {target} has none of that name{did_you_mean(unknown, known)}")
    found = {key: settings.get(f"{CONNECTION}.{key}", target).value for key in known} | dict(given)
    return backend.connect(
        Connection(
            {key: value for key, value in found.items() if value is not None},
            dict(os.environ),
            settings.text("namespace", target),
            settings.text("store", target),
        )
    )


def given_connection(words: Iterable[str]) -> dict[str, Value]:
    """What `--connection KEY=VALUE` gives. Raises CallError."""
    found: dict[str, Value] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not key or not equals:
            raise CallError(f"--connection {word!r} is not KEY=VALUE, as `--connection context=minikube`")
        found[key] = toml_value(text)
    return found


def target_of(run: str) -> str | None:
    """The target whose runs' ids begin so, those of other distributions last; None where none does."""
    for name in BUILT_IN:
        if run.startswith(_prefix(name)):
            return name
    if "-" not in run or run.startswith(LOCAL_PREFIX):
        return None
    return next((name for name in brought_targets() if run.startswith(_prefix(name))), None)


def _prefix(target: str) -> str:
    return str(getattr(load_backend(target), "run_prefix", "\0"))


def connected(settings: Settings) -> tuple[str, ...]:
    """The targets whose engines the settings say how to reach."""
    tables = settings.targets
    beside = [name for name in brought_targets() if name in tables] if set(tables) - set(BUILT_IN) else []
    return tuple(
        name
        for name in (*BUILT_IN, *beside)
        if (backend := load_backend(name)) is not None
        and any(settings.get(f"{CONNECTION}.{key}", name).value is not None for key in connection_options(backend))
    )
