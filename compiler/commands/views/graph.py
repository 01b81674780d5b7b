"""`flowc graph`: a flow as a picture."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.backends.targets import BUILT_IN
from compiler.call.options import TargetType, WithHelp, option
from compiler.call.sources import OneFlow, one_flow
from compiler.call.target_settings import shared_here, sharing_options
from compiler.ir.text import graph_text
from compiler.mistakes import CallError
from compiler.terminal.output import print_bytes, write_files
from compiler.terminal.said import say, tell

if TYPE_CHECKING:
    from compiler.ir.plan import Plan
    from compiler.picture.drawing import Since
    from compiler.picture.facts import Made

FORMS = ("text", "mermaid", "dot", "svg", "html", "graphml", "gexf", "json")
ENDINGS = {
    ".txt": "text",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".gv": "dot",
    ".htm": "html",
    **{f".{each}": each for each in FORMS[2:]},
}
"""What the ending of a file says of its format."""


@click.command("graph", cls=WithHelp)
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write.",
)
@option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="What to make; by default what the ending of FILE says, else text.",
)
@option(
    "--since",
    metavar="REF|DIR",
    help="Mark what is new, changed or gone since a revision of git, or a checkout.",
)
@option(
    "--target",
    "targets",
    multiple=True,
    type=TargetType([*BUILT_IN]),
    help="What html and json tell of a step: what this target makes of it; by default those of the settings, else all.",
)
@one_flow
@sharing_options
def COMMAND(
    *,
    flow: OneFlow,
    output: Path | None,
    form: str | None,
    since: str | None,
    targets: tuple[str, ...],
    fuse: bool,
    portions: tuple[str, ...],
) -> int:
    """Draw a flow: its steps in the boxes of their foreaches and gangs, the arms of splits side by side.

    A page (html) is one file that needs no network: Enter or a click on a step tells its place, artifacts, decorators, and what each
    target makes of it. Nothing of the flow is run.

    \b
      flowc graph flow.py                            as text, like `flowc show`
      flowc graph flow.py -o flow.html               a page to look at, to search and to print
      flowc graph flow.py -o flow.svg                a picture; .mmd, .dot, .graphml, .gexf, .json are others
      flowc graph flow.py --format mermaid           for a README or a pull request
      flowc graph flow.py -o flow.html --since main  what is new, changed and gone
      flowc graph flow.py --fuse -o flow.svg         which steps would share a container
    """
    wanted, plan = _form(form, output), flow.plan()
    if plan is None:
        return 1
    plan = shared_here(plan, flow.settings, fuse=fuse, portions=portions)
    for each in plan.obstacles:
        tell(f"note: `{each.option}` names `{each.step}`, which cannot share a container: {each.reason}")
    if wanted == "text":
        if since:
            raise click.UsageError(
                "--since marks steps in a picture: --format mermaid or another; `flowc diff` says it as text"
            )
        text = graph_text(plan)
    else:
        compared = _since(flow, plan, since) if since else None
        made = _made(flow, plan, targets) if wanted in ("html", "json") else ()
        text = _drawn(wanted, plan, compared, made)
    if output is None:
        say(text, nl=False) if wanted == "text" else print_bytes(text)
    else:
        write_files({output: text.encode()})
    return 0


def _form(form: str | None, output: Path | None) -> str:
    """What is made. Raises CallError where the file's ending does not say it."""
    if form or output is None:
        return form or "text"
    found = ENDINGS.get(output.suffix.lower())
    if found is None:
        raise CallError(
            f"{output}: its ending says no format; say --format, or end it with {', '.join(sorted(ENDINGS))}"
        )
    return found


def _drawn(form: str, plan: Plan, since: Since | None, made: tuple[Made, ...]) -> str:
    from compiler.picture.drawing import draw  # noqa: PLC0415 - text needs none of it
    from compiler.picture.forms import written  # noqa: PLC0415 - as above
    from compiler.picture.marks import flow_facts  # noqa: PLC0415 - as above

    return written(form, draw(plan, flow_facts(plan), since), plan, made)


def _since(flow: OneFlow, plan: Plan, against: str) -> Since:
    from compiler.difference.asked import Asked, differences  # noqa: PLC0415 - reads the other state, too
    from compiler.picture.since import since  # noqa: PLC0415 - as above

    word, read = f"{flow.name.path}:{plan.flow.name}", flow.surroundings
    try:
        found, _ = differences(Asked((word,), against, (), read.imports is True, datetime.now(UTC), read.env))
    except CallError as error:
        raise CallError(str(error).replace("--against", "--since")) from error
    return since(found, plan.flow.name, against)


def _made(flow: OneFlow, plan: Plan, targets: tuple[str, ...]) -> tuple[Made, ...]:
    from compiler.picture.facts import made  # noqa: PLC0415 - loads the targets

    return made(plan.flow, flow.settings, targets, {"branch": flow.branch, "production": flow.production})
