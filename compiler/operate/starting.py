"""Starting a run of a deployment: its parameters as words, a name that makes a second try harmless."""

from __future__ import annotations

import json
import secrets
import string
import time
from collections.abc import Mapping, Sequence

import click

from compiler.backends.operating import Deployment, Start
from compiler.call.options import WithHelp
from compiler.call.parameters import parse_parameters
from compiler.ir.plan import Plan
from compiler.mistakes import CallError
from compiler.workspace.settings import did_you_mean

TAGS = "flowc-tags"
"""Beside the parameters: the run's tags as a JSON list, which its first step adds to those of the deployment."""

_LETTERS = string.ascii_lowercase + string.digits


def start_of(parameters: Mapping[str, object], tags: Sequence[str]) -> Start:
    """A start with a name of its own: the time, so that runs sort, and a random word."""
    word = "".join(secrets.choice(_LETTERS) for _ in range(6))
    more = {TAGS: json.dumps(list(tags))} if tags else {}
    return Start(time.strftime("%Y%m%d%H%M%S", time.gmtime()) + word, {**parameters, **more}, tuple(tags))


def parameters_of(plan: Plan, called: str, words: Sequence[str], ours: Sequence[str], values: str) -> dict[str, object]:
    """The parameters that words give to a flow that is at hand, by their names there. Raises CallError, and click's Exit after `--help`."""
    found = parse_parameters(plan, called, words, ours, values=values)
    names = {parameter.attribute: parameter.name for parameter in plan.parameters}
    return {names.get(attribute, attribute): value for attribute, value in found.items()}


def parameters_of_deployment(there: Deployment, called: str, words: Sequence[str], values: str) -> dict[str, object]:
    """The same where only the deployment is at hand: it says which there are, and its first step what their text means."""
    command = WithHelp(
        called,
        params=[
            click.Option([f"--{name}", f"p{number}"], metavar="VALUE") for number, name in enumerate(there.parameters)
        ],
        context_settings={"help_option_names": ["--help"], "max_content_width": 110},
    )
    try:
        with command.make_context(called, list(words)) as context:
            given = {
                name: value
                for number, name in enumerate(there.parameters)
                if (value := context.params.get(f"p{number}")) is not None
            }
    except click.UsageError as error:
        listed = ", ".join(f"--{name}" for name in there.parameters) or "none"
        raise CallError(f"{error.format_message()} {there.name} takes these parameters: {listed}") from error
    return {**_object(there, values), **given}


def _object(there: Deployment, values: str) -> dict[str, object]:
    """The values of `--parameters`."""
    try:
        found = json.loads(values)
    except ValueError as error:
        raise CallError(f"--parameters is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise CallError("--parameters wants a JSON object: the parameters' names and values")
    for name in found:
        if name not in there.parameters:
            raise CallError(f"{there.name} has no parameter {name!r}{did_you_mean(name, there.parameters)}")
    return found
