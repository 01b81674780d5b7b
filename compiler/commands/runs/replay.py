"""`flowc replay`: a task of any run done again here, with the inputs that it had."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from pathlib import Path

import click

from compiler.call.configs import Pairs, config_options, from_environment, given_configs
from compiler.call.options import WithHelp, env_option, option
from compiler.call.sources import FLOW, FlowName, Surroundings, import_option, planned, root_option, with_option
from compiler.call.stores import local_store
from compiler.documents import NotParsed, parse_json
from compiler.mistakes import INTERRUPTED, CallError
from compiler.replay.chosen import words_of
from compiler.replay.code import TODAY, code_of
from compiler.replay.replaying import Asked, chosen_task, replay
from compiler.replay.telling import document, lines
from compiler.run.events import TaskStart
from compiler.terminal.progress import Progress
from compiler.terminal.said import say, say_json, tell
from compiler.workspace.settings import LOCAL as LOCAL_TABLE
from compiler.workspace.settings import read_settings

_CODES = {"equal": 0, "differs": 3, "failed": 1}
_TERMINATED = 143
"""The exit code after SIGTERM, as shells give it."""


class _Terminated(KeyboardInterrupt):
    """SIGTERM: whoever knows how to end at Ctrl-C ends the same way."""


def _terminate(_: int, __: object) -> None:
    raise _Terminated


@click.command("replay", cls=WithHelp)
@click.argument("where", metavar="FLOW/RUN/STEP[/INDEX]")
@option(
    "--attempt",
    type=click.IntRange(min=0),
    metavar="N",
    help="Which attempt; by default the one that counts, or failed last.",
)
@option(
    "--file", "file", type=FLOW, metavar="FLOW", help="The flow's file; by default it is found by the run's record."
)
@option(
    "--code",
    default=TODAY,
    metavar="today|deployed|URL",
    help="Whose code: that of this folder, that of the run's archive, or that of an archive.",
)
@option(
    "--set",
    "values",
    multiple=True,
    metavar="NAME=JSON",
    help="Another value for an input: an artifact, or a parameter; may be given several times.",
)
@option("--pdb", is_flag=True, help="Open the debugger where the step raises.")
@option("--pdb-start", is_flag=True, help="Open the debugger at the step's first line.")
@option("--values", "shows", is_flag=True, help="Print the values that differ, too.")
@option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep what the replay left, as a store in that folder.",
)
@option("--store", metavar="URL", help="Where the run is kept; by default that of `flowc run`.")
@env_option
@with_option
@config_options
@root_option
@import_option
@option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout, and all else on stderr.")
def COMMAND(  # noqa: PLR0913 - click gives one argument an option
    *,
    where: str,
    attempt: int | None,
    file: FlowName | None,
    code: str,
    values: tuple[str, ...],
    pdb: bool,
    pdb_start: bool,
    shows: bool,
    keep: Path | None,
    store: str | None,
    env: str | None,
    added: tuple[str, ...],
    config_paths: Pairs,
    config_values: Pairs,
    root: Path | None,
    imports: bool | None,
    as_json: bool,
) -> int:
    """Do a task of a run again here, with the inputs that it had, and say what differs from what it left. Nothing of the
    run changes. Exit code 0: equal; 3: it differs; 1: the task fails; 4: there is no such task.

    \b
      flowc replay SquaresFlow/local-20260101-120000-abcdef/square/2
      flowc replay TrainFlow/argo-prod-train-x7k2p/fit --store s3://bucket/flows --pdb
      flowc replay TrainFlow/argo-prod-train-x7k2p/fit --attempt 1 --set alpha=0.5 --values
    """
    words = words_of(where)
    asked_debugger = _debugger(pdb=pdb, pdb_start=pdb_start, as_json=as_json)
    given = _values(values)
    url = local_store(read_settings(Path(), env).for_flow(words.flow), store)
    opened, chosen = chosen_task(url, words, attempt)
    found = code_of(chosen, code, file, env)
    surroundings = Surroundings(
        root or found.root,
        imports,
        given_configs(config_paths, config_values),
        added,
        from_environment(os.environ),
        env,
        runs=True,
    )
    plan = planned(found.flow, None, surroundings, branch=None, production=None)
    if plan is None:
        return 1
    settings = surroundings.settings(found.flow.path).for_flow(plan.flow.name)
    asked = Asked(given, asked_debugger, shows, keep, settings.text("start_method", LOCAL_TABLE, {}))
    width = len(TaskStart(chosen.address.step, chosen.address.name, 0).label)
    progress = Progress(sys.stderr if as_json else sys.stdout, sys.stderr, width)
    progress.begun = progress.clock()
    gc.enable()  # unlike a compile, a step may last for days
    signal.signal(signal.SIGTERM, _terminate)
    try:
        ended = replay(opened, chosen, found, plan, asked, progress, tell)
    except KeyboardInterrupt as interrupt:
        tell("interrupted: nothing of the run has changed")
        raise click.exceptions.Exit(_TERMINATED if isinstance(interrupt, _Terminated) else INTERRUPTED) from None
    if isinstance(ended, int):
        return ended
    if as_json:
        say_json(json.dumps(document(ended), indent=2))
    else:
        for line in lines(ended):
            say(*line)
    return _CODES[ended.comparison.result]


def _debugger(*, pdb: bool, pdb_start: bool, as_json: bool) -> str:
    """When the debugger begins; empty where none does. Raises CallError where nobody could talk with it."""
    if not (pdb or pdb_start):
        return ""
    name = "--pdb" if pdb else "--pdb-start"
    if pdb and pdb_start:
        raise CallError("--pdb and --pdb-start: the debugger begins once, where the step raises or at its first line")
    if as_json:
        raise CallError(f"{name} talks with a person, and --json with a program: give one of them")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CallError(f"{name} needs a terminal, and this call has none: run it in one, without pipes")
    return "failed" if pdb else "begun"


def _values(given: tuple[str, ...]) -> dict[str, object]:
    """The artifacts to set. Raises CallError."""
    found: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise CallError(f"--set {text}: it is NAME=JSON, as in --set alpha=0.5 or --set name='\"text\"'")
        if name in found:
            raise CallError(f"--set {name} is given twice")
        try:
            found[name] = parse_json(value)
        except NotParsed as error:
            raise CallError(
                f"--set {name}: {value!r} is no JSON ({error}); text stands in quotes, as in --set {name}='\"text\"'"
            ) from error
    return found
