"""`flowc <target> create`: flows to the files of a target, on stdout, on the disk, or compared with the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from compiler.backends import Backend, Options, OutputFile
from compiler.commands.findings import show
from compiler.commands.given import given_value
from compiler.commands.options import Option, WithHelp
from compiler.commands.output import differences, print_bytes, styled_diff, write_files
from compiler.commands.sources import FLOW, FlowName, Surroundings, named
from compiler.config import SHARED, Settings, frozen_value, target_options
from compiler.diagnostics import Report
from compiler.ir.flow import Flow, Value
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.package import is_compiled, package
from compiler.pipeline import emit_plan, read_flow
from compiler.record import record

_HELP = """Compile flows for {target}.

Prints the file, or writes all files with -o. Each setting can stand in pyproject.toml, in [tool.flowc.{target}]
or [tool.flowc]; `flowc config FLOW --target {target}` says what holds.

\b
  flowc {target} create flow.py
  flowc {target} create flow.py -o deploy/
  flowc {target} create flow.py -o deploy/ --check     exit 1 with a diff if it is not up to date
  flowc {target} create flows/*.py -o deploy/ --store s3://bucket/flows
"""


def create_command(backend: Backend) -> click.Command:
    """The command of one target, with an option for each of its settings."""
    settings = {**SHARED, **backend.target_options}
    return WithHelp(
        "create",
        callback=_callback(backend),
        help=_HELP.format(target=backend.name),
        params=[*_parameters(), *(_setting(name, line) for name, line in settings.items())],
    )


@record
class Request:
    """What one call asks for; `given` are the settings of the command line."""

    backend: Backend
    flows: tuple[FlowName, ...]
    output: str | None
    given: Mapping[str, Value]
    surroundings: Surroundings


def _parameters() -> tuple[click.Parameter, ...]:
    folder = click.Path(exists=True, file_okay=False, path_type=Path)
    return (
        click.Argument(["flows"], metavar="FLOW...", type=FLOW, nargs=-1, required=True),
        Option(["--flow", "flow_name"], metavar="NAME", help="Which flow of the file."),
        Option(["-o", "--output"], metavar="FILE|DIR", help="Write here; a folder exists or ends with a slash."),
        Option(["--check"], is_flag=True, help="Write nothing; exit 1 with a diff if the disk differs."),
        Option(["--root"], type=folder, help="The folder of the code, instead of the project's."),
    )


def _setting(name: str, line: str) -> click.Option:
    flags = [f"--{name.replace('_', '-')}", name]
    sentence = line[:1].upper() + line[1:].removesuffix(".") + "."
    if name == "max_workers":
        return Option(flags, type=click.IntRange(min=1), help=sentence)
    if name == "production":
        return Option(flags, is_flag=True, default=None, help=sentence)
    return Option(flags, metavar="TEXT", help=sentence)


def _callback(backend: Backend) -> Callable[..., int]:
    def create(
        *,
        flows: tuple[FlowName, ...],
        flow_name: str | None,
        output: str | None,
        check: bool,
        root: Path | None,
        **given: object,
    ) -> int:
        asked = {key: _value(backend, key, value) for key, value in given.items() if value is not None}
        flows = tuple(named(flow, flow_name) for flow in flows)
        request = Request(backend, flows, output, asked, Surroundings(root))
        return _check(request) if check else _create(request)

    return create


def _value(backend: Backend, key: str, given: object) -> Value:
    return frozen_value(given) if key in SHARED else given_value(backend, key, str(given))


def _create(request: Request) -> int:
    files = _compile(request)
    if files is None:
        return 1
    if request.output is None:
        return _print(request, files)
    placed = _placed(request, files)
    write_files({path: text.encode() for path, text in placed.items()})
    for path in placed:
        click.echo(f"wrote {path}", err=True)
    _warn_of_circle(request, placed)
    return 0


def _check(request: Request) -> int:
    if request.output is None:
        raise click.UsageError("--check compares with the disk: say with -o where the files are")
    files = _compile(request)
    if files is None:
        return 1
    diff = differences(_placed(request, files))
    for line in styled_diff(diff):
        click.echo(line, nl=False)
    return 1 if diff else 0


def _compile(request: Request) -> list[tuple[OutputFile, ...]] | None:
    """Each flow's files, or None where one has a mistake; all mistakes of all flows are shown."""
    report = Report()
    compiled = [_compile_one(request, flow, report) for flow in request.flows]
    show(report)
    return None if report.failed else compiled


def _compile_one(request: Request, name: FlowName, report: Report) -> tuple[OutputFile, ...]:
    surroundings, found = request.surroundings, Report()
    flow = read_flow(name.path, found, name=name.name, root=surroundings.root(name.path))
    files: tuple[OutputFile, ...] = ()
    if flow:
        image = surroundings.image(name.path, flow.name, request.backend.name, request.given)
        decision, options = decided(flow, surroundings.settings(name.path), request.backend, request.given, image)
        files = emit_plan(decision, request.backend, options, found)
    report.diagnostics.extend(found.diagnostics)
    return files


def decided(
    flow: Flow, settings: Settings, backend: Backend, given: Mapping[str, Value], image: str
) -> tuple[Plan, Options]:
    """What a target is given for a flow: its plan, and the options by the settings, the command line and the default image."""
    options = target_options(settings, backend, given, image)
    branch = settings.text("branch", backend.name, given)
    production = settings.get("production", backend.name, given).value is True
    return plan(flow, branch=branch, production=production), options


def _print(request: Request, files: list[tuple[OutputFile, ...]]) -> int:
    if len(files) > 1:
        raise click.UsageError(f"{len(files)} flows make {sum(map(len, files))} files: name a folder with -o")
    main, *rest = files[0]
    print_bytes(main.text)
    _name_rest(rest, "printed")
    return 0


def _name_rest(rest: list[OutputFile], what: str) -> None:
    if rest:
        names = ", ".join(file.name for file in rest)
        click.echo(f"note: not {what}: {names}; -o with a folder writes all files", err=True)


def _placed(request: Request, files: list[tuple[OutputFile, ...]]) -> dict[Path, str]:
    """Where each file goes: into the folder of `-o`; for one flow the main file is `-o` itself unless that is a folder."""
    assert request.output is not None
    target = Path(request.output)
    if len(files) == 1 and not (target.is_dir() or request.output.endswith("/")):
        main, *rest = files[0]
        _name_rest(rest, "written")
        return {target: main.text}
    if target.exists() and not target.is_dir():
        raise click.UsageError(f"{target} is a file: {len(files)} flows need a folder")
    placed: dict[Path, str] = {}
    for file in (file for flow in files for file in flow):
        if placed.setdefault(target / file.name, file.text) != file.text:
            raise click.UsageError(f"two flows would write {target / file.name}: give them different names")
    return placed


def _warn_of_circle(request: Request, placed: Mapping[Path, str]) -> None:
    """An output in the code's root that the archive does not know as one would change the digest that it names itself."""
    for path in _circular(request, placed):
        click.echo(
            f"note: {path} lies in the code's root, and the name of the image holds the digest of the code: "
            "list it in .flowcignore, or name the image with --image",
            err=True,
        )


def _circular(request: Request, placed: Mapping[Path, str]) -> Iterator[Path]:
    for name in request.flows:
        settings = request.surroundings.settings(name.path)
        if settings.text("image", request.backend.name, request.given) is None:
            root = request.surroundings.root(name.path).resolve()
            for path, text in placed.items():
                inside = path.resolve().is_relative_to(root) and not is_compiled(path.name, text.encode())
                if inside and path.resolve().relative_to(root).as_posix() in package(root).files:
                    yield path
