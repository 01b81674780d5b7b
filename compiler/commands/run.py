"""`flowc run`: a flow on this machine."""

from __future__ import annotations

import gc
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from flowc.language.current import username

from compiler.backends import Options, refuse
from compiler.call.configs import Pairs, config_options, from_environment, given_configs
from compiler.call.history import opened
from compiler.call.options import MLFLOW_HELP, MLFLOW_WORDS, RARE, READING, SERVER, WithHelp, env_option, option
from compiler.call.parameters import parse_parameters
from compiler.call.sources import FLOW, FlowName, Surroundings, import_option, planned, with_option
from compiler.call.stores import local_store
from compiler.call.target_settings import shared_here, sharing_options
from compiler.diagnostics import Report
from compiler.ir.plan import Plan
from compiler.mistakes import INTERRUPTED, CallError
from compiler.run import run_flow
from compiler.run.events import RunResult
from compiler.run.local import LOCAL
from compiler.run.resume import LATEST, Resume, find
from compiler.run.workers import begun
from compiler.terminal.findings import show
from compiler.terminal.progress import Progress
from compiler.terminal.said import say_json, tell
from compiler.workspace.settings import LOCAL as LOCAL_TABLE
from compiler.workspace.settings import START_METHODS, did_you_mean, tracking
from compiler.workspace.settings.keys import MLFLOW_URI

TERMINATED = 143
"""The exit code after SIGTERM, as shells give it."""

_TARGETS_OF = {
    "kubernetes": "`flowc argo create` or `flowc airflow create`",
    "batch": "`flowc step-functions create`",
}
"""What is meant by those who ask a local run for them."""

_OF_ONE_RUN = frozenset(("store", "run_id", "parameters", "flow_name", "resume_run", "from_step", "force"))
"""Options that a run that goes on from another does not take over as they are."""


def _no_file(ctx: click.Context, _parameter: click.Parameter, run: str | None) -> str | None:
    """What `--resume` names; a flow file stands there where the run was left out."""
    if run and run.endswith(".py"):
        said = f"--resume takes a run, and {run} is a file: `{ctx.command_path} {run} --resume` goes on from the newest"
        raise click.UsageError(said, ctx)
    return run


class _Terminated(KeyboardInterrupt):
    """SIGTERM: whoever knows how to end at Ctrl-C ends the same way."""


@click.command("run", cls=WithHelp, context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True})
@option(
    "--store",
    metavar="URL",
    help="Where artifacts are kept: file:/path, s3://bucket/prefix, gs://… or az://…. By default file:.flowc",
)
@option(
    "--max-workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many tasks run at once; by default as many as there are processors.",
)
@option(
    "--retry-pause",
    is_flag=True,
    group=RARE,
    help="Wait between attempts as @retry says; otherwise each begins at once.",
)
@option(
    "--start-method",
    type=click.Choice(START_METHODS),
    group=RARE,
    help="How a task's process starts: as a fork of one that has imported the flow, or as a fresh interpreter; "
    "by default by a fork where that is safe.",
)
@option(*MLFLOW_WORDS, metavar="URI", type=SERVER, help=MLFLOW_HELP)
@option("--run-id", metavar="NAME", group=RARE, help="The run's id; by default the time and a random word.")
@option(
    "--run-id-file",
    type=click.Path(dir_okay=False, path_type=Path),
    group=RARE,
    help="Write the run's id here as it starts.",
)
@option(
    "--runner-attribute-file",
    type=click.Path(dir_okay=False, path_type=Path),
    group=RARE,
    help="Write the flow, the run's id and the store here, as JSON, as it starts.",
)
@option("--parameters", metavar="JSON", help="Values of the flow's parameters, as one JSON object or the URL of one.")
@option("--tag", "tags", multiple=True, metavar="TAG", help="A tag of the run; may be given several times.")
@with_option
@sharing_options
@option("--flow", "flow_name", metavar="NAME", group=READING, help="Which flow of the file.")
@option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    group=READING,
    help="The folder of the code, instead of the project's.",
)
@option(
    "--resume",
    "resume_run",
    metavar="RUN",
    callback=_no_file,
    help="Take over what succeeded in that run (`latest`: the newest) and run the rest.",
)
@option("--from", "from_step", metavar="STEP", help="With --resume: run this step and all that follows it anew, too.")
@option("--force", is_flag=True, help="With --resume: also of a run that may still be running.")
@option("--branch", metavar="BRANCH", group=READING, help="The branch of a flow with @project.")
@option(
    "--production/--no-production",
    is_flag=True,
    default=None,
    group=READING,
    help="The branch of a flow with @project is its production.",
)
@import_option
@env_option
@option(
    "--any-packages", is_flag=True, group=RARE, help="Run although this Python lacks what @pypi and @conda ask for."
)
@config_options
@option("--timestamps", is_flag=True, help="Print each line with its time.")
@option("--verbose", is_flag=True, group=RARE, help="Print where a task is that does nothing for a minute.")
@option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout, and all else on stderr.")
@click.argument("flow", metavar="FLOW", type=FLOW)
@click.argument("words", metavar="[--PARAMETER VALUE]...", nargs=-1, type=click.UNPROCESSED)
def COMMAND(  # noqa: PLR0913 - click gives one argument an option
    *,
    flow: FlowName,
    words: tuple[str, ...],
    store: str | None,
    max_workers: int | None,
    retry_pause: bool,
    start_method: str | None,
    mlflow: str | None,
    run_id: str | None,
    run_id_file: Path | None,
    runner_attribute_file: Path | None,
    parameters: str | None,
    tags: tuple[str, ...],
    flow_name: str | None,
    root: Path | None,
    branch: str | None,
    production: bool | None,
    imports: bool | None,
    env: str | None,
    added: tuple[str, ...],
    fuse: bool,
    portions: tuple[str, ...],
    resume_run: str | None,
    from_step: str | None,
    force: bool,
    any_packages: bool,
    config_paths: Pairs,
    config_values: Pairs,
    timestamps: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Run a flow on this machine. What follows FLOW are the flow's parameters. Exit code 1 if the run fails, 2 if
    the store or a mistake in the call kept it from its work.

    Each task is a process of its own, with the runtime that also runs in the containers.

    \b
      flowc run flow.py
      flowc run flow.py --help                        the flow's parameters
      flowc run --max-workers 4 flow.py --alpha 0.5
      flowc run --store s3://bucket/flows --tag nightly flow.py
      flowc run flow.py --resume                      go on from the newest run; or --resume RUN [--from STEP]
    """
    runs = "--help" not in words
    server = click.get_current_context().with_resource(begun()) if runs else None
    configs = given_configs(config_paths, config_values)
    surroundings = Surroundings(root, imports, configs, added, from_environment(os.environ), env, runs=runs)
    plan = planned(flow, flow_name, surroundings, branch=branch, production=production, user=_user())
    if plan is None:
        return 1
    settings = surroundings.settings(flow.path).for_flow(plan.flow.name)
    plan = shared_here(plan, settings, fuse=fuse, portions=portions)
    if not _runs_here(plan, any_packages=any_packages, added=added):
        return 1
    url = opened(local_store(settings, store)).url
    notes = _notes(plan, url, run_id_file, runner_attribute_file)
    output = sys.stderr if as_json else sys.stdout
    progress = Progress(output, sys.stderr, _width(plan), notes, has_times=timestamps, is_verbose=verbose)
    _begin_to_run()
    words, resume_run, from_step, force = _resumed(plan, words, resume_run, from_step, is_forced=force)
    resume = _origin(plan, url, resume_run, from_step, force=force) if resume_run else None
    try:
        result = run_flow(
            plan,
            store=url,
            run_id=run_id if run_id is None else _checked(run_id),
            max_workers=settings.number("max_workers", LOCAL_TABLE, {"max_workers": max_workers}) or _processors(),
            tags=tags,
            parameters=_given(plan, flow, words, parameters, resumed=bool(resume)),
            listener=progress,
            resume=resume,
            retry_pause=retry_pause,
            same_code=settings.flag("same_code", LOCAL_TABLE, {}),
            start_method=settings.text("start_method", LOCAL_TABLE, {"start_method": start_method}),
            server=server,
            mlflow=tracking(settings, LOCAL_TABLE, {MLFLOW_URI: mlflow}),
        )
    except KeyboardInterrupt as ended:
        _tell_interrupted(progress, plan, flow.path, store)
        raise click.exceptions.Exit(TERMINATED if isinstance(ended, _Terminated) else INTERRUPTED) from None
    if as_json:
        say_json(json.dumps(_facts(result, progress), indent=2))
    return 0 if result.success else 2 if result.kept_away else 1


def _given(
    plan: Plan, flow: FlowName, words: tuple[str, ...], parameters: str | None, *, resumed: bool
) -> Mapping[str, object]:
    return parse_parameters(
        plan, f"flowc run {flow.path}", words, _own_options(), values=parameters or "{}", resumed=resumed
    )


def _tell_interrupted(progress: Progress, plan: Plan, path: Path, store: str | None) -> None:
    options = f" --store {shlex.quote(store)}" if store else ""
    progress.interrupted(plan.flow.name, options, lambda run: _same_run(run, f"{path}:{plan.flow.name}", options))


def _same_run(run: str, flow: str, options: str) -> str:
    """The command that goes on from a run as this call has begun it; its parameters are the run's."""
    context = click.get_current_context()
    words: list[str] = []
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if parameter.name in _OF_ONE_RUN or not isinstance(parameter, click.Option):
            continue
        if value is False and parameter.secondary_opts:
            words.append(parameter.secondary_opts[-1])
        elif value and parameter.is_flag:
            words.append(parameter.opts[-1])
        elif value:
            for each in value if parameter.multiple else (value,):
                words += [parameter.opts[-1], *map(str, each if isinstance(each, tuple) else (each,))]
    return f"flowc run{options} {shlex.join([*words, '--resume', run, flow])}"


def _begin_to_run() -> None:
    """Unlike a compile, a run may last for days, and it ends in order where it is asked to."""
    gc.enable()
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(_: int, __: object) -> None:
    raise _Terminated


def _resumed(
    plan: Plan, words: tuple[str, ...], run: str | None, step: str | None, *, is_forced: bool
) -> tuple[tuple[str, ...], str | None, str | None, bool]:
    """The words behind FLOW without `--resume [RUN]`, `--from STEP` and `--force`, which may stand there, and what they say.

    Raises CallError.
    """
    taken = {parameter.name for parameter in plan.parameters}
    rest: list[str] = []
    waiting = [*words]
    while waiting:
        name, equals, value = waiting.pop(0).partition("=")
        if name not in ("--resume", "--from", "--force") or name[2:] in taken or (name == "--force" and equals):
            rest.append(f"{name}{equals}{value}")
            continue
        if name == "--force":
            is_forced = True
            continue
        if not equals:
            value = waiting.pop(0) if waiting and not waiting[0].startswith("--") else ""
        if name == "--resume":
            run = value or LATEST
        else:
            step = value
    if step is not None and not (run and step):
        raise CallError("--from STEP needs a step, and --resume RUN: the run to go on from")
    if is_forced and not run:
        raise CallError("--force goes with --resume RUN: it is about a run that may still be running")
    if step is not None and step not in plan.tasks:
        raise CallError(f"{plan.flow.name} has no step `{step}` to resume from{did_you_mean(step, plan.tasks)}")
    return tuple(rest), run, step, is_forced


def _origin(plan: Plan, store: str, run: str, step: str | None, *, force: bool) -> Resume:
    """The run to go on from. Raises CallError where there is none, or it has not ended."""
    found = find(plan, store, run, step)
    if not force:
        from compiler.retention.rest import may_go_on  # noqa: PLC0415 - only a resumed run needs it

        why = may_go_on(opened(store), found.origin, time.time())
        if why:
            raise CallError(f"{why}: wait for its end, or resume it all the same with --force")
    return found


def _notes(
    plan: Plan, store: str, run_id_file: Path | None, attributes: Path | None
) -> Callable[[str], dict[Path, bytes]]:
    """The files to write as the run starts, by its id."""

    def notes(run_id: str) -> dict[Path, bytes]:
        facts = {"flow_name": plan.flow.name, "run_id": run_id, "store": store}
        found = {run_id_file: run_id.encode()} if run_id_file else {}
        return found | ({attributes: json.dumps(facts).encode()} if attributes else {})

    return notes


def _own_options() -> list[str]:
    return [
        name for each in COMMAND.params if isinstance(each, click.Option) for name in (*each.opts, *each.secondary_opts)
    ]


def _checked(run_id: str) -> str:
    """The run's id, as long as FLOW/RUN/STEP stays one run. Raises CallError."""
    if not run_id or "/" in run_id or not run_id.isprintable() or run_id in (".", ".."):
        raise CallError(
            f"--run-id {run_id!r} cannot name a run: it is a part of FLOW/RUN/STEP, so it has no `/` and is not empty, `.` or `..`"
        )
    return run_id


def _runs_here(plan: Plan, *, any_packages: bool, added: tuple[str, ...]) -> bool:
    """Whether a flow can run on this machine, which is told where not. Raises CallError where packages are missing."""
    report = Report()
    refuse(plan, LOCAL, Options(default_image=""), report)
    show(report)
    if report.failed:
        return False
    if not any_packages:
        _require_packages(plan)
    _note_of_engines(added)
    return True


def _note_of_engines(added: tuple[str, ...]) -> None:
    """Say that `--with kubernetes` starts nothing there: it is what would send tasks of other tools' local runs away."""
    for name in dict.fromkeys(each.partition(":")[0] for each in added):
        if name in _TARGETS_OF:
            tell(
                f"note: --with {name}: the tasks run on this machine; {_TARGETS_OF[name]} makes the files for an engine"
            )


def _require_packages(plan: Plan) -> None:
    """Every step runs in this Python: it must hold what they ask for. Raises CallError."""
    if not any(task.packages for task in plan.tasks.values()):
        return
    from compiler.run.packages import install_line, lacking, other_python  # noqa: PLC0415 - few flows ask for any

    lacks = lacking(plan)
    if lacks:
        steps: dict[tuple[str, ...], list[str]] = {}
        for step, what in lacks.items():
            steps.setdefault(tuple(what), []).append(step)
        lines = [f"  {', '.join(names)}: {', '.join(what)}" for what, names in steps.items()]
        raise CallError(
            "\n".join(
                [
                    "this Python lacks what steps ask for with @pypi or @conda, and a local run has no other:",
                    *lines,
                    f"install it: {install_line(plan)}",
                    "or run with --any-packages, whatever is there",
                ]
            )
        )
    python = other_python(plan)
    if python:
        tell(f"note: steps ask for Python {python}; here they run in {sys.version.split()[0]}")


def _width(plan: Plan) -> int:
    """Room for the longest label, with an index of one digit a level."""
    return max(
        len(task.title) + (2 * task.depth + 1 if task.depth else 0) + bool(task.chunk)
        for task in plan.root.containers()
    )


def _user() -> str:
    """Whose branch a flow with `@project` runs on where it has no other."""
    return os.environ.get("METAFLOW_OWNER") or username()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _facts(result: RunResult, progress: Progress) -> dict[str, object]:
    return {
        "run_id": result.run_id,
        "pathspec": result.pathspec,
        "success": result.success,
        "tasks": progress.finished_tasks,
        "failed": [task.label for task in progress.failures],
    }
