"""`flowc <target> …`: the targets as command groups. A target's package is imported when its `create` is named."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

import click

from compiler.backends import Backend
from compiler.backends.targets import ALIASES, BUILT_IN, load_backend
from compiler.call.options import Answering
from compiler.slotted_class import record


@record
class Verb:
    """What can be done with a target: the module and the function that make its command, and its line in the help."""

    module: str
    maker: str
    help: str


VERBS: Mapping[str, Verb] = {
    "create": Verb("create", "create_command", "Print or write the files of flows, or compare them with the disk."),
    "deploy": Verb(
        "deployments.deploy", "deploy_command", "Compile flows, and deploy what differs from what is there."
    ),
    "trigger": Verb("deployments.trigger", "trigger_command", "Start a run of a deployed flow."),
    "list": Verb("deployments.verbs", "list_command", "List what is deployed."),
    "suspend": Verb("deployments.verbs", "suspend_command", "Let neither schedule nor event start a deployment."),
    "resume": Verb("deployments.verbs", "resume_command", "Let schedule and events start it again."),
    "delete": Verb("deployments.verbs", "delete_command", "Remove deployments."),
}


class TargetGroup(Answering):
    """`flowc <target>`: its commands are made when they are named."""

    def __init__(self, target: str, backend: Backend | None) -> None:
        super().__init__(target, help=f"Compile flows for {target}, deploy and start them.", no_args_is_help=True)
        self.target, self.backend = target, backend

    def list_commands(self, ctx: click.Context) -> list[str]:
        """What can be done with a target."""
        return [*VERBS]

    def answer(self, ctx: click.Context, words: list[str]) -> str:
        """What does it."""
        from compiler.call.other_words import command_of_target  # noqa: PLC0415 - only a mistake needs it

        return command_of_target(self.target, words[0], words[1:], [*VERBS])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The words; `--create` is Metaflow's at one time and a slip at another, and is answered with `create`."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            word = error.option_name.lstrip("-")
            if word not in self.list_commands(ctx):
                raise
            from compiler.call.other_words import command_of_target  # noqa: PLC0415 - as above

            rest = [each for each in args if each != error.option_name]
            said = command_of_target(self.target, error.option_name, rest, [*VERBS])
            raise click.UsageError(said, ctx) from error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the target and make the command with its options."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        backend = self.backend or load_backend(self.target)
        assert backend is not None
        make: Callable[[Backend], click.Command] = getattr(
            importlib.import_module(f"compiler.commands.{verb.module}"), verb.maker
        )
        return make(backend)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without loading the target."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])


def target_group(name: str) -> click.Group | None:
    """The group of a target; None where there is no such target."""
    known = ALIASES.get(name, name)
    if known in BUILT_IN:
        return TargetGroup(known, None)
    backend = load_backend(name)
    return TargetGroup(name, backend) if backend else None
