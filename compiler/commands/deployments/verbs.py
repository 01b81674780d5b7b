"""`flowc <target> list`, `suspend`, `resume`, `delete`: what is deployed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from compiler.backends import Backend
from compiler.call.freeing import agreed
from compiler.call.options import WithHelp, env_option, option
from compiler.operate.engines import engine_of, given_connection
from compiler.operate.starting import deployment_of, meant
from compiler.operate.telling.documents import deployments_document
from compiler.operate.telling.lines import deployment_lines
from compiler.operate.words import connection_option, json_option, name_options
from compiler.slotted_class import record
from compiler.terminal.said import say, say_json, tell
from compiler.workspace.settings import read_settings


def list_command(backend: Backend) -> click.Command:
    """`flowc <target> list`."""

    @click.command(
        "list",
        cls=WithHelp,
        help=f"List what flowc has deployed on {backend.name}: name, schedule, flow, commit, by whom.",
    )
    @env_option
    @connection_option
    @json_option
    def command(env: str | None, connection: tuple[str, ...], as_json: bool) -> int:
        engine = engine_of(backend.name, read_settings(Path(), env), given_connection(connection))
        found = sorted(engine.deployments(), key=lambda each: each.name)
        if as_json:
            say_json(json.dumps(deployments_document(backend.name, engine.where, found), indent=2, ensure_ascii=False))
            return 0
        for each in found:
            for line in deployment_lines(each):
                say(*line)
        tell(f"{len(found)} deployed on {engine.where}")
        return 0

    return command


@record
class _Verb:
    """What is done to a deployment: a sentence for the help, and what it is then."""

    help: str
    done: str
    asks: bool = False


_VERBS: Mapping[str, _Verb] = {
    "suspend": _Verb(
        "Let neither schedule nor event start a deployment, also when it is deployed again; its runs go on.",
        "is suspended",
    ),
    "resume": _Verb("Let schedule and events start a deployment again.", "is started by its schedule and events again"),
    "delete": _Verb(
        "Remove deployments with all their objects. Their runs, and what these left, stay.", "is removed", asks=True
    ),
}


def _command(verb: str) -> Callable[[Backend], click.Command]:
    """`suspend`, `resume` or `delete`, for each target."""

    def make(backend: Backend) -> click.Command:
        said = _VERBS[verb]

        @click.command(
            verb, cls=WithHelp, help=f"{said.help} NAME is that of `flowc {backend.name} list`, or a flow's file."
        )
        @click.argument("words", metavar="NAME...", nargs=-1, required=True)
        @option("--yes", is_flag=True, hidden=not said.asks, help="Do not ask.")
        @name_options
        @env_option
        @connection_option
        def command(
            words: tuple[str, ...], yes: bool, env: str | None, connection: tuple[str, ...], **named: object
        ) -> int:
            found = [meant(backend, word, named, env) for word in words]
            names = [each.name for each in found if each is not None]
            if len(names) < len(found):
                return 1
            settings = next(each.settings for each in found if each is not None)
            engine = engine_of(backend.name, settings, given_connection(connection))
            for name in names:
                deployment_of(engine, name)
            if said.asks and not agreed(f"Remove {', '.join(names)} from {engine.where}?", yes=yes):
                raise click.Abort
            for name in names:
                {"suspend": engine.suspend, "resume": engine.resume, "delete": engine.delete}[verb](name)
                tell(f"{name} {said.done}")
            return 0

        return command

    return make


suspend_command, resume_command, delete_command = map(_command, _VERBS)
