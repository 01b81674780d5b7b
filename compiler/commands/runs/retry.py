"""`flowc retry`: do again what has failed in a run."""

from __future__ import annotations

import json

import click

from compiler.call.options import WithHelp, option
from compiler.mistakes import CallError
from compiler.operate.ending import beside, retried, retry_here
from compiler.operate.telling.documents import run_document
from compiler.operate.telling.progress import until_end
from compiler.operate.waiting import seconds_of
from compiler.operate.words import found, json_option, run_options, timeout_option
from compiler.terminal.said import say, say_json, tell


@click.command("retry", cls=WithHelp)
@click.argument("run", metavar="RUN")
@option("--from", "step", metavar="STEP", help="Also this step and all that follows it, whatever became of them.")
@option("--wait", is_flag=True, help="Wait for its end; exit 1 if it fails.")
@timeout_option
@option("--follow", is_flag=True, help="Wait, and print what its tasks print.")
@run_options
@json_option
def COMMAND(  # noqa: PLR0913 - click gives one argument an option
    *,
    run: str,
    step: str | None,
    wait: bool,
    timeout: str | None,
    follow: bool,
    store: str | None,
    target: str | None,
    env: str | None,
    connection: tuple[str, ...],
    as_json: bool,
) -> int:
    """Do again what has failed in a run, and keep what has succeeded.

    Prints the id of the run that goes on: the same one where the engine can, a new one that takes over what was done where it cannot. A
    local run goes on here, at once, as `flowc run --resume` does. With --from, a step that shares a container is done again with all
    that its container does.

    \b
      flowc retry argo-flows-train-flow-20260101120000abcdef --wait
      flowc retry airflow-TrainFlow-manual__2026-01-01 --from fit
      flowc retry TrainFlow/local-20260101-120000-abcdef
    """
    limit = None if timeout is None else seconds_of(timeout)
    address, place = found(run, store, target, env, connection)
    if address.step is not None:
        raise CallError(
            f"{run} names a task: `flowc retry {place.path} --from {address.step}` does its step and what follows again"
        )
    if place.engine is None:
        return retry_here(place, step, as_json=as_json)
    others = beside(place, step) if step is not None else ()
    going, view = retried(place, step)
    if others:
        tell(f"note: `{step}` shares a container with {_listed(others, step)}: the whole container is done again")
    if wait or follow or limit is not None:
        tell(f"{going.path} goes on")
        return until_end(going, limit, follow=follow, as_json=as_json)
    if as_json:
        say_json(json.dumps(run_document(view), indent=2, ensure_ascii=False))
    else:
        say(going.run)
        tell(f"goes on: `flowc status {going.path}` says how it goes")
    return 0


def _listed(steps: tuple[str, ...], own: str | None) -> str:
    return ", ".join(f"`{each}`" for each in steps if each != own)
