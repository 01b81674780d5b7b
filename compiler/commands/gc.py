"""`flowc gc`: what is old, and what nobody has finished."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import click
from flowc.store.protocol import Store, Unfinished

from compiler.call.freeing import agreed, counted, freed_facts, freed_line, progress
from compiler.call.history import opened
from compiler.call.options import WithHelp, env_option, option
from compiler.call.stores import flow_and_folder, local_store
from compiler.legible import one_line
from compiler.retention.collection import Event, Kept, collect
from compiler.retention.deletion import Freed
from compiler.retention.selection import Rules
from compiler.terminal.said import say, say_json
from compiler.terminal.times import size
from compiler.workspace.settings import read_settings

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}


class _Span(click.ParamType):  # type: ignore[type-arg] # generic in newer versions of click only
    """A whole number and its unit, in seconds."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]{1,6})([smhdw])", str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no length of time: say it as 12h, 30d or 2w", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.command("gc", cls=WithHelp)
@click.argument("flow", metavar="[FLOW]", required=False)
@option("--older-than", type=_Span(), required=True, metavar="TIME", help="Only runs that old, as 12h, 30d or 2w.")
@option(
    "--keep-last",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="Keep the N newest runs and the N newest that succeeded, of each flow and branch.",
)
@option("--only-failed", is_flag=True, help="Keep all that succeeded.")
@option("--store", metavar="URL", help="Where artifacts are kept; by default that of `flowc run`.")
@env_option
@option("--yes", is_flag=True, help="Do not ask.")
@option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(  # noqa: PLR0913 - click gives one argument an option
    *,
    flow: str | None,
    older_than: float,
    keep_last: int,
    only_failed: bool,
    store: str | None,
    env: str | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Delete old runs of a flow, by its name or its file, or of all flows in the store, and what killed writers left a day ago.

    Kept are: a run that is going on or may be (as for `flowc delete`), the newest ones, and the runs that a kept one was started by or
    resumed from. Age is the time since a run began and since anything last happened to it. It may run beside other runs, and it goes on
    where it was interrupted when it is called again.

    \b
      flowc gc --older-than 30d --dry-run
      flowc gc SquaresFlow --older-than 30d --keep-last 5
      flowc gc --older-than 1d --only-failed --yes
    """
    name, folder = flow_and_folder(flow, env=env) if flow else (None, Path())
    settings = read_settings(folder, env)
    where = opened(local_store(settings.for_flow(name) if name else settings, store))
    rules = Rules(older_than, keep_last, only_failed)
    if not (dry_run or yes):
        would = _collected(where, name, rules, dry=True, is_error=True)
        if not any(isinstance(each, Freed | Unfinished) for each in would):
            return 0
        if not agreed("Delete this?", yes=yes):
            raise click.Abort
    found = _collected(where, name, rules, dry=dry_run, is_error=as_json)
    if as_json:
        say_json(json.dumps(_facts(found, dry=dry_run), indent=2, ensure_ascii=False))
    return 0


def _collected(where: Store, name: str | None, rules: Rules, *, dry: bool, is_error: bool) -> list[Event]:
    """Do it, and tell of each run as it goes."""
    told, hide = progress()
    found: list[Event] = []
    try:
        for event in collect(where, name, rules, time.time, dry=dry, told=told):
            hide()
            found.append(event)
            if isinstance(event, Freed):
                say(f"{'would delete' if dry else 'deleted'} {freed_line(event)}", err=is_error)
            elif isinstance(event, Kept):
                say(f"kept {one_line(event.why)}", err=is_error)
    finally:
        hide()
    say(_total(found, dry=dry), err=is_error)
    return found


def _total(found: list[Event], *, dry: bool) -> str:
    """How many runs and bytes, and what nobody had finished."""
    runs, left = _sorted(found)
    told = (
        f"{'would free' if dry else 'freed'} {size(sum(each.size for each in runs) + sum(each.size for each in left))}"
    )
    what = f"{len(runs)} run{'' if len(runs) == 1 else 's'}, {counted(sum(each.objects for each in runs))}"
    return f"{told}: {what}" + (f", {len(left)} unfinished write{'' if len(left) == 1 else 's'}" if left else "")


def _sorted(found: list[Event]) -> tuple[list[Freed], list[Unfinished]]:
    return [each for each in found if isinstance(each, Freed)], [each for each in found if isinstance(each, Unfinished)]


def _facts(found: list[Event], *, dry: bool) -> dict[str, object]:
    runs, left = _sorted(found)
    return {
        "dry_run": dry,
        "deleted": [freed_facts(each) for each in runs],
        "kept": [
            {"flow": each.address.flow, "run_id": each.address.run, "why": each.why}
            for each in found
            if isinstance(each, Kept)
        ],
        "unfinished": [{"key": each.key, "bytes": each.size} for each in left],
    }
