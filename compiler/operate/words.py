"""The options that the commands of runs and deployments share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from compiler.call.options import RARE, READING, env_option, option
from compiler.operate.engines import given_connection
from compiler.operate.places import Address, Asked, Place, address_of, place_of
from compiler.workspace.settings import read_settings

CONNECTION_HELP = "A key of [tool.flowc.<target>.connection]: how the engine is reached; may be given several times."
connection_option = option(
    "--connection", "connection", multiple=True, metavar="KEY=VALUE", group=RARE, help=CONNECTION_HELP
)
store_option = option(
    "--store",
    metavar="URL",
    help="Where artifacts are kept; by default what the deployment or the settings say, or that of `flowc run`.",
)
json_option = option("--json", "as_json", is_flag=True, help="Print JSON.")
target_option = option("--target", metavar="NAME", help="On which target, where a run's id does not tell.")
timeout_option = option("--timeout", metavar="TIME", help="Wait no longer than 90s, 15m, 1h30m; then exit with 124.")


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--store`, `--target`, `--env`, `--connection`."""
    return store_option(target_option(env_option(connection_option(command))))


def name_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--name`, `--branch`, `--production`: as the deployment was made with, where its flow's file is given instead of its name."""
    for each in (
        option("--production/--no-production", group=READING, default=None, help="As for `deploy`, with a file."),
        option("--branch", metavar="BRANCH", group=READING, help="As for `deploy`, with a file."),
        option("--name", metavar="NAME", group=READING, help="As for `deploy`, with a file."),
    ):
        command = each(command)
    return command


def asked_of(store: str | None, target: str | None, env: str | None, connection: tuple[str, ...]) -> Asked:
    """What these options say, with the settings of the working folder. Raises CallError."""
    return Asked(read_settings(Path(), env), store, target, given_connection(connection))


def found(
    word: str, store: str | None, target: str | None, env: str | None, connection: tuple[str, ...]
) -> tuple[Address, Place]:
    """The run that a word names, with what of it is meant, and where it is. Raises NotThereError, CallError, EngineError."""
    address = address_of(word)
    return address, place_of(address, asked_of(store, target, env, connection))
