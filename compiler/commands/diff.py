"""`flowc diff`: what a pull request means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from compiler.backends.targets import BUILT_IN
from compiler.call.options import TargetType, WithHelp, env_option, option
from compiler.call.sources import Surroundings, import_option
from compiler.difference.asked import DEPLOYED, Asked, differences
from compiler.difference.comparing import Difference
from compiler.operate.words import connection_option
from compiler.terminal.findings import show
from compiler.terminal.said import say, say_json

if TYPE_CHECKING:
    from compiler.operate.against import Compared

DIFFERENT = 3
"""The exit code where something differs."""

_ALL = "all"


@click.command("diff", cls=WithHelp)
@click.argument("flows", metavar="[FLOW]...", nargs=-1)
@option(
    "--against",
    metavar="REF|DIR|deployed",
    default="HEAD",
    show_default=True,
    help="A git revision, the folder of another checkout, or what is deployed on an engine.",
)
@option(
    "--target",
    "targets",
    multiple=True,
    type=TargetType([*BUILT_IN, _ALL]),
    help="Compare the files of this target; by default of those that the settings have a table for, else of all.",
)
@option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print; markdown is for a comment of a pull request.",
)
@env_option
@connection_option
@import_option
def COMMAND(
    *,
    flows: tuple[str, ...],
    against: str,
    targets: tuple[str, ...],
    form: str,
    env: str | None,
    connection: tuple[str, ...],
    imports: bool | None,
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
      flowc diff --against deployed --env prod     what `deploy` would change on the engines of the settings
    """
    wanted = tuple(BUILT_IN) if _ALL in targets else tuple(dict.fromkeys(targets))
    if against == DEPLOYED:
        return _against_deployed(flows, wanted, form, Surroundings(imports=imports, env=env), connection)
    if connection:
        raise click.UsageError("--connection goes with --against deployed")
    found, report = differences(Asked(flows, against, wanted, imports is True, datetime.now(UTC), env))
    show(report)
    _print(found, form)
    if report.failed:
        return 1
    return 0 if found.is_empty else DIFFERENT


def _against_deployed(
    flows: tuple[str, ...], targets: tuple[str, ...], form: str, surroundings: Surroundings, connection: tuple[str, ...]
) -> int:
    from compiler.operate.against import compared  # noqa: PLC0415 - asks an engine
    from compiler.operate.engines import given_connection  # noqa: PLC0415 - as above

    found = compared(flows, targets, surroundings, given_connection(connection))
    if found is None:
        return 1
    _print_deployed(found, form)
    return 0 if all(each.is_equal for each in found) else DIFFERENT


def _print_deployed(found: tuple[Compared, ...], form: str) -> None:
    if form == "markdown":
        from compiler.operate.telling.markdown import deployed_comment  # noqa: PLC0415 - the other forms need none
        from compiler.terminal.output import print_bytes  # noqa: PLC0415 - as above

        print_bytes(deployed_comment(found))
    elif form == "json":
        import json  # noqa: PLC0415 - as above

        from compiler.operate.telling.documents import compared_document  # noqa: PLC0415 - as above

        say_json(json.dumps(compared_document(found), indent=2, ensure_ascii=False))
    else:
        from compiler.operate.telling.lines import step_lines  # noqa: PLC0415 - as above

        for each in found:
            say(each.where)
            for step in each.steps:
                for line in step_lines(step, is_meant=False, has_texts=True):
                    say("  ", *line)


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
