"""docs/commands.md: every command with its words and options, as click has them; those of targets once, as `flowc TARGET …`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from compiler.backends.targets import BUILT_IN
from compiler.commands import COMMANDS
from compiler.commands.target import VERBS
from compiler.root import ROOT
from tests.site.markdown import prose, table

_EXAMPLE = re.compile(r"  +\S|$")


def text() -> str:
    """A section a command. An option that one target alone has stands on the page of that target."""
    parts = [part for name in COMMANDS for part in _sections((name,), _found(ROOT, name))]
    for verb in VERBS:
        commands = [_found(_group(_found(ROOT, target)), verb) for target in BUILT_IN]
        shared = set.intersection(*({str(each.name) for each in command.params} for command in commands))
        parts += _section(("TARGET", verb), commands[0], shared)
    return "\n".join(("", *parts, ""))


def _found(group: click.Group, name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command is not None, name
    return command


def _group(command: click.Command) -> click.Group:
    assert isinstance(command, click.Group)
    return command


def _sections(path: tuple[str, ...], command: click.Command) -> Iterator[str]:
    yield from _section(path, command, {str(each.name) for each in command.params})
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from _sections((*path, name), _found(command, name))


def _section(path: tuple[str, ...], command: click.Command, shown: set[str]) -> Iterator[str]:
    context = click.Context(command, info_name=f"flowc {' '.join(path)}")
    yield f"### flowc {' '.join(path)}\n"
    yield f"```text\n{' '.join((context.command_path, *command.collect_usage_pieces(context)))}\n```\n"
    yield from _paragraphs(_of_any_target(command.help or "") if path[0] == "TARGET" else command.help or "")
    options = [each for each in command.params if isinstance(each, click.Option) and str(each.name) in shown]
    records = [record for each in options if (record := each.get_help_record(context))]
    if records:
        yield table(("option", "what it does"), ((f"`{form}`", prose(words)) for form, words in records))


def _of_any_target(words: str) -> str:
    """What the command of the first target says, for all of them."""
    return re.sub(rf"\b{next(iter(BUILT_IN))}\b", "TARGET", words)


def _paragraphs(help_text: str) -> Iterator[str]:
    """The help as Markdown: prose, and calls as they are laid out behind a line of `\\b`."""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(help_text)):
        lines = [line for line in paragraph.split("\n") if line != "\b"]
        if all(_EXAMPLE.match(line) for line in lines):
            yield "```text\n" + inspect.cleandoc("\n" + "\n".join(lines)) + "\n```\n"
        else:
            yield prose("\n".join(lines)) + "\n"
