"""`flowc card`: the pages that tasks left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from flowc.artifacts.manifest import RunRecord

from compiler.call.history import HistoryError, TaskState, opened, read_state
from compiler.call.options import Answering, env_option, option
from compiler.call.stores import local_store
from compiler.legible import one_line
from compiler.slotted_class import record
from compiler.terminal.output import print_bytes, write_files
from compiler.terminal.said import say, tell
from compiler.terminal.times import size
from compiler.workspace.settings import did_you_mean, read_settings

_RUN_PARTS, _TASK_PARTS = 2, 4


@record
class Found:
    """A card and the task that left it."""

    record: RunRecord
    task: TaskState
    card: Mapping[str, Any]

    @property
    def html(self) -> bytes:
        """The page."""
        manifest = self.task.manifest
        assert manifest is not None, "a card stands in a manifest"
        return manifest.card(self.card)

    @property
    def line(self) -> str:
        """Where it is, its type and id."""
        named = f"  id={self.card['id']}" if self.card["id"] else ""
        return f"{self.record.path_of(self.task.address)}  {self.card['type']}{named}  {size(self.card['size'])}"


class _Cards(Answering):
    """The commands of cards; a word that is none is answered with them."""

    def answer(self, ctx: click.Context, words: list[str]) -> str:
        """The commands that there are, or the one that is meant."""
        return f"no command `{words[0]}`{did_you_mean(words[0], self.list_commands(ctx))}"


@click.group("card", cls=_Cards, no_args_is_help=True)
def COMMAND() -> None:
    """The cards of a run: pages that steps with @card left.

    \b
      flowc card list SquaresFlow/local-20260101-120000-abcdef
      flowc card get SquaresFlow/local-20260101-120000-abcdef/start page.html
      flowc card view SquaresFlow/local-20260101-120000-abcdef/square/2 --id films
    """


def _chosen(command: Callable[..., int]) -> Callable[..., int]:
    """WHERE, and the options that say which of its cards."""
    for each in (
        option("--store", metavar="URL", help="Where artifacts are kept; by default that of `flowc run`."),
        option("--type", "kind", metavar="NAME", help="Only cards of this type."),
        option("--id", "name", metavar="NAME", help="Only the card of this id."),
        env_option,
        click.argument("where", metavar="FLOW/RUN[/STEP[/INDEX]]"),
    ):
        command = each(command)
    return command


@COMMAND.command("list")
@_chosen
def _list(where: str, name: str | None, kind: str | None, store: str | None, env: str | None) -> int:
    """Print the cards of a run, a step or a task: a line a card."""
    for found in _cards(where, name, kind, store, env):
        say(one_line(found.line))
    return 0


@COMMAND.command("get")
@_chosen
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def _get(where: str, name: str | None, kind: str | None, store: str | None, env: str | None, file: Path | None) -> int:
    """Print the page of a card, or write it to FILE."""
    page = _one(where, name, kind, store, env).html
    if file is None:
        print_bytes(page.decode())
        return 0
    write_files({file: page})
    say(f"wrote {file}")
    return 0


@COMMAND.command("view")
@_chosen
def _view(where: str, name: str | None, kind: str | None, store: str | None, env: str | None) -> int:
    """Open the page of a card in the browser."""
    import tempfile  # noqa: PLC0415 - nothing else needs them
    import webbrowser  # noqa: PLC0415

    found = _one(where, name, kind, store, env)
    path = Path(tempfile.mkdtemp(prefix="flowc-card-")) / "card.html"
    write_files({path: found.html})
    if not webbrowser.open(path.as_uri()):
        tell("there is no browser here; the page is")
    say(str(path))
    return 0


def _one(where: str, name: str | None, kind: str | None, store: str | None, env: str | None) -> Found:
    found = _cards(where, name, kind, store, env)
    if len(found) == 1:
        return found[0]
    shown = "\n".join(f"  {each.line}" for each in found)
    raise HistoryError(f"{where} has {len(found)} cards: name one by STEP/INDEX, --id or --type\n{shown}".rstrip())


def _cards(where: str, name: str | None, kind: str | None, store: str | None, env: str | None) -> list[Found]:
    """The cards of a run, a step or a task. Raises HistoryError where there is no such one."""
    parts = where.strip("/").split("/")
    if not _RUN_PARTS <= len(parts) <= _TASK_PARTS:
        raise HistoryError(
            f"{where!r} is not FLOW/RUN, FLOW/RUN/STEP or FLOW/RUN/STEP/INDEX; `flowc runs FLOW` lists runs"
        )
    flow, run, *below = parts
    step, index = (*below, None, None)[:2]
    state = read_state(opened(local_store(read_settings(Path(), env).for_flow(flow), store)), flow, run)
    return [
        found
        for found in _all(state.record, state.chosen(step, index))
        if name in (None, found.card["id"]) and kind in (None, found.card["type"])
    ]


def _all(record: RunRecord, tasks: tuple[TaskState, ...]) -> Iterator[Found]:
    for task in tasks:
        for card in task.manifest.cards if task.manifest else ():
            yield Found(record, task, card)
