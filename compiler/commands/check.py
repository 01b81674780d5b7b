"""`flowc check`: all mistakes of all flows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.backends import refuse
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.call.configs import Pairs, config_options, given_configs
from compiler.call.options import TargetType, WithHelp, env_option, option
from compiler.call.sources import (
    FlowName,
    Surroundings,
    cache_option,
    flows_argument,
    import_option,
    jobs_option,
    root_option,
    since_option,
    with_option,
)
from compiler.diagnostics import Report
from compiler.fleet.parts import Part, config_names, distinct, joined_report, tell_of_configs
from compiler.fleet.policy import hold_policy
from compiler.fleet.processes import FEW, results
from compiler.ir.flow import Flow
from compiler.mistakes import FoundError
from compiler.pipeline import read_flows
from compiler.report.render import Format
from compiler.slotted_class import record
from compiler.terminal.findings import FORMATS, write
from compiler.terminal.said import tell
from compiler.workspace.package import default_image
from compiler.workspace.settings import Settings
from compiler.workspace.settings.reading import report_unknown_flows

if TYPE_CHECKING:
    from compiler.fleet.names import Deployed

_ALL = "all"
_ANY_DIGEST = "0" * 64
"""What stands for the digest of the code in the image's default name: a check packs nothing."""


@click.command("check", cls=WithHelp)
@flows_argument
@option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print.")
@option(
    "--target",
    "targets",
    multiple=True,
    type=TargetType([*BUILT_IN, _ALL]),
    help="Also what this target refuses; may be given several times.",
)
@option("--notes", is_flag=True, help="Also what may well be meant: artifacts that no step reads.")
@since_option
@jobs_option
@cache_option
@root_option
@env_option
@import_option
@config_options
@with_option
def COMMAND(  # noqa: PLR0913 - click gives one argument an option
    *,
    flows: tuple[FlowName, ...],
    form: Format,
    targets: tuple[str, ...],
    notes: bool,
    since: str | None,
    jobs: int | None,
    no_cache: bool,
    root: Path | None,
    env: str | None,
    imports: bool | None,
    config_paths: Pairs,
    config_values: Pairs,
    added: tuple[str, ...],
) -> int:
    """Find all mistakes of flows, each at its line with a cure. Exit code 1 if there are any.

    Without --import nothing is imported: the flow's own packages need not be installed. With --target it also finds what
    `create` for that target would refuse, by the settings of pyproject.toml.

    \b
      flowc check                                 all flows of the workspace
      flowc check flow.py --target argo           and what Argo cannot run
      flowc check flows/ --format github          annotations in a pull request
      flowc check flow.py --format json
      flowc check --changed-since origin/main     what a branch has changed
    """
    given = given_configs(config_paths, config_values)
    surroundings = Surroundings(root, imports, given, added, env=env)
    wanted = tuple(BUILT_IN) if _ALL in targets else tuple(dict.fromkeys(targets))
    made = _Making(wanted, surroundings, notes, jobs, is_kept=not no_cache)
    parts = _parts(flows, made, since)
    report = joined_report(parts, notes=notes)
    if not flows and since is None and not report.failed:
        names = [name for part in parts for name in part.names]
        report_unknown_flows(surroundings.settings(Path()), names, report)
    if wanted:
        from compiler.fleet.names import check_deployed  # noqa: PLC0415 - without --target nothing has a name

        check_deployed(wanted, parts, report)
    tell_of_configs({} if report.failed else given, parts)
    count = sum(len(part.names) for part in parts)
    write(report, form)
    if form == "text" and not len(report):
        tell(f"no mistakes found in {count} flow{'' if count == 1 else 's'}")
    return 1 if report.failed else 0


@record
class _Making:
    """How the files of a call are checked: by so many `jobs`; `is_kept`: what was found before is taken where all is as it was."""

    targets: tuple[str, ...]
    surroundings: Surroundings
    notes: bool
    jobs: int | None
    is_kept: bool


def _parts(flows: tuple[FlowName, ...], making: _Making, since: str | None) -> Sequence[Part]:
    """What is found in each file; mistakes of the settings are findings, too."""
    surroundings = making.surroundings
    try:
        files = distinct(surroundings.flows(flows))
        if since is not None:
            from compiler.fleet.changed import changed_flows  # noqa: PLC0415 - few calls ask git

            files = changed_flows(files, since, surroundings)
    except FoundError as error:
        return (Part(tuple(error.report.diagnostics)),)
    targets, notes = making.targets, making.notes

    def work(name: FlowName) -> Part:
        return _checked(name, targets, surroundings, notes)

    if not making.is_kept or len(files) < FEW:
        return results(work, files, making.jobs)
    from compiler.fleet.cache.results import kept_results  # noqa: PLC0415 - few calls have so many flows

    return kept_results(work, files, making.jobs, surroundings, ("check", targets, notes))


def _checked(name: FlowName, targets: tuple[str, ...], surroundings: Surroundings, notes: bool) -> Part:
    """What is found in one file, and what its flows are called on each target."""
    found = Report(notes=notes)
    try:
        return _found(name, targets, surroundings, found)
    except FoundError as error:  # of the settings: those of other files may be right
        found.take(error.report)
        return Part(tuple(found.diagnostics))


def _found(name: FlowName, targets: tuple[str, ...], surroundings: Surroundings, found: Report) -> Part:
    root, reading = surroundings.root(name.path), surroundings.reading(name.path)
    flows = read_flows(name.path, found, root=root, name=name.name, reading=reading)
    deployed: dict[str, tuple[Deployed, ...]] = {}
    for flow in flows:
        settings = surroundings.settings(name.path).for_flow(flow.name)
        _hold(flow, settings, found)
        meant = tuple(each for each in targets if surroundings.is_meant(name.path, flow.name, each))
        for target, own in _refuse_on(meant, flow, settings, found):
            deployed[target] = (*deployed.get(target, ()), own)
    if flows:
        surroundings.check_packed(name.path, flows, targets, {}, found)
    names = tuple(flow.name for flow in flows)
    return Part(tuple(found.diagnostics), (), config_names(flows), (), names, deployed)


def _refuse_on(
    targets: tuple[str, ...], flow: Flow, settings: Settings, report: Report
) -> Iterator[tuple[str, Deployed]]:
    """What `create` for each target would refuse."""
    if not targets:
        return
    from compiler.call.target_settings import decided  # noqa: PLC0415 - without --target nothing is planned
    from compiler.fleet.names import Deployed  # noqa: PLC0415 - as above

    for target in targets:
        backend = load_backend(target)
        assert backend is not None
        image = default_image(flow.name, _ANY_DIGEST, settings.text("registry", target, {}))
        plan, options = decided(flow, settings, backend, {}, image)
        found = Report()
        refuse(plan, backend, options, found)
        hold_policy(settings, plan, found, (backend, options))
        report.take(found)
        yield target, Deployed(flow.name, flow.span, backend.deployment(plan, options))


def _hold(flow: Flow, settings: Settings, report: Report) -> None:
    """What the policy refuses whatever the target."""
    if not settings.policy:
        return
    from compiler.ir.planner import plan  # noqa: PLC0415 - without a policy and --target nothing is planned

    hold_policy(settings, plan(flow, branch=settings.text("branch"), production=settings.flag("production")), report)
