"""`flowc status`: how a run stands, by its engine and by what its tasks left."""

from __future__ import annotations

import json

import click

from compiler.backends.operating import NotThereError
from compiler.call.options import WithHelp, option
from compiler.operate.listing import newest
from compiler.operate.places import Place
from compiler.operate.telling.documents import run_document
from compiler.operate.telling.lines import run_lines
from compiler.operate.telling.progress import until_end
from compiler.operate.views import look
from compiler.operate.waiting import seconds_of
from compiler.operate.words import asked_of, found, json_option, run_options, timeout_option
from compiler.terminal.said import say, say_json, tell


@click.command("status", cls=WithHelp)
@click.argument("where", metavar="RUN|FLOW")
@option("--watch", is_flag=True, help="Show it until its end.")
@timeout_option
@run_options
@json_option
def COMMAND(
    *,
    where: str,
    watch: bool,
    timeout: str | None,
    store: str | None,
    target: str | None,
    env: str | None,
    connection: tuple[str, ...],
    as_json: bool,
) -> int:
    """Say how a run stands, and why it did not go well. FLOW means its newest run, here or on an engine of the settings.

    Exit code 0 whatever the status is (`flowc wait` tells by its code), 4 where there is no such run, 5 where the engine gives no answer.

    \b
      flowc status local-20260101-120000-abcdef
      flowc status argo-flows-train-flow-20260101120000abcdef
      flowc status TrainFlow --target argo --watch
    """
    place = _place(where, store, target, env, connection)
    if watch:
        until_end(place, None if timeout is None else seconds_of(timeout), follow=False, as_json=as_json)
        return 0
    view = look(place, whole=as_json)
    if as_json:
        say_json(json.dumps(run_document(view), indent=2, ensure_ascii=False))
    else:
        for line in run_lines(view):
            say(*line)
        for note in view.notes:
            tell(f"note: {note}")
    return 5 if view.is_partial else 0


def _place(where: str, store: str | None, target: str | None, env: str | None, connection: tuple[str, ...]) -> Place:
    if "/" not in where and (where.isidentifier() or where.endswith(".py")):
        place = newest(where, asked_of(store, target, env, connection))
        if place is None:
            raise NotThereError(
                f"no runs of {where}: `flowc run` starts one here, `flowc <target> trigger` on an engine, "
                "and an engine that no setting names is asked with --target"
            )
        return place
    address, place = found(where, store, target, env, connection)
    if address.step is not None:
        raise click.UsageError(
            f"{where} names a step: `flowc inspect {where}` shows it, `flowc logs {where}` what it printed"
        )
    return place
