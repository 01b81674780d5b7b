"""`flowc <target> deploy`: compile flows and make the engine hold what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import click

from compiler.backends import Backend
from compiler.backends.operating import Engine
from compiler.call.configs import Pairs, given_configs
from compiler.call.freeing import agreed
from compiler.call.options import RARE, Option, WithHelp
from compiler.call.sources import FlowName, Surroundings, named
from compiler.fleet.changed import changed_flows, tell_unchanged
from compiler.fleet.compiling import Request
from compiler.fleet.parts import distinct
from compiler.fleet.whole import is_whole
from compiler.fleet.words import compile_parameters, given_settings
from compiler.mistakes import CallError
from compiler.operate.deploying import Step, deploy, steps
from compiler.operate.engines import engine_of, given_connection
from compiler.operate.releases import Planned, releases
from compiler.operate.telling.documents import VERSION, deployment_facts, step_facts
from compiler.operate.telling.lines import deployment_lines, step_lines
from compiler.operate.words import CONNECTION_HELP
from compiler.slotted_class import record, replaced
from compiler.terminal.said import say, say_json, tell

DIFFERENT = 3
"""The exit code of `--dry-run` where something would change."""

_HELP = """Compile flows for {target} and deploy what differs from what is there.

Says what changes, in the words of `flowc diff`, then changes only that, and only what flowc has deployed. The connection is what
[tool.flowc.{target}.connection] and the tools of {target} say; `flowc doctor {target}` looks whether it works.
What is suspended stays so until `flowc {target} resume`.

\b
  flowc {target} deploy flow.py
  flowc {target} deploy --env prod                      all flows of the workspace
  flowc {target} deploy --env prod --dry-run            what would change: exit 3 if anything
  flowc {target} deploy --env prod --prune              also remove deployments that no flow makes any more
"""


@record
class _Wanted:
    dry_run: bool
    prune: bool
    yes: bool
    as_json: bool


def deploy_command(backend: Backend) -> click.Command:
    """The command of one target, with an option for each of its settings."""
    flows, *others = compile_parameters(backend)
    own = (
        Option(["--dry-run"], is_flag=True, help="Change nothing; exit 3 if anything would change."),
        Option(["--prune"], is_flag=True, help="Remove the workspace's deployments that no flow makes any more."),
        Option(["--yes"], is_flag=True, help="Do not ask before something is removed."),
        Option(["--connection"], multiple=True, metavar="KEY=VALUE", group=RARE, help=CONNECTION_HELP),
        Option(["--json", "as_json"], is_flag=True, help="Say as JSON what became of each deployment."),
    )
    return WithHelp(
        "deploy",
        callback=_callback(backend),
        help=_HELP.format(target=backend.name),
        params=[flows, *own, *others],
    )


def _callback(backend: Backend) -> Callable[..., int]:
    def command(  # noqa: PLR0913 - click gives one argument an option
        *,
        flows: tuple[FlowName, ...],
        flow_name: str | None,
        dry_run: bool,
        prune: bool,
        yes: bool,
        as_json: bool,
        connection: tuple[str, ...],
        jobs: int | None,
        since: str | None,
        root: Path | None,
        env: str | None,
        imports: bool | None,
        config_paths: Pairs,
        config_values: Pairs,
        added: tuple[str, ...],
        **given: object,
    ) -> int:
        asked = given_settings(backend, given)
        surroundings = Surroundings(root, imports, given_configs(config_paths, config_values), added, env=env)
        names = distinct(named(flow, flow_name) for flow in surroundings.flows(flows))
        request = Request(backend, names, None, asked, surroundings, jobs, is_to_folder=True)
        wanted = _Wanted(dry_run, prune, yes, as_json)
        if prune and (since is not None or not is_whole(names, surroundings)):
            raise click.UsageError(
                "--prune removes what no flow of the workspace makes, and this call does not deploy all of them: "
                "name no flow, or leave --prune out"
            )
        if since is not None:
            request = replaced(request, flows=changed_flows(names, since, surroundings))
            if not request.flows:
                tell_unchanged(since)
                return _told_nothing(backend.name, wanted)
        planned = releases(request, time.time())
        if planned is None:
            return 1
        return _deployed(request, planned, wanted, connection)

    return command


def _told_nothing(target: str, wanted: _Wanted) -> int:
    if wanted.as_json:
        say_json(json.dumps({"version": VERSION, "target": target, "dry_run": wanted.dry_run, "deployments": []}))
    return 0


def _deployed(request: Request, planned: tuple[Planned, ...], wanted: _Wanted, connection: tuple[str, ...]) -> int:
    first = planned[0].compiled
    settings = request.surroundings.settings(first.path).for_flow(first.flow)
    engine = engine_of(request.backend.name, settings, given_connection(connection))
    workspace = planned[0].release.record.workspace
    if wanted.prune and not workspace:
        raise CallError("--prune knows the deployments of this workspace by its git repository, and there is none here")
    todo = steps(engine, planned, request.backend.name, prune=workspace if wanted.prune else None, env=settings.env)
    if not wanted.as_json:
        for step in todo:
            for line in step_lines(step, is_meant=not wanted.dry_run):
                say(*line)
    if wanted.dry_run:
        return _dry(request, todo, wanted)
    removed = [step for step in todo if step.state == "removed"]
    if removed and not agreed(f"Remove {', '.join(each.name for each in removed)}?", yes=wanted.yes):
        raise click.Abort
    return _done(request, engine, todo, wanted)


def _done(request: Request, engine: Engine, todo: tuple[Step, ...], wanted: _Wanted) -> int:
    facts: list[dict[str, object]] = []
    for step, there in deploy(engine, todo, tell):
        facts.append({**step_facts(step), "deployed": deployment_facts(there) if there else None})
        if step.state != "unchanged" and not wanted.as_json:
            tell(f"{'removed' if there is None else 'deployed'} {step.name}")
            for line in deployment_lines(there) if there and there.problem else ():
                tell(*line)
    if wanted.as_json:
        document = {"version": VERSION, "target": request.backend.name, "where": engine.where, "dry_run": False}
        say_json(json.dumps({**document, "deployments": facts}, indent=2, ensure_ascii=False))
    else:
        tell(f"{_counted(todo)} on {engine.where}")
    return 0


def _dry(request: Request, todo: tuple[Step, ...], wanted: _Wanted) -> int:
    if wanted.as_json:
        document = {"version": VERSION, "target": request.backend.name, "dry_run": True}
        facts = [step_facts(step) for step in todo]
        say_json(json.dumps({**document, "deployments": facts}, indent=2, ensure_ascii=False))
    else:
        tell(f"{_counted(todo)}: nothing was changed")
    return DIFFERENT if any(step.state != "unchanged" for step in todo) else 0


def _counted(todo: tuple[Step, ...]) -> str:
    states = [step.state for step in todo]
    return ", ".join(f"{states.count(each)} {each}" for each in dict.fromkeys(states))
