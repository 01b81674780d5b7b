"""What a command line names: flow files, their flows, and the settings, root and digest that go with each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compiler.call.options import FOLDER, RARE, READING, env_option, option
from compiler.diagnostics import Report
from compiler.frontend.text.modules import Known
from compiler.frontend.values.config_values import Given
from compiler.ir.flow import Flow, Value
from compiler.mistakes import CallError, joined
from compiler.pipeline import Reading, read_flow
from compiler.slotted_class import fresh, mutable, record
from compiler.terminal.findings import show
from compiler.workspace.package import code_root, default_image, image_digest
from compiler.workspace.settings import Settings, did_you_mean, read_settings

if TYPE_CHECKING:
    from compiler.ir.plan import Plan
    from compiler.workspace.closure.packages import Packages, Place


@record
class FlowName:
    """`flow.py` or `flow.py:Name`."""

    path: Path
    name: str | None


class FlowNameType(click.ParamType):  # type: ignore[type-arg] # generic in newer versions of click only
    """A flow file that exists, with the name of one of its flows or without; where many may be meant, also a folder."""

    name = "flow"

    def __init__(self, *, is_many: bool = False) -> None:
        self.is_many = is_many

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> FlowName:
        """`a/b.py:Name` in its two parts."""
        if isinstance(value, FlowName):
            return value
        text = str(value)
        path, separator, name = text.rpartition(":")
        if not separator or Path(text).is_file() or not name.isidentifier():
            path, name = text, ""
        if Path(path).is_dir() and self.is_many and not name:
            return FlowName(Path(path), None)
        if Path(path).is_dir():
            self.fail(f"{path} is a folder: name its flow files", param, ctx)
        if text.startswith("-") and not Path(text).is_file():
            raise CallError(_early(text.partition("=")[0], ctx))
        if not Path(path).is_file():
            self.fail(f"there is no file {path}", param, ctx)
        return FlowName(Path(path), name or None)


def _early(option: str, ctx: click.Context | None) -> str:
    """What a word is told that stands where a flow file should, and looks like an option."""
    called = ctx.command_path if ctx else "flowc run"
    known = [name[2:] for each in ctx.command.params for name in each.opts if name.startswith("--")] if ctx else []
    close = did_you_mean(option.removeprefix("--"), known)
    meant = close.replace("`", "`--", 1) if close.endswith("?") else ""
    more = f"the flow's own parameters go after its file: `{called} flow.py {option} VALUE`"
    return joined(f"`{called}` has no option {option}{meant}", more)


FLOW = FlowNameType()
FLOWS = FlowNameType(is_many=True)

flow_argument = click.argument("flow", metavar="FLOW", type=FLOW)
flows_argument = click.argument("flows", metavar="[FLOW|FOLDER]...", type=FLOWS, nargs=-1)
flow_option = option("--flow", "flow_name", metavar="NAME", group=READING, help="Which flow of the file.")
IMPORT_HELP = "Import the flow's module, in a process without network, for what its text does not tell."
IMPORT_WORDS = ("--import/--no-import", "imports")
import_option = option(*IMPORT_WORDS, is_flag=True, default=None, group=READING, help=IMPORT_HELP)
WITH_HELP = "A decorator for every step that has none of its name: retry:times=2; may be given several times."
with_option = option("--with", "added", multiple=True, metavar="DECORATOR", group=READING, help=WITH_HELP)
JOBS_HELP = "How many processes read many flows."
jobs_option = option("--jobs", type=click.IntRange(min=1), metavar="N", group=RARE, help=JOBS_HELP)
CACHE_WORDS = ("--no-cache", "no_cache")
CACHE_HELP = "Read all flows anew, whatever is kept of them, and keep nothing."
cache_option = option(*CACHE_WORDS, is_flag=True, group=RARE, help=CACHE_HELP)
SINCE_WORDS = ("--changed-since", "since")
SINCE_HELP = "Only the flows that have changed since this revision of git."
since_option = option(*SINCE_WORDS, metavar="REF", help=SINCE_HELP)
root_option = option(
    "--root",
    type=FOLDER,
    metavar="FOLDER",
    group=READING,
    help="The folder of the code; by default the workspace's, that of .git, else the flow's.",
)


def project_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--branch` and `--production` of a flow with `@project`."""
    branch = option("--branch", metavar="BRANCH", group=READING, help="The branch of a flow with @project.")
    production = option(
        "--production/--no-production",
        is_flag=True,
        default=None,
        group=READING,
        help="The branch of a flow with @project is its production.",
    )
    return branch(production(command))


def named(flow: FlowName, option: str | None) -> FlowName:
    """The flow as `--flow` names it. The two ways must not disagree."""
    if option and flow.name and option != flow.name:
        raise click.UsageError(f"{flow.path}:{flow.name} and --flow {option} name two flows")
    return FlowName(flow.path, flow.name or option)


@mutable
class Surroundings:
    """The settings, root and digest of each flow file of one call; what flows share is read once."""

    given_root: Path | None = None
    imports: bool | None = None
    given_configs: Mapping[str, Given] = fresh(default_factory=dict)
    added: tuple[str, ...] = ()
    from_environment: Mapping[str, Given] = fresh(default_factory=dict)
    env: str | None = None
    """The environment of the settings: `--env`."""
    runs: bool = False
    """Whether the call runs the flow's code anyway."""
    _found: set[Path] = fresh(default_factory=set)
    _told: set[Path] = fresh(default_factory=set)
    _settings: dict[Path, Settings] = fresh(default_factory=dict)
    _roots: dict[Path, Path] = fresh(default_factory=dict)
    _known: Known = fresh(default_factory=Known)
    _packages: Packages | None = None

    def flows(self, given: Sequence[FlowName]) -> tuple[FlowName, ...]:
        """The flow files that a call names, each once: those named, those below a folder, or without a word those of the workspace.

        Raises CallError where none is there.
        """
        names: dict[FlowName, None] = {}
        for each in given:
            inner = self._below(each.path) if each.path.is_dir() else (each,)
            names |= dict.fromkeys(inner)
        return tuple(names) if given else self._workspace()

    def _below(self, folder: Path) -> tuple[FlowName, ...]:
        from compiler.workspace.discovery import flows_below  # noqa: PLC0415 - most calls name files

        found = flows_below(folder, read_settings(folder, self.env))
        if not found:
            raise CallError(f"there is no flow below {folder}: a flow is a class whose base is FlowSpec, in a .py file")
        return self._named(found)

    def _workspace(self) -> tuple[FlowName, ...]:
        from compiler.workspace.discovery import workspace_flows  # noqa: PLC0415 - as above

        settings = self.settings(Path())
        found = workspace_flows(Path(), settings)
        if not found:
            globs = f" by `flows` = {list(settings.words('flows'))}" if settings.words("flows") else ""
            place = settings.folder.absolute() if settings.folder else Path.cwd()
            raise CallError(f"there is no flow in the workspace {place}{globs}: name a flow file or a folder")
        return self._named(found)

    def _named(self, found: Sequence[Path]) -> tuple[FlowName, ...]:
        self._found.update(found)
        return tuple(FlowName(path, None) for path in found)

    def is_meant(self, path: Path, flow: str, target: str) -> bool:
        """Whether a call for a target is about a flow of a file: one that is named is meant, others where their settings say so."""
        return path not in self._found or self.settings(path).for_flow(flow).is_for(target)

    def settings(self, path: Path) -> Settings:
        """The settings of the workspace of a flow file, in the environment of the call."""
        folder = path.parent
        if folder not in self._settings:
            self._settings[folder] = read_settings(folder, self.env)
        return self._settings[folder]

    def root(self, path: Path) -> Path:
        """The folder that goes into the code archive of a flow file."""
        if path not in self._roots:
            self._roots[path] = code_root(path, self.settings(path), self.given_root)
        return self._roots[path]

    def reading(self, path: Path) -> Reading:
        """How a flow file is read."""
        settings = self.settings(path)
        return Reading(
            self._imports(settings),
            settings.words("passthrough"),
            self._configs(settings),
            (*settings.words("with"), *self.added),
            folders=settings.import_folders(),
            passes_over=path in self._found,
            added_to={name: (*settings.for_flow(name).words("with"), *self.added) for name in settings.flows},
            known=self._known,
        )

    def _imports(self, settings: Settings) -> bool:
        """Whether modules are imported: as the command line says, else where the repository asks for it and the caller trusts it."""
        if self.imports is not None or not settings.asks_for_import:
            return self.imports is True
        from compiler.workspace.trust import is_trusted  # noqa: PLC0415 - few repositories ask

        assert settings.folder is not None
        if self.runs or is_trusted(settings.folder, os.environ):
            return True
        if settings.folder not in self._told:
            from compiler.terminal.notes import tell_untrusted  # noqa: PLC0415 - as above

            self._told.add(settings.folder)
            tell_untrusted(settings.folder, os.environ)
        return False

    def _configs(self, settings: Settings) -> dict[str, Given]:
        """What is given to the `Config`s of a flow, on the command line or in the settings."""
        if not (self.given_configs or self.from_environment or settings.configs):
            return {}
        from compiler.call.configs import merged  # noqa: PLC0415 - few flows have a Config

        return merged(settings, self.from_environment, self.given_configs)

    def check_packed(
        self, path: Path, flows: Iterable[Flow], targets: tuple[str, ...], given: Mapping[str, Value], report: Report
    ) -> None:
        """What the archive of the code leaves out of what the flows of a file need, where one of the targets runs that code.

        Where the author's own image holds the code, nobody here can tell what it holds. Without a target the shared settings count, and
        whether the flow's own file is packed is nobody's question.
        """
        settings = self.settings(path)
        images = [settings.text("image", target, given) for target in targets or (None,)]
        if all(images) and not any(settings.text("code", target, given) for target in targets or (None,)):
            return
        flows, place = tuple(flows), self.place(path)
        self.packages().check(place, flows, report, is_deployed=bool(targets))
        outside = self.packages().reached(place, flows).outside if targets and not all(images) else ()
        if outside:
            from compiler.workspace.image.requirements import check_requirements  # noqa: PLC0415 - most flows import what is there

            for flow in flows:
                check_requirements(flow, outside, place.root, settings.for_flow(flow.name), report)

    def packages(self) -> Packages:
        """What flows are made of."""
        if self._packages is None:
            from compiler.workspace.closure.packages import Packages  # noqa: PLC0415 - a run needs none of it

            self._packages = Packages(self._known, _tell_packed)
        return self._packages

    def place(self, path: Path) -> Place:
        """A flow file, the root of its code and its settings."""
        from compiler.workspace.closure.packages import Place  # noqa: PLC0415 - as above

        return Place(path, self.root(path), self.settings(path))

    def digest(self, path: Path, flow: Flow) -> str:
        """The digest of a flow's package."""
        return self.packages().of(self.place(path), (flow,)).archive.digest

    def image(
        self, path: Path, flow: Flow, target: str | None, given: Mapping[str, Value], *, variants: bool = False
    ) -> str:
        """The image that a flow's containers have by default. Where one is configured, the code is not read.

        With `variants`, steps with packages of their own, whose images the default one's name begins, it is.
        """
        settings = self.settings(path).for_flow(flow.name)
        configured = settings.text("image", target, given)
        if configured is not None and not variants:
            return configured
        archive = self.packages().of(self.place(path), (flow,)).archive
        return default_image(flow.name, image_digest(archive, settings), settings.text("registry", target, given))


def _tell_packed(secrets: Sequence[str], lines: Sequence[str], flow: Path) -> None:
    if secrets or lines:
        from compiler.terminal.notes import tell_packed  # noqa: PLC0415 - most packages lack nothing

        tell_packed(secrets, lines, flow)


@record
class OneFlow:
    """The flow of a call that reads one, how it is read, and the branch of its project."""

    name: FlowName
    surroundings: Surroundings
    branch: str | None
    production: bool | None

    @property
    def settings(self) -> Settings:
        """Those of its workspace."""
        return self.surroundings.settings(self.name.path)

    def plan(self) -> Plan | None:
        """Its plan; None where it has mistakes, which are shown."""
        return planned(self.name, None, self.surroundings, branch=self.branch, production=self.production)


def one_flow(command: Callable[..., Any]) -> Callable[..., Any]:
    """FLOW and the options that say how it is read; the command has them as `flow`, a `OneFlow`."""

    @wraps(command)
    def called(
        *,
        flow: FlowName,
        flow_name: str | None,
        root: Path | None,
        env: str | None,
        imports: bool | None,
        branch: str | None,
        production: bool | None,
        **others: Any,
    ) -> Any:
        surroundings = Surroundings(root, imports, env=env)
        return command(flow=OneFlow(named(flow, flow_name), surroundings, branch, production), **others)

    return flow_argument(flow_option(root_option(env_option(import_option(project_options(called))))))


def planned(
    flow: FlowName,
    flow_name: str | None,
    surroundings: Surroundings,
    *,
    branch: str | None,
    production: bool | None,
    user: str | None = None,
) -> Plan | None:
    """The plan of the one flow that a call names, for a user; None where it has mistakes, which are shown."""
    wanted, report = named(flow, flow_name), Report()
    path = wanted.path
    source = read_flow(path, report, name=wanted.name, root=surroundings.root(path), reading=surroundings.reading(path))
    show(report)
    if source is None or report.failed:
        return None
    if surroundings.given_configs:
        from compiler.call.configs import check_given  # noqa: PLC0415 - as above

        check_given(surroundings.given_configs, (source,))
    settings = surroundings.settings(wanted.path).for_flow(source.name)
    given: dict[str, Value] = {"branch": branch, "production": production}
    is_production = settings.get("production", None, given).value is True
    from compiler.ir.plan import NOBODY  # noqa: PLC0415 - a check plans nothing
    from compiler.ir.planner import plan  # noqa: PLC0415 - as above

    return plan(
        source,
        branch=settings.text("branch", None, given),
        production=is_production,
        user=NOBODY if user is None else user,
    )
