"""Where the modules of version 0.1.0 are now: pickles in stores name them, and are to stay readable for good."""

from __future__ import annotations

from importlib import import_module
from importlib.machinery import ModuleSpec

from flowc.public_names import Facade, public_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOW = {
    "lean": "named_tuple",
    "standard": "standard_path",
    "files": "store.files",
    "s3": "store.s3",
    "digest": "store.protocol",
    "wire": "store.aws.wire",
    "s3_sigv4": "store.aws.sigv4",
    "s3_credentials": "store.aws.credentials",
    "s3_profiles": "store.aws.profiles",
    "s3_roles": "store.aws.roles",
    "s3_requests": "store.aws.requests",
    "s3_objects": "store.aws.objects",
    "address": "artifacts.address",
    "manifest": "artifacts.manifest client.walk",
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
    "offline": "source.isolation",
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
    "repeating": "task.recursion task.child",
    "gang": "task.gang",
    "guard": "task.guard",
    "surroundings": "task.surroundings",
    "capture": "task.output",
    "takeover": "resuming.clone",
    "secret_values": "task.secret_values",
    "forks": "processes.forks",
    "command": "container.command",
    "archive": "container.archive",
    "reporting": "container.report",
    "triggered": "container.trigger_events",
    "hooks": "container.exit_hook",
    "nursery": "container.fork_server",
}
"""Each module of 0.1.0 that lies elsewhere, below `flowc`; several, where its names were divided. What moves again is changed here."""


def spec_of(name: str) -> ModuleSpec | None:
    """How `import` finds a module of 0.1.0: its names are those of the modules that it has become. None for any other."""
    now = _NOW.get(name.partition(".")[2])
    if now is None:
        return None
    homes = [f"flowc.{home}" for home in now.split()]

    def look_up(wanted: str) -> Any:
        for home in homes:
            module = import_module(home)
            if hasattr(module, wanted):
                return getattr(module, wanted)
        raise AttributeError(f"module {name!r} has no attribute {wanted!r}")

    return ModuleSpec(name, Facade(look_up, lambda: public_names(import_module(homes[0]))))  # type: ignore[arg-type]
