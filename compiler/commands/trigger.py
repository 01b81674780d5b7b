"""`flowc <target> trigger`: start a run of a deployment."""

from __future__ import annotations

import json
from pathlib import Path

import click

from compiler.backends import Backend
from compiler.backends.operating import EngineRun
from compiler.call.options import env_option
from compiler.call.sources import import_option
from compiler.operate.documents import run_document
from compiler.operate.engines import engine_of, given_connection
from compiler.operate.places import Place
from compiler.operate.showing import until_end
from compiler.operate.starting import meant, parameters_of, parameters_of_deployment, start_of
from compiler.operate.views import RunView
from compiler.operate.waiting import seconds_of
from compiler.operate.words import connection_option, json_option, name_options, timeout_option
from compiler.terminal.output import write_files
from compiler.terminal.said import say, say_json, tell

_HELP = """Start a run of a deployed flow on {target}.

FLOW is its file, or the name of the deployment; what follows are the flow's parameters.

Prints the run's id. A second try after a lost answer starts nothing twice.

\b
  flowc {target} trigger flow.py --alpha 0.5
  flowc {target} trigger flow.py --wait --timeout 1h      exit 1 if the run fails, 124 if it takes longer
  flowc {target} trigger {name} --follow                  with the logs of all its tasks
"""

_NAMES = {"argo": "train-flow", "airflow": "TrainFlow", "step-functions": "TrainFlow"}


def trigger_command(backend: Backend) -> click.Command:
    """The command of one target."""

    @click.command(
        "trigger",
        context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
        help=_HELP.format(target=backend.name, name=_NAMES.get(backend.name, "TrainFlow")),
    )
    @click.option("--wait", is_flag=True, help="Wait for its end; exit 1 if it fails.")
    @timeout_option
    @click.option("--follow", is_flag=True, help="Wait, and print what its tasks print.")
    @click.option(
        "--run-id-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the run's id here as it starts."
    )
    @click.option("--tag", "tags", multiple=True, metavar="TEXT", help="A tag of the run; may be given several times.")
    @click.option(
        "--parameters", metavar="JSON", default="{}", help="Values of the flow's parameters, as one JSON object."
    )
    @click.option("--flow", "flow_name", metavar="NAME", help="Which flow of the file.")
    @name_options
    @import_option
    @env_option
    @connection_option
    @json_option
    @click.argument("flow", metavar="FLOW")
    @click.argument("words", metavar="[--PARAMETER VALUE]...", nargs=-1, type=click.UNPROCESSED)
    def command(  # noqa: PLR0913 - click gives one argument an option
        *,
        flow: str,
        words: tuple[str, ...],
        wait: bool,
        timeout: str | None,
        follow: bool,
        run_id_file: Path | None,
        tags: tuple[str, ...],
        parameters: str,
        flow_name: str | None,
        imports: bool | None,
        env: str | None,
        connection: tuple[str, ...],
        as_json: bool,
        **named: object,
    ) -> int:
        limit = None if timeout is None else seconds_of(timeout)
        found = meant(backend, flow, named, env, flow=flow_name, imports=imports)
        if found is None:
            return 1
        engine = engine_of(backend.name, found.settings, given_connection(connection))
        there = engine.deployment(found.name)
        called = f"flowc {backend.name} trigger {flow}"
        ours = [name for each in command.params if isinstance(each, click.Option) for name in each.opts]
        if found.plan is not None:
            given = parameters_of(found.plan, called, words, ours, parameters)
        else:
            given = parameters_of_deployment(there, called, words, parameters)
        run = engine.trigger(found.name, start_of(given, tags))
        if run_id_file:
            write_files({run_id_file: run.run.encode()})
        kept = there.record
        store = (kept.store if kept else "") or found.settings.text("store", backend.name)
        flow_of = found.plan.flow.name if found.plan else (kept.flow.rpartition(":")[2] if kept else None)
        return _told(
            Place(run.run, flow_of, backend.name, engine, store),
            run,
            wait=wait,
            follow=follow,
            limit=limit,
            as_json=as_json,
        )

    return command


def _told(place: Place, run: EngineRun, *, wait: bool, follow: bool, limit: float | None, as_json: bool) -> int:
    if not (wait or follow or limit is not None):
        if as_json:
            view = RunView(
                run.run, place.flow, place.target, run.phase, run.deployment, run.created, url=run.url, tags=run.tags
            )
            say_json(json.dumps(run_document(view), indent=2, ensure_ascii=False))
        else:
            say(run.run)
            tell(
                f"started: `flowc status {place.path}` says how it goes, `flowc logs {place.path} --follow` what it prints"
            )
        return 0
    if not as_json:
        tell(f"started {place.path}")
    return until_end(place, limit, follow=follow, as_json=as_json)
