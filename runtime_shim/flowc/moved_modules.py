"""Where the modules of version 0.1.0 are now: pickles in stores name them, and are to stay readable for good."""

from __future__ import annotations

from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOW = {
    "files": "store.files",
    "s3": "store.s3",
    "digest": "store.digest",
    "wire": "store.aws.wire",
    "s3_sigv4": "store.aws.sigv4",
    "s3_credentials": "store.aws.credentials",
    "s3_profiles": "store.aws.profiles",
    "s3_roles": "store.aws.roles",
    "s3_requests": "store.aws.requests",
    "s3_objects": "store.aws.objects",
    "address": "artifacts.address",
    "manifest": "artifacts.manifest",
    "pickling": "artifacts.pickling",
    "codec": "artifacts.codec",
    "ordering": "artifacts.ordering",
    "saving": "artifacts.saving",
    "loading": "artifacts.loading",
    "inputs": "artifacts.inputs",
    "work": "artifacts.work",
    "failure": "artifacts.failure",
    "entries": "artifacts.pickling",
    "flowspec": "language.flowspec",
    "decorators": "language.decorators",
    "parameters": "language.parameters",
    "configs": "language.configs",
    "config_parsers": "language.config_parsers",
    "wrappers": "language.wrappers",
    "transition": "language.transition",
    "multicore": "language.multicore",
    "statics": "language.static_transition",
    "running": "language.current",
    "start": "language.command_line",
    "mutators": "source.mutators",
    "sources": "source.module",
    "declare": "source.declaration",
    "graph": "source.graph",
    "offline": "source.offline",
    "client_object": "client.object",
    "client_task": "client.task",
    "client_walk": "client.walk",
    "client_context": "client.context",
    "runner": "client.runner",
    "events": "client.trigger",
    "s3_found": "datatools.s3_object",
    "s3_places": "datatools.places",
    "includes": "datatools.include_file",
    "cards.appended": "cards.current_card",
    "cards.found": "cards.card_client",
    "cards.made": "cards.render",
    "cards.shown": "cards.short_text",
    "repeating": "task.recursion",
    "gang": "task.gang",
    "guard": "task.guard",
    "surroundings": "task.surroundings",
    "capture": "task.output",
    "takeover": "task.clone",
    "secret_values": "task.secret_values",
    "forks": "task.forks",
    "command": "container.command",
    "archive": "container.archive",
    "reporting": "container.report",
    "triggered": "container.trigger_events",
    "hooks": "container.exit_hook",
    "nursery": "container.fork_server",
}
"""Each module of 0.1.0 that lies elsewhere, below `flowc`. A module that moves again gets its new place here."""


def spec_of(name: str) -> ModuleSpec | None:
    """How `import` finds a module of 0.1.0: its names are those of the module that it has become. None for any other."""
    now = _NOW.get(name.partition(".")[2])
    return ModuleSpec(name, _Loader(f"flowc.{now}")) if now else None  # type: ignore[arg-type]  # it has what is asked of one


class _Loader:
    """Makes a module that looks its names up in another one."""

    def __init__(self, now: str) -> None:
        self._now = now

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module."""
        return ModuleType(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Let names be looked up when they are asked for."""
        home = import_module(self._now)

        def look_up(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return getattr(home, name)

        module.__getattr__ = look_up  # type: ignore[method-assign]
