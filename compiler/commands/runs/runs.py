"""`flowc runs`: the runs of a flow, the newest first."""

from __future__ import annotations

import json
import time

import click

from compiler.backends.operating import Phase
from compiler.call.options import WithHelp, env_option, option
from compiler.call.stores import flow_and_folder, local_store
from compiler.operate.engines import given_connection
from compiler.operate.listing import runs_of
from compiler.operate.places import Asked
from compiler.operate.telling.documents import listed_facts
from compiler.operate.telling.lines import run_line
from compiler.operate.views import RunView
from compiler.operate.waiting import seconds_of
from compiler.operate.words import connection_option, target_option
from compiler.slotted_class import record
from compiler.terminal.said import say, say_json, tell
from compiler.workspace.settings import read_settings

_STATUSES: tuple[Phase, ...] = ("queued", "running", "succeeded", "failed", "terminated", "unknown")


@record
class _Wanted:
    """Which runs: those of a status, begun since a moment (seconds since 1970), that have all of these tags."""

    statuses: tuple[str, ...]
    since: float | None
    tags: tuple[str, ...]

    def has(self, view: RunView) -> bool:
        """Whether a run is one of these."""
        began = view.created or view.started or 0.0
        return (
            (not self.statuses or view.status in self.statuses)
            and (self.since is None or began >= self.since)
            and set(self.tags) <= set(view.tags)
        )


@click.command("runs", cls=WithHelp)
@click.argument("flow", metavar="FLOW")
@option("--store", metavar="URL", help="Where artifacts are kept; by default that of `flowc run`.")
@target_option
@option(
    "--import/--no-import",
    "imports",
    default=None,
    help="Import the module of a file, for what its text does not tell.",
)
@env_option
@connection_option
@option("--limit", type=click.IntRange(min=1), metavar="N", default=20, show_default=True, help="At most so many.")
@option("--status", "statuses", multiple=True, type=click.Choice(_STATUSES), help="Only those that stand so.")
@option("--since", metavar="TIME", help="Only those of the last 90m, 12h or 2d.")
@option("--tag", "tags", multiple=True, metavar="TAG", help="Only those with this tag.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(  # noqa: PLR0913 - click gives one argument an option
    *,
    flow: str,
    store: str | None,
    target: str | None,
    imports: bool | None,
    env: str | None,
    connection: tuple[str, ...],
    limit: int,
    statuses: tuple[str, ...],
    since: str | None,
    tags: tuple[str, ...],
    as_json: bool,
) -> int:
    """List the runs of a flow, the newest first. FLOW is its name, or its file.

    Those that the store has and, where [tool.flowc.<target>.connection] says how to reach an engine, those that it knows, also if they died
    before their first step. With --target those of its engine alone.

    \b
      flowc runs SquaresFlow
      flowc runs squares.py --status failed --since 2d --json
      flowc runs SquaresFlow --store s3://bucket/flows
      flowc runs SquaresFlow --target argo
    """
    name, folder = flow_and_folder(flow, imports, env)
    settings = read_settings(folder, env)
    asked = Asked(settings, store, target, given_connection(connection))
    wanted = _Wanted(statuses, None if since is None else time.time() - seconds_of(since), tags)
    listed = runs_of(name, asked, limit, wanted.has)
    if as_json:
        say_json(json.dumps([listed_facts(view) for view in listed.runs], indent=2, ensure_ascii=False))
    else:
        for view in listed.runs:
            say(*run_line(view))
            if view.damage:
                tell(f"{view.path}: {view.damage}: `flowc verify {view.path}` says what to do")
    for note in listed.notes:
        tell(f"note: {note}")
    if not (as_json or listed.runs):
        where = asked.target or local_store(settings.for_flow(name), store)
        tell(
            f"no runs of {name} in {where}" if wanted == _Wanted((), None, ()) else f"no such runs of {name} in {where}"
        )
    return 0
