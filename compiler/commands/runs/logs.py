"""`flowc logs`: what the tasks of a run have printed."""

from __future__ import annotations

import click

from compiler.backends.operating import NotThereError
from compiler.call.options import WithHelp, option
from compiler.operate.telling.lines import label
from compiler.operate.telling.progress import print_lines, until_end
from compiler.operate.views import look
from compiler.operate.waiting import Logs, seconds_of
from compiler.operate.words import found, json_option, run_options, timeout_option
from compiler.terminal.said import tell


@click.command("logs", cls=WithHelp)
@click.argument("where", metavar="RUN[/STEP[/INDEX]]")
@option("--follow", is_flag=True, help="Go on with what comes, until the run's end; exit 1 if it does not succeed.")
@timeout_option
@option("--attempt", type=click.IntRange(min=0), metavar="N", help="That of one attempt, from 0, as the store has it.")
@run_options
@json_option
def COMMAND(  # noqa: PLR0913 - click gives one argument an option
    *,
    where: str,
    follow: bool,
    timeout: str | None,
    attempt: int | None,
    store: str | None,
    target: str | None,
    env: str | None,
    connection: tuple[str, ...],
    as_json: bool,
) -> int:
    """Print what the tasks of a run have printed, each line behind the task's name, those of all tasks in order of time.

    The engine is asked first; what it has not kept, the store has of each attempt that has ended. A container that several tasks share has
    one log, which is told while one of them runs; of those that have ended the store has each its own.

    \b
      flowc logs argo-flows-train-flow-20260101120000abcdef --follow
      flowc logs TrainFlow/local-20260101-120000-abcdef/fit/2
      flowc logs airflow-TrainFlow-manual__2026-01-01/fit --attempt 0
    """
    if timeout is not None and not follow:
        raise click.UsageError("--timeout goes with --follow")
    limit = None if timeout is None else seconds_of(timeout)
    address, place = found(where, store, target, env, connection)
    logs = Logs(place, address.step, address.index, attempt)
    if follow:
        return until_end(place, limit, follow=True, as_json=as_json, logs=logs)
    view = look(place, whole=True)
    if not any(map(logs.is_meant, view.tasks)):
        steps = ", ".join(dict.fromkeys(task.step for task in view.tasks if task.step)) or "none yet"
        raise NotThereError(
            f"{place.path} has no task {'/'.join(filter(None, (address.step, address.index)))}: it has {steps}"
        )
    said = logs.all(view)
    width = max((len(label(each.step, each.index)) for each in said), default=0)
    for each in said:
        print_lines(each, width, as_json=as_json)
    for note in (*view.notes, *logs.notes):
        tell(f"note: {note}")
    if not said:
        tell("nothing was printed, or nothing of it is kept")
    return 5 if view.is_partial else 0
