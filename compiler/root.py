"""The root of the commands, and how a call of one ends."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
from collections.abc import Sequence
from typing import Any

import click

from compiler.call.options import Answering, Option
from compiler.commands import COMMANDS, TARGETS
from compiler.mistakes import INTERRUPTED, CallError, FoundError
from compiler.terminal.said import say, show_mistake, tell

HELP = """Compile Python flows for the orchestrator that you run.

\b
  flowc check flow.py                          all mistakes, each at its line
  flowc run flow.py --alpha 0.5                run it here
  flowc argo create flow.py                    print what Argo runs
  flowc airflow create flow.py -o dags/        write what Airflow runs
  flowc airflow create flow.py -o dags/ --check   is the committed file up to date?

A file with several flows: name one as `flow.py:Name`, or with --flow Name.
Settings come from the command line and from [tool.flowc] of the nearest pyproject.toml: `flowc config` shows them.
"""


class Lazy(Answering):
    """The root of the commands. Printing its help imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return [*COMMANDS, *TARGETS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name: one of the two tables, or a target that another package brings."""
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"compiler.commands.{COMMANDS[cmd_name].module}")
            command: click.Command = module.COMMAND
            return command
        from compiler.commands.target import target_group  # noqa: PLC0415 - the other commands need no target

        return target_group(cmd_name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The names that a half typed one may become, and the options, none of them imported."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks

        tables = {**COMMANDS, **TARGETS}
        names = [CompletionItem(name, help=entry.help) for name, entry in tables.items() if name.startswith(incomplete)]
        return names or click.Command.shell_complete(self, ctx, incomplete)

    def answer(self, ctx: click.Context, words: list[str]) -> str:
        """The command that does it; of a name that is close to a known one that."""
        from compiler.call.other_words import command_for  # noqa: PLC0415 - only a mistake needs it

        return command_for(words, self.list_commands(ctx))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write both tables."""
        for title, table in (("Commands", COMMANDS), ("Targets", TARGETS)):
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in table.items()])


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 - 30 ms that only this option pays

        from flowc import __version__ as runtime  # noqa: PLC0415 - as above

        own = version("flowc")
        say(f"flowc {own}")
        if runtime != own:  # `flowc-runtime` holds the same package
            tell(f"the package `flowc` here is of {runtime}: install flowc anew, without flowc-runtime")
        ctx.exit()


ROOT = Lazy(
    "flowc",
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    params=[
        Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_version,
            help="Print the version.",
        )
    ],
)


def call(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. A bug of ours leaves a report in a file and says where."""
    if asked := os.environ.get("_FLOWC_COMPLETE"):
        return _complete(asked)
    try:
        code = ROOT.main(list(arguments), prog_name="flowc", standalone_mode=False, color=_color())
    except (click.ClickException, FoundError, CallError) as error:
        return _told(error)
    except click.Abort:
        tell("interrupted")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - whatever else gets here is a bug of ours, and must say so
        if told := _kept_away(error):
            tell(f"error: {told}")
            return 2
        from compiler.commands.target import VERBS  # noqa: PLC0415 - as above
        from compiler.terminal.crash import report_crash  # noqa: PLC0415 - only a bug needs it

        report_crash(error, arguments, (*COMMANDS, *TARGETS, *VERBS))
        return 70
    return code if isinstance(code, int) else 0


def _complete(asked: str) -> int:
    """Answer a shell, which nobody wants to hear of mistakes from."""
    from compiler.completion.shells import answer  # noqa: PLC0415 - only a shell asks

    with (
        contextlib.suppress(Exception, SystemExit),
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stderr(nowhere),
    ):
        answer(ROOT, asked)
    return 0


def _told(error: click.ClickException | FoundError | CallError) -> int:
    """Say what is wrong with the call, or with what it reads; the exit code."""
    if isinstance(error, click.ClickException):
        show_mistake(error)
        return error.exit_code
    if isinstance(error, CallError):
        tell(f"error: {error}")
        return error.code
    from compiler.terminal.findings import show  # noqa: PLC0415 - only a mistake needs it

    show(error.report)
    return 1


def _kept_away(error: Exception) -> str:
    """What a caller is told whom the system, or a store, keeps from going on: that is no mistake of ours. Empty for all else."""
    if isinstance(error, FileNotFoundError) and error.filename is None:  # so says `os.getcwd`
        return "the working folder is gone: go to another one"
    if isinstance(error, OSError) and error.strerror and error.errno not in _OURS:
        return f"{_named(error.filename)}: {error.strerror}"
    if isinstance(error, UnicodeEncodeError):
        return f"text that cannot be written here: {error.reason}"
    return _told_by_runtime(error)


def _named(file: object) -> str:
    if file is None:
        return "this machine"
    return os.fsdecode(file) if isinstance(file, (str, bytes)) else str(file)


def _told_by_runtime(error: Exception) -> str:
    """What a store says that cannot be reached or does not hold what was asked for, and what the runtime says of a wrong call."""
    names = {
        kind.__name__ for kind in type(error).__mro__ if kind.__module__ in ("flowc.store.protocol", "flowc.exceptions")
    }
    if "MissingError" in names:
        return f"the store has no {error}"
    return str(error) if names & {"StoreError", "CallMistake"} else ""


_OURS = frozenset((errno.EBADF, errno.ECHILD, errno.EFAULT, errno.ENOTSOCK, errno.EDOM, errno.ESPIPE))
"""What no file and no machine can be blamed for."""


def _color() -> bool | None:
    """False where NO_COLOR (no-color.org) is set and not empty; None lets the terminal decide."""
    return False if os.environ.get("NO_COLOR") else None
