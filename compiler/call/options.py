"""Commands and options as all of ours are: each option with a line of help, and the group of the help that it stands in.

The help is printed as it is written: what click does to it, and to its own, imports `inspect` and `locale`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from compiler.mistakes import CallError
from compiler.terminal.said import say

OWN = "Options"
READING = "Flows and how they are read"
SETTINGS = "Settings of every target"
TARGET = "Settings of this target alone"
RARE = "Rarely needed"
GROUPS = (OWN, READING, SETTINGS, TARGET, RARE)
"""The groups of options, in the order of the help."""
_FEW = 10
"""So many options are one group."""
_SENTENCE = 1000
"""Characters of a command's sentence in the list of its group: all that there are."""

_Callback = TypeVar("_Callback", bound=Callable[..., Any])


class Option(click.Option):
    """An option with one line of help, which stands in a group of the help."""

    def __init__(self, names: Sequence[str], *, help: str, group: str = OWN, **settings: Any) -> None:
        super().__init__(names, **settings)
        self.help, self.group = help, group


def option(*names: str, help: str, group: str = OWN, **settings: Any) -> Callable[[_Callback], _Callback]:
    """The same above a command's function."""
    return click.option(*names, cls=Option, help=help, group=group, **settings)


ENV_HELP = "The environment whose settings hold: [tool.flowc.env.NAME]."
env_option = option("--env", metavar="NAME", group=READING, help=ENV_HELP)


class FolderType(click.ParamType):  # type: ignore[type-arg] # generic in newer versions of click only
    """A folder that exists; `click.Path` is made when one is given."""

    name = "directory"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or click's own words on what is wrong with it."""
        folder: Path = click.Path(exists=True, file_okay=False, path_type=Path).convert(str(value), param, ctx)
        return folder


FOLDER = FolderType()


class _ServerType(click.ParamType):  # type: ignore[type-arg] # as above
    """The URL of an MLflow server; an empty text is none."""

    name = "uri"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The URL as the settings take it. Raises CallError."""
        from compiler.workspace.settings.keys import MLFLOW_URI, wants  # noqa: PLC0415 - a help needs no settings

        wanted = wants(MLFLOW_URI, value)
        if wanted:
            raise CallError(f"--mlflow: {value!r} is not {wanted}: http://… or https://…")
        return str(value)


SERVER = _ServerType()
MLFLOW_WORDS = ["--mlflow"]
MLFLOW_HELP = "The MLflow server that runs and tasks are told to; an empty one: none. docs/mlflow.md says what."


class TargetType(click.Choice):  # type: ignore[type-arg] # as above
    """One of the words, our targets and others, which help shows, or a target that another distribution brings."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word, or click's own words on which there are."""
        if isinstance(value, str) and value not in self.choices:
            from compiler.backends.targets import brought_targets, missing  # noqa: PLC0415 - few calls name one

            if value in brought_targets():
                return value
            if advice := missing(value):
                self.fail(advice, param, ctx)
        word: str = super().convert(value, param, ctx)
        return word


class HelpContext(click.Context):
    """A call whose help is laid out by us."""

    def make_formatter(self) -> click.HelpFormatter:
        """What lays it out, imported when a help is printed."""
        from compiler.terminal.help_text import HelpText  # noqa: PLC0415 - as the sentence says

        return HelpText(width=self.terminal_width, max_width=self.max_content_width)


class WithHelp(click.Command):
    """A command with our help: its options by groups, all in the same columns."""

    context_class = HelpContext
    _shown_help: click.Option | None = None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups that have options; of a group of commands its own `format_options` writes these below."""
        told = [(each, each.get_help_record(ctx)) for each in self.get_params(ctx) if isinstance(each, click.Option)]
        groups: dict[str, list[tuple[str, str]]] = {title: [] for title in GROUPS}
        for each, record in told:
            group = each.group if isinstance(each, Option) and len(told) > _FEW else OWN
            groups[group].extend([record] if record else ())
        from compiler.terminal.help_text import HelpText  # noqa: PLC0415 - only a help needs it

        assert isinstance(formatter, HelpText)
        formatter.write_groups(groups)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option under the names that the root chose, always the same object."""
        if self._shown_help is None:
            self._shown_help = Option(
                [*ctx.help_option_names, "show_help"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_show_help,
                help="Show this message and exit.",
            )
        return self._shown_help


def _show_help(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        say(ctx.get_help())
        ctx.exit()


class CommandGroup(click.Group, WithHelp):
    """A group of commands with our help."""

    command_class = WithHelp

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, each with the whole first sentence of its help."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(_SENTENCE)) for name, each in commands if each])


class Answering(CommandGroup):
    """A group of commands that answers a word which is none of them."""

    def answer(self, ctx: click.Context, words: list[str]) -> str:
        """What somebody is told whose words begin with no command of the group."""
        raise NotImplementedError

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The named command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if args[0].startswith("-"):
                raise
            raise click.UsageError(self.answer(ctx, args), ctx) from error
