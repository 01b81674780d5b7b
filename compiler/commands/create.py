"""`flowc <target> create`: flows to the files of a target, on stdout, on the disk, or compared with the disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import click

from compiler.backends import Backend, Options, OutputFile
from compiler.call.configs import Pairs, check_given, config_parameters, given_configs, unread
from compiler.call.options import ENV_HELP, FOLDER, Option, WithHelp
from compiler.call.sources import FLOWS, IMPORT_HELP, IMPORT_WORDS, WITH_HELP, FlowName, Surroundings, named
from compiler.call.stores import needs_of
from compiler.call.target_settings import decided, given_value
from compiler.diagnostics import Report
from compiler.ir.flow import Flow, Value
from compiler.ir.needs import has_own_packages
from compiler.mistakes import CallError
from compiler.pipeline import emit_plan, read_flow, read_flows
from compiler.reading import is_within
from compiler.slotted_class import record
from compiler.terminal.findings import show
from compiler.terminal.output import differences, print_bytes, styled_diff, write_files
from compiler.terminal.said import say, tell
from compiler.workspace.folder_files import files_of_any_folder, folder_files
from compiler.workspace.package import is_compiled
from compiler.workspace.settings import SHARED, frozen_value
from compiler.workspace.settings.keys import KINDS

_HELP = """Compile flows for {target}.

Prints the file, or writes all files with -o. Each setting can stand in pyproject.toml, in [tool.flowc.{target}]
or [tool.flowc]; `flowc config FLOW --target {target}` says what holds.

\b
  flowc {target} create flow.py
  flowc {target} create flow.py -o deploy/
  flowc {target} create flow.py -o deploy/ --check     exit 1 with a diff if it is not up to date
  flowc {target} create -o deploy/ --env prod           all flows of the workspace
  flowc {target} create flows/ -o deploy/ --store s3://bucket/flows
"""


def create_command(backend: Backend) -> click.Command:
    """The command of one target, with an option for each of its settings."""
    settings = {**SHARED, **backend.target_options}
    return WithHelp(
        "create",
        callback=_callback(backend),
        help=_HELP.format(target=backend.name),
        params=[*_parameters(), *(_setting(backend, name, line) for name, line in settings.items())],
    )


@record
class Request:
    """What one call asks for; `given` are the settings of the command line."""

    backend: Backend
    flows: tuple[FlowName, ...]
    output: str | None
    given: Mapping[str, Value]
    surroundings: Surroundings

    @property
    def is_to_folder(self) -> bool:
        """Whether each flow's files go into a folder, under their own names."""
        if self.output is None:
            return False
        return len(self.flows) > 1 or self.output.endswith("/") or Path(self.output).is_dir()


@record
class Compiled:
    """One flow of a file, and what a target made of it."""

    path: Path
    flow: str
    files: tuple[OutputFile, ...]
    options: Options


def _parameters() -> tuple[click.Parameter, ...]:
    return (
        click.Argument(["flows"], metavar="[FLOW|FOLDER]...", type=FLOWS, nargs=-1),
        Option(["--flow", "flow_name"], metavar="NAME", help="Which flow of the file."),
        Option(["-o", "--output"], metavar="FILE|DIR", help="Write here; a folder exists or ends with a slash."),
        Option(["--check"], is_flag=True, help="Write nothing; exit 1 with a diff if the disk differs."),
        Option(["--root"], type=FOLDER, help="The folder of the code, instead of the project's."),
        Option(["--env"], metavar="NAME", help=ENV_HELP),
        Option(IMPORT_WORDS, is_flag=True, default=None, help=IMPORT_HELP),
        *config_parameters(),
        Option(["--with", "added"], multiple=True, metavar="DECORATOR", help=WITH_HELP),
    )


def _setting(backend: Backend, name: str, line: str) -> click.Option:
    """The option of a setting: a flag is one with its opposite, a number says so, all else is text."""
    option = f"--{name.replace('_', '-')}"
    sentence = line[:1].upper() + line[1:].removesuffix(".") + "."
    if name == "max_workers":
        return Option([option, name], type=click.IntRange(min=1), help=sentence)
    kind = KINDS.get(name, "text") if name in SHARED else backend.kind(name)
    if kind == "flag":
        return Option([f"{option}/--no-{option[2:]}", name], is_flag=True, default=None, help=sentence)
    return Option([option, name], metavar="NUMBER" if kind == "number" else "TEXT", help=sentence)


def _callback(backend: Backend) -> Callable[..., int]:
    def create(  # noqa: PLR0913 - click gives one argument an option
        *,
        flows: tuple[FlowName, ...],
        flow_name: str | None,
        output: str | None,
        check: bool,
        root: Path | None,
        env: str | None,
        imports: bool | None,
        config_paths: Pairs,
        config_values: Pairs,
        added: tuple[str, ...],
        **given: object,
    ) -> int:
        asked = {key: _value(backend, key, value) for key, value in given.items() if value is not None}
        surroundings = Surroundings(root, imports, given_configs(config_paths, config_values), added, env=env)
        flows = tuple(named(flow, flow_name) for flow in surroundings.flows(flows))
        request = Request(backend, flows, output, asked, surroundings)
        return _check(request) if check else _create(request)

    return create


def _value(backend: Backend, key: str, given: object) -> Value:
    return frozen_value(given) if key in SHARED or isinstance(given, bool) else given_value(backend, key, str(given))


def _create(request: Request) -> int:
    compiled = _compile(request)
    if compiled is None:
        return 1
    if request.output is None:
        return _print(request, compiled)
    placed = _placed(request, compiled)
    _spare_sources(request, placed)
    write_files({path: text.encode() for path, text in placed.items()})
    for path in placed:
        tell(f"wrote {path}")
    _warn_of_circle(request, placed)
    return 0


def _check(request: Request) -> int:
    if request.output is None:
        raise click.UsageError("--check compares with the disk: say with -o where the files are")
    compiled = _compile(request)
    if compiled is None:
        return 1
    diff = differences(_placed(request, compiled))
    for line in styled_diff(diff):
        say(line, nl=False)
    return 1 if diff else 0


def _compile(request: Request) -> list[Compiled] | None:
    """Each flow's files, or None where one has a mistake; all mistakes of all flows are shown."""
    report = Report()
    sources: list[Flow] = []
    compiled = [each for name in request.flows for each in _compile_file(request, name, sources, report)]
    show(report)
    if report.failed:
        return None
    if not compiled:
        raise CallError("there is no flow to compile: the files hold bases of flows alone")
    check_given(request.surroundings.given_configs, sources)
    if told := unread(os.environ, sources):
        tell(told)
    return compiled


def _compile_file(request: Request, name: FlowName, sources: list[Flow], report: Report) -> list[Compiled]:
    surroundings, found, compiled = request.surroundings, Report(), []
    notes: dict[str, None] = {}
    flows = _read(request, name, found)
    sources += flows
    settings = surroundings.settings(name.path)
    for flow in flows:
        image = surroundings.image(
            name.path, flow, request.backend.name, request.given, variants=has_own_packages(flow)
        )
        decision, options = decided(flow, settings, request.backend, request.given, image)
        if told := needs_of(options):
            notes[told] = None
        if settings.policy:
            from compiler.policy.holding import hold  # noqa: PLC0415 - few repositories have a policy

            hold(settings, decision, found, (request.backend, options))
        compiled.append(Compiled(name.path, flow.name, emit_plan(decision, request.backend, options, found), options))
    if flows:
        surroundings.check_packed(name.path, flows, (request.backend.name,), request.given, found)
    report.take(found)
    for note in notes:
        tell(note)
    return compiled


def _read(request: Request, name: FlowName, found: Report) -> tuple[Flow, ...]:
    """All flows of a file where each has its own output, else the one that is named or alone."""
    root, reading = request.surroundings.root(name.path), request.surroundings.reading(name.path)
    if request.is_to_folder:
        return read_flows(name.path, found, root=root, name=name.name, reading=reading)
    flow = read_flow(name.path, found, name=name.name, root=root, reading=reading)
    return (flow,) if flow else ()


def _print(request: Request, compiled: list[Compiled]) -> int:
    if len(compiled) > 1:
        count = sum(len(each.files) for each in compiled)
        raise click.UsageError(f"{len(compiled)} flows make {count} files: name a folder with -o")
    main, *rest = compiled[0].files
    print_bytes(main.text)
    _name_rest([*rest, *files_of_any_folder(request.backend, compiled[0].options)], "printed")
    return 0


def _name_rest(rest: list[OutputFile], what: str) -> None:
    if rest:
        names = ", ".join(file.name for file in rest)
        tell(f"note: not {what}: {names}; -o with a folder writes all files")


def _placed(request: Request, compiled: list[Compiled]) -> dict[Path, str]:
    """Where each file goes: into the folder of `-o`; for one flow the main file is `-o` itself unless that is a folder."""
    assert request.output is not None
    target = Path(request.output)
    if not request.is_to_folder:
        main, *rest = compiled[0].files
        _name_rest([*rest, *files_of_any_folder(request.backend, compiled[0].options)], "written")
        return {target: main.text}
    if target.exists() and not target.is_dir():
        why = (
            f"{len(request.flows)} flows need a folder"
            if len(request.flows) > 1
            else "`-o` with a slash names a folder"
        )
        raise click.UsageError(f"{target} is a file: {why}")
    placed: dict[Path, str] = {}
    for each in compiled:
        for file in each.files:
            path = target / _file_name(each, file.name, compiled)
            if placed.setdefault(path, file.text) != file.text:
                raise click.UsageError(f"two flows would write {path}: give them different names")
    return placed | folder_files(request.backend, (each.options for each in compiled), target, placed)


def _spare_sources(request: Request, placed: Iterable[Path]) -> None:
    """What a flow is written in is never written over. Raises UsageError."""
    sources = {name.path.resolve() for name in request.flows}
    for path in placed:
        if path.resolve() in sources:
            raise click.UsageError(f"-o {path} would write over the flow itself: name another file, or a folder")


def _file_name(own: Compiled, name: str, compiled: list[Compiled]) -> str:
    """A file's name; with the flow's where another flow of the same source has a file of that name, too."""
    others = [each for each in compiled if each.path == own.path and each.flow != own.flow]
    if any(name == file.name for each in others for file in each.files):
        stem, dot, suffix = name.partition(".")
        return f"{stem}_{own.flow}{dot}{suffix}"
    return name


def _warn_of_circle(request: Request, placed: Mapping[Path, str]) -> None:
    """An output in the code's root that the archive does not know as one would change the digest that it names itself."""
    for path in _circular(request, placed):
        tell(
            f"note: {path} lies in the code's root, and the name of the image holds the digest of the code: "
            "list it in .flowcignore, or name the image with --image"
        )


def _circular(request: Request, placed: Mapping[Path, str]) -> Iterator[Path]:
    for name in request.flows:
        settings = request.surroundings.settings(name.path)
        if settings.text("image", request.backend.name, request.given) is None:
            place = request.surroundings.place(name.path)
            root = place.root.resolve()
            unknown = [path for path, text in placed.items() if not is_compiled(path.name, text.encode())]
            inside = {path.resolve().relative_to(root).as_posix(): path for path in unknown if is_within(path, root)}
            held = request.surroundings.packages().anew().of(place, ()).archive.files if inside else ()
            yield from (inside[each] for each in held if each in inside)
