"""`flowc check`: all mistakes of all flows."""

from __future__ import annotations

import os
from pathlib import Path

import click

from compiler.backends import refuse
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.call.configs import Pairs, check_given, config_options, given_configs, unread
from compiler.call.options import Option, WithHelp, env_option
from compiler.call.sources import FlowName, Surroundings, flows_argument, import_option, root_option, with_option
from compiler.diagnostics import Report
from compiler.ir.flow import Flow
from compiler.mistakes import CallError, FoundError
from compiler.pipeline import read_flows
from compiler.report.render import Format
from compiler.terminal.findings import FORMATS, write
from compiler.terminal.said import tell
from compiler.workspace.package import default_image
from compiler.workspace.settings import Settings, read_settings
from compiler.workspace.settings.reading import report_unknown_flows

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
      flowc check flows/ --env prod               all below a folder, by the settings of an environment
      flowc check flow.py                         all its flows
      flowc check flow.py --target argo           and what Argo cannot run
      flowc check flows/*.py --format github      annotations in a pull request
      flowc check flow.py --format json
    """
    given = given_configs(config_paths, config_values)
    surroundings, report = Surroundings(root, imports, given, added, env=env), Report(notes=notes)
    found_flows = list[Flow]()
    wanted = tuple(BUILT_IN) if _ALL in targets else tuple(dict.fromkeys(targets))
    try:
        files = surroundings.flows(flows)
    except FoundError as error:
        report.take(error.report)
        files = ()
    for name in files:
        try:
            found_flows += _checked(name, surroundings, wanted, report)
        except FoundError as error:  # of the settings: those of other files may be right
            report.take(error.report)
    if not report.failed:
        check_given(given, found_flows)
        if not flows:
            report_unknown_flows(read_settings(Path(), env), [flow.name for flow in found_flows], report)
    if told := unread(os.environ, found_flows):
        tell(told)
    count = len(found_flows)
    if not count and not len(report):
        raise CallError("none of these files holds a flow: a flow is a class whose base is FlowSpec")
    write(report, form)
    if form == "text" and not len(report):
        tell(f"no mistakes found in {count} flow{'' if count == 1 else 's'}")
    return 1 if report.failed else 0


def _checked(name: FlowName, surroundings: Surroundings, targets: tuple[str, ...], report: Report) -> tuple[Flow, ...]:
    """The flows of a file that are right by the language; what is wrong with them, there or on a target, is reported."""
    found = Report(notes=report.notes)
    root, reading = surroundings.root(name.path), surroundings.reading(name.path)
    right = read_flows(name.path, found, root=root, name=name.name, reading=reading)
    for flow in right:
        settings = surroundings.settings(name.path).for_flow(flow.name)
        _hold(flow, settings, found)
        _refuse_on(targets, flow, settings, found)
    if right:
        surroundings.check_packed(name.path, right, targets, {}, found)
    report.take(found)
    return right


def _refuse_on(targets: tuple[str, ...], flow: Flow, settings: Settings, report: Report) -> None:
    """What `create` for each target would refuse."""
    if not targets:
        return
    from compiler.call.target_settings import decided  # noqa: PLC0415 - without --target nothing is planned

    for target in targets:
        backend = load_backend(target)
        assert backend is not None
        image = default_image(flow.name, _ANY_DIGEST, settings.text("registry", target))
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

    decision = plan(flow, branch=settings.text("branch"), production=settings.flag("production"))
    hold(settings, decision, report)
