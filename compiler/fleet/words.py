"""The words of every command that compiles flows for a target: which flows, how they are read, the target's settings."""

from __future__ import annotations

from collections.abc import Mapping

import click

from compiler.backends import Backend, without
from compiler.call.configs import config_parameters
from compiler.call.options import (
    ENV_HELP,
    FOLDER,
    MLFLOW_HELP,
    MLFLOW_WORDS,
    RARE,
    READING,
    SERVER,
    SETTINGS,
    TARGET,
    Option,
)
from compiler.call.sources import FLOWS, IMPORT_HELP, IMPORT_WORDS, JOBS_HELP, SINCE_HELP, SINCE_WORDS, WITH_HELP
from compiler.call.target_settings import given_portions, given_value, value_word
from compiler.ir.flow import Value
from compiler.terminal.said import tell
from compiler.workspace.settings import SHARED, frozen_value
from compiler.workspace.settings.keys import KINDS, MLFLOW, MLFLOW_URI


def compile_parameters(backend: Backend) -> tuple[click.Parameter, ...]:
    """The flows first, then an option for each way of reading them, then one for each setting of the target."""
    return (
        click.Argument(["flows"], metavar="[FLOW|FOLDER]...", type=FLOWS, nargs=-1),
        Option(["--flow", "flow_name"], metavar="NAME", group=READING, help="Which flow of the file."),
        Option(["--jobs"], type=click.IntRange(min=1), metavar="N", group=RARE, help=JOBS_HELP),
        Option(SINCE_WORDS, metavar="REF", help=SINCE_HELP),
        Option(
            ["--root"],
            type=FOLDER,
            metavar="FOLDER",
            group=READING,
            help="The folder of the code, instead of the project's.",
        ),
        Option(["--env"], metavar="NAME", group=READING, help=ENV_HELP),
        Option(IMPORT_WORDS, is_flag=True, default=None, group=READING, help=IMPORT_HELP),
        *config_parameters(),
        Option(["--with", "added"], multiple=True, metavar="DECORATOR", group=READING, help=WITH_HELP),
        Option(MLFLOW_WORDS, metavar="URI", type=SERVER, group=SETTINGS, help=MLFLOW_HELP),
        *(_setting(backend, name, line) for name, line in {**SHARED, **backend.target_options}.items()),
    )


def _setting(backend: Backend, name: str, line: str) -> click.Option:
    is_shared = name in SHARED
    option, group = f"--{name.replace('_', '-')}", SETTINGS if is_shared else TARGET
    sentence = line[:1].upper() + line[1:].removesuffix(".") + "."
    if name == "max_workers":
        return Option([option, name], type=click.IntRange(min=1), metavar="N", group=group, help=sentence)
    kind = KINDS.get(name, "text") if is_shared else backend.kind(name)
    if kind == "portions":
        return Option([option, name], multiple=True, metavar="STEP=SIZE", group=group, help=sentence)
    if kind in ("flag", "steps"):
        named = f"{option}/--no-{option[2:]}"
        return Option([named, name], is_flag=True, default=None, group=group, help=sentence)
    noun = "a text" if is_shared else backend.wants(name, _NOTHING_TAKES) or "a text"
    metavar = _TEXTS.get(name) or value_word(name, noun)
    return Option([option, name], metavar=metavar, group=group, help=sentence)


_TEXTS = {"store": "URL", "code": "URL"}
"""What a shared setting takes whose name does not say it."""
_NOTHING_TAKES = -1.5
"""No setting takes this, so each says what it does take."""


def given_settings(backend: Backend, given: Mapping[str, object]) -> dict[str, Value]:
    """What the command line gives to the settings, in the form that each takes. Raises CallError.

    A call may give several targets the same words: what this one has no use for is told, and left out.
    """
    given = {MLFLOW_URI if key == MLFLOW else key: value for key, value in given.items()}
    found = {key: _value(backend, key, value) for key, value in given.items() if value is not None}
    for key in sorted(without(backend) & {key for key, value in found.items() if value is not None}):
        tell(f"note: {backend.name} has no use for --{key.replace('_', '-')}")
        del found[key]
    return {key: value for key, value in found.items() if value is not None}


def _value(backend: Backend, key: str, given: object) -> Value | None:
    if key == "chunk":
        return given_portions(tuple(map(str, given))) if isinstance(given, tuple) else None
    return (
        frozen_value(given)
        if key in SHARED or key == MLFLOW_URI or isinstance(given, bool)
        else given_value(backend, key, str(given))
    )
