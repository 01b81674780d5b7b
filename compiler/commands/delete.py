"""`flowc delete`: runs, with all that they left."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import click
from flowc.artifacts.address import RunAddress
from flowc.store.protocol import Store

from compiler.call.freeing import agreed, freed_facts, freed_line, progress
from compiler.call.history import HistoryError, opened
from compiler.call.options import WithHelp, env_option, option
from compiler.call.stores import local_store
from compiler.mistakes import CallError
from compiler.retention.deletion import Freed, Judge, KeptError, delete_run
from compiler.retention.rest import refusal
from compiler.terminal.said import say, say_json, tell
from compiler.workspace.settings import Settings, read_settings


@click.command("delete", cls=WithHelp)
@click.argument("runs", metavar="FLOW/RUN...", nargs=-1, required=True)
@env_option
@option("--store", metavar="URL", help="Where artifacts are kept; by default that of `flowc run`.")
@option("--yes", is_flag=True, help="Do not ask.")
@option("--force", is_flag=True, help="Also runs that may still go on; never one that runs on this machine.")
@option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(
    *, runs: tuple[str, ...], store: str | None, env: str | None, yes: bool, force: bool, dry_run: bool, as_json: bool
) -> int:
    """Delete runs with everything that they left. Runs that were resumed from them stay whole.

    A run that is going on is refused, and so is one that may be: where a task has begun and not ended within the last 7 days, or
    one has failed within the last day. --force takes these, too. What was interrupted goes on when it is called again.

    \b
      flowc delete SquaresFlow/local-20260101-120000-abcdef
      flowc delete SquaresFlow/nightly-1 SquaresFlow/nightly-2 --yes
      flowc delete SquaresFlow/nightly-1 --dry-run
    """
    addresses = [_address(text) for text in dict.fromkeys(runs)]
    where = opened(_store(addresses, read_settings(Path(), env), store))
    judge: Judge = lambda found, life: refusal(found, life, time.time(), insists=force)  # noqa: E731 - it is that short
    going, kept = _each(addresses, lambda run: delete_run(where, run, judge, time.time, dry=True))
    if not dry_run and going:
        for each in () if as_json or yes else going:
            tell(freed_line(each))
        if not agreed(f"Delete {len(going)} run{'' if len(going) == 1 else 's'}?", yes=yes):
            raise click.Abort
        going, more = _each([each.address for each in going], lambda run: _deleted(where, run, judge))
        kept += more
    if as_json:
        facts = {"dry_run": dry_run, "deleted": [freed_facts(each) for each in going], "kept": kept}
        say_json(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        for each in going:
            say(f"{'would delete' if dry_run else 'deleted'} {freed_line(each)}")
    if kept:
        raise HistoryError("\n".join(kept))
    return 0


def _store(addresses: list[RunAddress], settings: Settings, given: str | None) -> str:
    """The URL of the one store that the runs are in. Raises CallError where the settings of their flows name several."""
    found = dict.fromkeys(local_store(settings.for_flow(each.flow), given) for each in addresses)
    if len(found) > 1:
        raise CallError(
            f"these flows have stores of their own: {', '.join(found)}: name the runs of one of them, or --store"
        )
    return next(iter(found))


def _each(addresses: list[RunAddress], function: Callable[[RunAddress], Freed]) -> tuple[list[Freed], list[str]]:
    """What it gives for each run, and why others are kept."""
    found: list[Freed] = []
    kept: list[str] = []
    for address in addresses:
        try:
            found.append(function(address))
        except KeptError as error:
            kept.append(str(error))
    return found, kept


def _deleted(store: Store, run: RunAddress, judge: Judge) -> Freed:
    told, hide = progress()
    try:
        return delete_run(store, run, judge, time.time, told=lambda gone: told(run, gone))
    finally:
        hide()


def _address(text: str) -> RunAddress:
    flow, slash, run = text.strip("/").partition("/")
    if not (flow and slash and run):
        raise HistoryError(f"{text!r} is not FLOW/RUN; `flowc runs FLOW` lists runs")
    return RunAddress(flow, run)
