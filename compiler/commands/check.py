"""`flowc check`: all mistakes of all flows."""

from __future__ import annotations

import os
from pathlib import Path

import click

from compiler.backends import refuse
from compiler.call.configs import Pairs, check_given, config_options, given_configs, unread
from compiler.call.options import Option, WithHelp
from compiler.call.sources import FlowName, Surroundings, flows_argument, import_option, root_option, with_option
from compiler.call.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.ir.flow import Flow
from compiler.pipeline import read_flows
from compiler.report.render import Format
from compiler.terminal.findings import FORMATS, write
from compiler.terminal.said import tell
from compiler.workspace.package import default_image
from compiler.workspace.settings import Settings

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
    """
    given = given_configs(config_paths, config_values)
    surroundings, report = Surroundings(root, imports, given, added), Report(notes=notes)
    found_flows = list[Flow]()
    wanted = tuple(BUILT_IN) if _ALL in targets else tuple(dict.fromkeys(targets))
    for name in dict.fromkeys(flows):
        found = Report(notes=notes)
        root_of, reading = surroundings.root(name.path), surroundings.reading(name.path)
        right = read_flows(name.path, found, root=root_of, name=name.name, reading=reading)
        for flow in right:
            _hold(flow, surroundings.settings(name.path), found)
            _refuse_on(wanted, flow, surroundings.settings(name.path), found)
        if right:
            surroundings.check_packed(name.path, right, wanted, {}, found)
        found_flows += right
        report.take(found)
    if not report.failed:
        check_given(given, found_flows)
    if told := unread(os.environ, found_flows):
        tell(told)
    count = len(found_flows)
    write(report, form)
    if form == "text" and not len(report):
        tell(f"no mistakes found in {count} flow{'' if count == 1 else 's'}")
    return 1 if report.failed else 0


def _refuse_on(targets: tuple[str, ...], flow: Flow, settings: Settings, report: Report) -> None:
    """What `create` for each target would refuse."""
    if not targets:
        return
    from compiler.call.target_settings import decided  # noqa: PLC0415 - without --target nothing is planned

    for target in targets:
        backend = load_backend(target)
        assert backend is not None
        image = default_image(flow.name, _ANY_DIGEST, settings.text("registry", target, {}))
        plan, options = decided(flow, settings, backend, {}, image)
        found = Report()
        refuse(plan, backend, options, found)
        if settings.policy:
            from compiler.policy.holding import hold  # noqa: PLC0415 - few repositories have a policy

            hold(settings, plan, found, (backend, options))
        report.take(found)


def _hold(flow: Flow, settings: Settings, report: Report) -> None:
    """What the policy refuses whatever the target."""
    if not settings.policy:
        return
    from compiler.ir.planner import plan  # noqa: PLC0415 - as above
    from compiler.policy.holding import hold  # noqa: PLC0415 - as above

    branch = settings.text("branch", None, {})
    hold(settings, plan(flow, branch=branch, production=settings.flag("production", None, {})), report)
