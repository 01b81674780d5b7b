"""Options whose help is printed as it is written: what click does to it, and to its own, imports `inspect` and `locale`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from compiler.terminal.said import say


class Option(click.Option):
    """An option with one line of help."""

    def __init__(self, names: Sequence[str], *, help: str, **settings: Any) -> None:
        super().__init__(names, **settings)
        self.help = help


ENV_HELP = "The environment whose settings hold: [tool.flowc.env.NAME]."
env_option = click.option("--env", cls=Option, metavar="NAME", help=ENV_HELP)


class FolderType(click.ParamType):  # type: ignore[type-arg] # generic in newer versions of click only
    """A folder that exists; `click.Path` is made when one is given."""

    name = "directory"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or click's own words on what is wrong with it."""
        folder: Path = click.Path(exists=True, file_okay=False, path_type=Path).convert(str(value), param, ctx)
        return folder


FOLDER = FolderType()


class TargetType(click.Choice):  # type: ignore[type-arg] # as above
    """One of the words, our targets and others, which help shows, or a target that another distribution brings."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word, or click's own words on which there are."""
        if isinstance(value, str) and value not in self.choices:
            from compiler.backends.targets import brought_targets  # noqa: PLC0415 - few calls name one

            if value in brought_targets():
                return value
        word: str = super().convert(value, param, ctx)
        return word


class WithHelp(click.Command):
    """A command with our help option."""

    _shown_help: click.Option | None = None

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


class Answering(click.Group):
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
