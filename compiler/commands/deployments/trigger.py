"""`flowc <target> trigger`: start a run of a deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from compiler.backends import Backend
from compiler.backends.operating import EngineRun
from compiler.call.options import WithHelp, env_option, option
from compiler.call.sources import import_option
from compiler.operate.engines import engine_of, given_connection
from compiler.operate.listing import of_engine
from compiler.operate.places import Place
from compiler.operate.starting import (
    deployment_of,
    for_time,
    meant,
    parameters_of,
    parameters_of_deployment,
    refuse_time,
    start_of,
    time_of,
)
from compiler.operate.telling.documents import run_document
from compiler.operate.telling.progress import until_end
from compiler.operate.waiting import seconds_of
from compiler.operate.words import connection_option, json_option, name_options, timeout_option
from compiler.slotted_class import record
from compiler.terminal.output import write_files
from compiler.terminal.said import say, say_json, tell

_HELP = """Start a run of a deployed flow on {target}.

FLOW is its file, or the name of the deployment. flowc's own options go before it; what follows are the flow's parameters.

Prints the run's id. A second try after a lost answer starts nothing twice.

\b
  flowc {target} trigger flow.py --alpha 0.5
  flowc {target} trigger --wait --timeout 1h flow.py      exit 1 if the run fails, 124 if it takes longer
  flowc {target} trigger --follow {name} --alpha 0.5      with the logs of all its tasks
  flowc {target} trigger --scheduled-at 2026-01-02T06:00Z flow.py      what the schedule has missed
"""

_NAMES = {"argo": "train-flow", "airflow": "TrainFlow", "step-functions": "TrainFlow"}


@record
class _Given:
    """The words of a call."""

    flow: str
    words: tuple[str, ...]
    wait: bool
    timeout: str | None
    follow: bool
    run_id_file: Path | None
    scheduled_at: str | None
    tags: tuple[str, ...]
    parameters: str
    flow_name: str | None
    imports: bool | None
    env: str | None
    connection: tuple[str, ...]
    as_json: bool
    name: str | None
    branch: str | None
    production: bool | None

    @property
    def named(self) -> Mapping[str, object]:
        """The settings that a deployment's name depends on."""
        return {"name": self.name, "branch": self.branch, "production": self.production}


def trigger_command(backend: Backend) -> click.Command:
    """The command of one target."""

    @click.command(
        "trigger",
        cls=WithHelp,
        context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
        help=_HELP.format(target=backend.name, name=_NAMES.get(backend.name, "TrainFlow")),
    )
    @option("--wait", is_flag=True, help="Wait for its end; exit 1 if it fails.")
    @timeout_option
    @option("--follow", is_flag=True, help="Wait, and print what its tasks print.")
    @option(
        "--run-id-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the run's id here as it starts."
    )
    @option("--scheduled-at", metavar="TIME", help="Do the schedule's run for this time: 2026-01-02T03:04:05Z.")
    @option("--tag", "tags", multiple=True, metavar="TAG", help="A tag of the run; may be given several times.")
    @option("--parameters", metavar="JSON", default="{}", help="Values of the flow's parameters, as one JSON object.")
    @option("--flow", "flow_name", metavar="NAME", help="Which flow of the file.")
    @name_options
    @import_option
    @env_option
    @connection_option
    @json_option
    @click.argument("flow", metavar="FLOW")
    @click.argument("words", metavar="[--PARAMETER VALUE]...", nargs=-1, type=click.UNPROCESSED)
    @click.pass_context
    def command(ctx: click.Context, /, **given: Any) -> int:
        return _triggered(backend, _Given(**given), ctx.command)

    return command


def _triggered(backend: Backend, given: _Given, command: click.Command) -> int:
    limit = None if given.timeout is None else seconds_of(given.timeout)
    time = None if given.scheduled_at is None else time_of(given.scheduled_at)
    found = meant(backend, given.flow, given.named, given.env, flow=given.flow_name, imports=given.imports)
    if found is None:
        return 1
    called = f"flowc {backend.name} trigger {given.flow}"
    refuse_time(called, given.words, given.parameters)
    ours = [name for each in command.params if isinstance(each, click.Option) for name in each.opts]
    # what a flow that is at hand does not take is said before the engine is asked for anything
    parameters = parameters_of(found.plan, called, given.words, ours, given.parameters) if found.plan else {}
    engine = engine_of(backend.name, found.settings, given_connection(given.connection))
    there = deployment_of(engine, found.name)
    if found.plan is None:
        parameters = parameters_of_deployment(there, called, given.words, ours, given.parameters)
    beside = {} if time is None else for_time(there, time)
    run = engine.trigger(found.name, start_of({**parameters, **beside}, given.tags))
    if given.run_id_file:
        write_files({given.run_id_file: run.run.encode()})
    kept = there.record
    store = (kept.store if kept else "") or found.settings.text("store", backend.name)
    flow = found.plan.flow.name if found.plan else (kept.flow.rpartition(":")[2] if kept else None)
    place = Place(run.run, flow, backend.name, engine, store)
    if given.wait or given.follow or limit is not None:
        tell(f"started {place.path}")
        return until_end(place, limit, follow=given.follow, as_json=given.as_json)
    _tell_started(place, run, as_json=given.as_json)
    return 0


def _tell_started(place: Place, run: EngineRun, *, as_json: bool) -> None:
    if as_json:
        view = of_engine(run, place.flow, place.target)
        say_json(json.dumps(run_document(view), indent=2, ensure_ascii=False))
        return
    say(run.run)
    path = place.path
    tell(f"started: `flowc status {path}` says how it goes, `flowc logs {path} --follow` what it prints")
