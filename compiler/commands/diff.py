"""`flowc diff`: what a pull request means."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from compiler.backends.targets import BUILT_IN
from compiler.call.options import Option, WithHelp, env_option
from compiler.call.sources import import_option
from compiler.difference.asked import Asked, differences
from compiler.difference.comparing import Difference
from compiler.terminal.findings import show
from compiler.terminal.said import say

DIFFERENT = 3
"""The exit code where something differs."""

_ALL = "all"


@click.command("diff", cls=WithHelp)
@click.argument("flows", metavar="[FLOW]...", nargs=-1)
@click.option(
    "--against",
    cls=Option,
    metavar="REF|DIR",
    default="HEAD",
    show_default=True,
    help="A git revision, or the folder of another checkout.",
)
@click.option(
    "--target",
    "targets",
    cls=Option,
    multiple=True,
    type=click.Choice([*BUILT_IN, _ALL]),
    help="Compare the files of this target; by default of those that the settings have a table for, else of all.",
)
@click.option(
    "--format",
    "form",
    cls=Option,
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print; markdown is for a comment of a pull request.",
)
@env_option
@import_option
def COMMAND(
    flows: tuple[str, ...], against: str, targets: tuple[str, ...], form: str, env: str | None, imports: bool | None
) -> int:
    """Say what differs between two states of flows: graph, parameters, what starts them, what each target gets.

    Without a word the flows of the workspace, as `flowc list` names them. Both states are read as text, each by its own settings.
    Exit code 0 where nothing differs, 3 where something does, 1 for mistakes in a flow of today.

    \b
      flowc diff                                   all flows, against the last commit
      flowc diff flow.py --against origin/main     what this branch means
      flowc diff flows/ --against ../released
      flowc diff --env prod                        by the settings of an environment
      flowc diff --against origin/main --format markdown > comment.md
    """
    wanted = tuple(BUILT_IN) if _ALL in targets else tuple(dict.fromkeys(targets))
    found, report = differences(Asked(flows, against, wanted, imports is True, datetime.now(UTC), env))
    show(report)
    _print(found, form)
    if report.failed:
        return 1
    return 0 if found.is_empty else DIFFERENT


def _print(found: Difference, form: str) -> None:
    if form == "json":
        import json  # noqa: PLC0415 - the other forms need none

        from compiler.difference.telling.document import to_json  # noqa: PLC0415 - as above
        from compiler.legible import legible_json  # noqa: PLC0415 - as above
        from compiler.terminal.output import print_bytes  # noqa: PLC0415 - as above

        print_bytes(legible_json(json.dumps(to_json(found), indent=2, ensure_ascii=False)) + "\n")
    elif form == "markdown":
        from compiler.difference.telling.markdown import comment  # noqa: PLC0415 - as above
        from compiler.terminal.output import print_bytes  # noqa: PLC0415 - as above

        print_bytes(comment(found))
    else:
        from compiler.difference.telling.terminal import lines  # noqa: PLC0415 - as above

        for line in lines(found):
            say(*line)
