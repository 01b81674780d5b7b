"""The targets as command groups: `flowc <target> create`. A target's package is imported when its `create` is named."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

from compiler.backends import Backend
from compiler.commands.options import WithHelp

BUILT_IN: Mapping[str, str] = {
    "airflow": "compiler.backends.airflow",
    "argo": "compiler.backends.argo",
    "step-functions": "compiler.backends.stepfunctions",
}
"""Our targets by name. Entry points would say the same, but reading the metadata of all packages takes 30 ms."""

ALIASES: Mapping[str, str] = {"stepfunctions": "step-functions"}

GROUP = "flowc.backends"
"""The entry-point group by which another package brings a target."""


def load_backend(name: str) -> Backend | None:
    """The target of that name or alias; None where nobody brings one."""
    name = ALIASES.get(name, name)
    if name in BUILT_IN:
        backend: Backend = importlib.import_module(BUILT_IN[name]).BACKEND
        return backend
    from importlib.metadata import entry_points  # noqa: PLC0415 - see BUILT_IN

    for entry in entry_points(group=GROUP, name=name):
        brought: Backend = entry.load()
        return brought
    return None


class TargetGroup(WithHelp, click.Group):
    """`flowc <target>`: its commands are made when they are named."""

    def __init__(self, target: str, backend: Backend | None) -> None:
        super().__init__(target, help=f"Compile flows for {target}.", no_args_is_help=True)
        self.target, self.backend = target, backend

    def list_commands(self, ctx: click.Context) -> list[str]:
        """What can be done with a target."""
        return ["create"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the target and make the command with its options."""
        if cmd_name != "create":
            return None
        from compiler.commands.create import create_command  # noqa: PLC0415 - help of the group needs no compiler

        backend = self.backend or load_backend(self.target)
        assert backend is not None
        return create_command(backend)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without loading the target."""
        with formatter.section("Commands"):
            formatter.write_dl([("create", "Print or write the files of flows, or compare them with the disk.")])


def target_group(name: str) -> click.Group | None:
    """The group of a target; None where there is no such target."""
    known = ALIASES.get(name, name)
    if known in BUILT_IN:
        return TargetGroup(known, None)
    backend = load_backend(name)
    return TargetGroup(name, backend) if backend else None
