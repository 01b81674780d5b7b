"""`flowc <target> create`: flows to the files of a target, on stdout, on the disk, or compared with the disk."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import click

from compiler.backends import Backend
from compiler.call.configs import Pairs, given_configs
from compiler.call.options import RARE, Option, WithHelp
from compiler.call.sources import (
    CACHE_HELP,
    CACHE_WORDS,
    FlowName,
    Surroundings,
    named,
)
from compiler.fleet.compiling import Request, compile_flows, goes_to_folder
from compiler.fleet.folder import (
    Outcome,
    as_json,
    compared,
    counted,
    is_up_to_date,
    others,
    removed,
    stale_of,
    written,
)
from compiler.fleet.parts import Compiled, distinct
from compiler.fleet.placing import Placed, name_rest, placed_files, warn_of_circle
from compiler.fleet.words import compile_parameters, given_settings
from compiler.legible import one_line
from compiler.slotted_class import record, replaced
from compiler.terminal.output import differences, print_bytes, styled_diff
from compiler.terminal.said import say, say_json, tell
from compiler.workspace.folder_files import files_of_any_folder, folder_files

_HELP = """Compile flows for {target}.

Prints the file, or writes all files with -o. Each setting can stand in pyproject.toml, in [tool.flowc.{target}]
or [tool.flowc]; `flowc config FLOW --target {target}` says what holds.

\b
  flowc {target} create flow.py
  flowc {target} create flow.py -o deploy/
  flowc {target} create flow.py -o deploy/ --check     exit 1 with a diff if it is not up to date
  flowc {target} create -o deploy/ --env prod           all flows of the workspace
  flowc {target} create -o deploy/ --prune              also remove what no flow makes any more
  flowc {target} create -o deploy/ --check --changed-since origin/main
  flowc {target} create flows/ -o deploy/ --store s3://bucket/flows
"""


def create_command(backend: Backend) -> click.Command:
    """The command of one target, with an option for each of its settings."""
    flows, *others = compile_parameters(backend)
    return CreateCommand(
        "create",
        callback=_callback(backend),
        help=_HELP.format(target=backend.name),
        params=[flows, *_parameters(), *others],
    )


class CreateCommand(WithHelp):
    """A command that keeps the words of its call: `--check` says which call would mend what differs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, which changes the list."""
        ctx.meta[_WORDS] = tuple(args)
        return super().parse_args(ctx, args)


_WORDS = "flowc.words"


@record
class Wanted:
    """What is done with the files, beside writing them."""

    check: bool
    prune: bool
    json: bool


def _parameters() -> tuple[click.Parameter, ...]:
    return (
        Option(["-o", "--output"], metavar="FILE|DIR", help="Write here; a folder exists or ends with a slash."),
        Option(["--check"], is_flag=True, help="Write nothing; exit 1 with a diff if the disk differs."),
        Option(["--prune"], is_flag=True, help="Remove our files from the folder of -o that no flow makes any more."),
        Option(["--json", "as_json"], is_flag=True, help="Say as JSON what became of each file."),
        Option(CACHE_WORDS, is_flag=True, group=RARE, help=CACHE_HELP),
    )


def _callback(backend: Backend) -> Callable[..., int]:
    def create(  # noqa: PLR0913 - click gives one argument an option
        *,
        flows: tuple[FlowName, ...],
        flow_name: str | None,
        output: str | None,
        check: bool,
        prune: bool,
        as_json: bool,
        jobs: int | None,
        no_cache: bool,
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
        flows = distinct(named(flow, flow_name) for flow in surroundings.flows(flows))
        request = Request(
            backend, flows, output, asked, surroundings, jobs, goes_to_folder(flows, output), is_kept=not no_cache
        )
        wanted = Wanted(check, prune, as_json)
        _refuse_words(request, wanted, since)
        if since is not None:
            request = _changed(request, since)
            if not request.flows:
                return _nothing(request, wanted)
        compiled = compile_flows(request)
        if compiled is None:
            return 1
        return _print(request, compiled) if output is None else _place(request, wanted, compiled)

    return create


def _changed(request: Request, since: str) -> Request:
    """The call for those of its flows that have changed; whether one or many, they go where all of them would. Raises CallError."""
    from compiler.fleet.changed import changed_flows, tell_unchanged  # noqa: PLC0415 - few calls ask git

    changed = changed_flows(request.flows, since, request.surroundings)
    if not changed:
        tell_unchanged(since)
    return replaced(request, flows=changed, is_part=True, is_to_folder=request.is_to_folder)


def _nothing(request: Request, wanted: Wanted) -> int:
    if wanted.json:
        say_json(as_json(request.backend.name, []))
    return 0


def _refuse_words(request: Request, wanted: Wanted, since: str | None) -> None:
    """Raises UsageError for words that do not go together."""
    if wanted.prune and since is not None:
        raise click.UsageError("--prune removes what no flow of the workspace makes: leave --changed-since out")
    if request.output is None:
        if wanted.check:
            raise click.UsageError("--check compares with the disk: say with -o where the files are")
        if wanted.prune or wanted.json:
            word = "--prune removes" if wanted.prune else "--json tells of"
            raise click.UsageError(f"{word} files of a folder: say with -o which one")
    if not wanted.prune:
        return
    if wanted.check:
        raise click.UsageError(
            "--check writes and removes nothing, and fails on what --prune would remove: leave one out"
        )
    if not request.is_to_folder:
        raise click.UsageError(
            f"--prune looks for files in a folder, and -o {request.output} is none: end it with a slash"
        )
    if not _is_whole(request):
        raise click.UsageError(
            "--prune removes what no flow of the workspace makes, and this call does not compile all of them: "
            "name all flow files, each as a whole, or leave --prune out"
        )


def _print(request: Request, compiled: list[Compiled]) -> int:
    if len(compiled) > 1:
        count = sum(len(each.files) for each in compiled)
        raise click.UsageError(f"{len(compiled)} flows make {count} files: name a folder with -o")
    main, *rest = compiled[0].files
    print_bytes(main.text)
    name_rest([*rest, *files_of_any_folder(request.backend, compiled[0].options)], "printed")
    return 0


def _place(request: Request, wanted: Wanted, compiled: list[Compiled]) -> int:
    placed = placed_files(request, compiled)
    of_folder = _of_folder(request, compiled, placed)
    stale = _stale(request, {**placed, **of_folder}, wanted)
    placed |= _of_folder(request, compiled, placed, gone=stale) if stale and wanted.prune else of_folder
    if wanted.check:
        outcomes = [*compared(placed), *(Outcome(path, "stale") for path in stale)]
    else:
        outcomes = written(placed)
        outcomes += removed(stale) if wanted.prune else [Outcome(path, "stale") for path in stale]
        warn_of_circle(request, placed)
    if wanted.json:
        say_json(as_json(request.backend.name, outcomes))
    elif wanted.check:
        _say_differences(placed, outcomes, request.backend.name)
    else:
        _say_written(outcomes, request.backend.name)
    return 1 if wanted.check and not is_up_to_date(outcomes) else 0


def _of_folder(
    request: Request, compiled: list[Compiled], placed: dict[Path, Placed], gone: Collection[Path] = ()
) -> dict[Path, Placed]:
    """The files that the target writes for the folder as a whole, without those that are gone."""
    if not request.is_to_folder:
        return {}
    texts = {path: each.text for path, each in placed.items()}
    options = [each.options for each in compiled]
    found = folder_files(request.backend, options, Path(request.output or ""), texts, gone)
    return {path: Placed(text) for path, text in found.items()}


def _is_whole(request: Request) -> bool:
    """Whether the call compiles the whole workspace."""
    from compiler.fleet.whole import is_whole  # noqa: PLC0415 - without a folder nothing is left over

    return is_whole(request.flows, request.surroundings)


def _stale(request: Request, placed: dict[Path, Placed], wanted: Wanted) -> list[Path]:
    """The files that no flow makes any more; none where not all flows of the workspace are compiled, which --prune has asked before."""
    if request.is_part or not request.is_to_folder:
        return []
    candidates = others(Path(request.output or ""), request.backend.name, placed)
    stale = stale_of(candidates, request.backend.name)
    return stale if stale and (wanted.prune or _is_whole(request)) else []


def _gone(path: Path, target: str) -> str:
    return f"{one_line(str(path))} is of a flow that is gone, or not for {target}"


def _say_written(outcomes: list[Outcome], target: str) -> None:
    for each in outcomes:
        if each.state in ("written", "removed"):
            tell(f"{'wrote' if each.state == 'written' else 'removed'} {one_line(str(each.path))}")
        elif each.state == "stale":
            tell(f"note: {_gone(each.path, target)}: --prune removes it")
    tell(counted(outcomes))


def _say_differences(placed: dict[Path, Placed], outcomes: list[Outcome], target: str) -> None:
    """The diff to stdout; the count, and the call that mends it, to stderr."""
    differing = {each.path for each in outcomes if each.state in ("missing", "changed")}
    for line in styled_diff(differences({path: each.text for path, each in placed.items() if path in differing})):
        say(line, nl=False)
    stale = [each.path for each in outcomes if each.state == "stale"]
    for path in stale:
        tell(_gone(path, target))
    mended = "" if is_up_to_date(outcomes) else f": {_mending(prune=bool(stale))}"
    tell(f"{counted(outcomes)}{mended}")


_LONGEST = 300
"""Letters of a call that is told as a whole."""


def _mending(*, prune: bool) -> str:
    """The call that writes what `--check` has found to differ."""
    import shlex  # noqa: PLC0415 - nothing else here quotes

    ctx = click.get_current_context()
    words = [word for word in ctx.meta[_WORDS] if word not in ("--check", "--json")]
    called = f"{ctx.command_path} {shlex.join([*words, *(['--prune'] if prune else [])])}"
    if len(called) > _LONGEST:
        instead = "with --prune instead of --check" if prune else "without --check"
        return f"the same call {instead} mends it"
    return f"mend it with `{called}`"
