"""`flowc check`: all mistakes of all flows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.backends import refuse
from compiler.call.configs import Pairs, config_options, given_configs
from compiler.call.options import Option, WithHelp
from compiler.call.sources import (
    FlowName,
    Surroundings,
    flows_argument,
    import_option,
    jobs_option,
    root_option,
    since_option,
    with_option,
)
from compiler.call.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.fleet.parts import Part, config_names, distinct, joined_report, tell_of_configs
from compiler.fleet.processes import results
from compiler.ir.flow import Flow
from compiler.pipeline import read_flows
from compiler.report.render import Format
from compiler.terminal.findings import FORMATS, write
from compiler.terminal.said import tell
from compiler.workspace.package import default_image
from compiler.workspace.settings import Settings

if TYPE_CHECKING:
    from compiler.fleet.names import Deployed

_ALL = "all"
_ANY_DIGEST = "0" * 64
"""What stands for the digest of the code in the image's default name: a check packs nothing."""


@click.command("check", cls=WithHelp)
@flows_argument
@click.option(
    "--format", "form", cls=Option, type=click.Choice(FORMATS), default="text", show_default=True, help="How to print."
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    type=click.Choice([*BUILT_IN, _ALL]),
    help="Also what this target refuses; may be given several times.",
)
@click.option("--notes", cls=Option, is_flag=True, help="Also what may well be meant: artifacts that no step reads.")
@since_option
@jobs_option
@root_option
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
    root: Path | None,
    imports: bool | None,
    config_paths: Pairs,
    config_values: Pairs,
    added: tuple[str, ...],
) -> int:
    """Find all mistakes of flows, each at its line with a cure. Exit code 1 if there are any.

    Without --import nothing is imported: the flow's own packages need not be installed. With --target it also finds what
    `create` for that target would refuse, by the settings of pyproject.toml.

    \b
      flowc check flow.py                         all its flows
      flowc check flow.py --target argo           and what Argo cannot run
      flowc check flows/*.py --format github      annotations in a pull request
      flowc check flow.py --format json
      flowc check flows/*.py --changed-since origin/main   what a branch has changed
    """
    given = given_configs(config_paths, config_values)
    surroundings = Surroundings(root, imports, given, added)
    wanted = tuple(BUILT_IN) if _ALL in targets else tuple(dict.fromkeys(targets))
    flows = distinct(flows)
    if since is not None:
        from compiler.fleet.changed import changed_flows  # noqa: PLC0415 - few calls ask git

        flows = changed_flows(flows, since, surroundings)
    parts = results(lambda name: _checked(name, wanted, surroundings, notes), flows, jobs)
    report = joined_report(parts, notes=notes)
    if wanted:
        from compiler.fleet.names import check_deployed  # noqa: PLC0415 - without --target nothing has a name

        check_deployed(wanted, parts, report)
    tell_of_configs({} if report.failed else given, parts)
    count = sum(part.flows for part in parts)
    write(report, form)
    if form == "text" and not len(report):
        tell(f"no mistakes found in {count} flow{'' if count == 1 else 's'}")
    return 1 if report.failed else 0


def _checked(name: FlowName, targets: tuple[str, ...], surroundings: Surroundings, notes: bool) -> Part:
    """What is found in one file, and what its flows are called on each target."""
    found = Report(notes=notes)
    root, reading = surroundings.root(name.path), surroundings.reading(name.path)
    flows = read_flows(name.path, found, root=root, name=name.name, reading=reading)
    deployed: dict[str, tuple[Deployed, ...]] = {}
    for flow in flows:
        for target, own in _refuse_on(targets, flow, surroundings.settings(name.path), found):
            deployed[target] = (*deployed.get(target, ()), own)
    if flows:
        surroundings.check_packed(name.path, flows, targets, {}, found)
    return Part(tuple(found.diagnostics), (), config_names(flows), (), len(flows), deployed)


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
        report.take(found)
        yield target, Deployed(flow.name, flow.span, backend.deployment(plan, options))
