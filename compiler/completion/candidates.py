"""What may stand at the cursor: click's own answer, and ours where a word names a flow, a parameter, a run, a step.

Nothing of the author's is imported, no store is asked but a folder, and nothing heavier is imported than the answer needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, ShellComplete

_PLAIN = re.compile(r"[A-Za-z0-9_.-][A-Za-z0-9_.,:=@%+/~-]*", re.ASCII)
"""What no shell takes for more than text, wherever it stands."""

_MOST = 200
"""Of runs and index paths no more are offered: a person types on."""

_PLACES = re.compile(r"FLOW/RUN")
_FILES = frozenset(("FLOW", "[FLOW]...", "[FLOW|FOLDER]..."))


def is_plain(item: CompletionItem) -> bool:
    """Whether a shell may put it into a line as it is; what is not a text is the shell's own affair."""
    text = str(item.value)
    is_text = _PLAIN.fullmatch(text) is not None and not any(
        each.startswith(("-", "~")) for each in text.split("/")[1:]
    )
    return item.type != "plain" or is_text


def candidates(cli: click.Command, program: str, args: list[str], incomplete: str) -> list[CompletionItem]:
    """All that may stand there."""
    given = _Given(cli, program, args)
    if given.flow is not None:
        return list(_parameters(given, incomplete))
    if given.context.parent is None and any(not word.startswith("-") for word in args):
        return []  # behind a word that is no command
    option, equals, value = incomplete.partition("=")
    if equals and option.startswith("--"):
        return [_behind(f"{option}=", item) for item in candidates(cli, program, [*args, option], value)]
    asked, rest = given.complete.incomplete(given.context, args, incomplete)
    if isinstance(asked, click.Parameter):
        own = _of_parameter(given.context, asked, rest)
        if own is not None:
            return list(own)
    return list(asked.shell_complete(given.context, rest))


class _Click(ShellComplete):
    """click's way to the command and the parameter that a call is at."""

    name = "flowc"
    source_template = ""

    def __init__(self, cli: click.Command, program: str) -> None:
        super().__init__(cli, {}, program, "")

    def context_of(self, args: list[str]) -> click.Context:
        """The context of the innermost command."""
        from click.shell_completion import _resolve_context  # noqa: PLC0415 - as click itself asks it

        return _resolve_context(self.cli, {}, self.prog_name, args)

    def incomplete(self, context: click.Context, args: list[str], incomplete: str) -> tuple[Any, str]:
        """The command or the parameter that the word is of, and what of it is typed."""
        from click.shell_completion import _resolve_incomplete  # noqa: PLC0415 - as above

        return _resolve_incomplete(context, args, incomplete)


class _Given:
    """What the whole words of a call say."""

    def __init__(self, cli: click.Command, program: str, args: list[str]) -> None:
        self.complete = _Click(cli, program)
        self.context = self.complete.context_of(args)
        is_run = self.context.command.name == "run"
        self.flow = self.context.params.get("flow") if is_run else None
        """The flow whose parameters follow, where some do."""


def _behind(option: str, item: CompletionItem) -> CompletionItem:
    if item.type != "plain":
        return item
    return CompletionItem(option + str(item.value), item.type, item.help)


def _of_parameter(context: click.Context, asked: click.Parameter, text: str) -> Iterator[CompletionItem] | None:
    """What one of our own words may be; None where click knows."""
    metavar = asked.metavar or ""
    if _PLACES.match(metavar):
        return _places(context, text, most=metavar.count("/"))
    if metavar in _FILES:
        return iter((CompletionItem(text, "flow"), *_flow_names(context, text)))
    if metavar == "RUN":
        return _runs_of(context, text)
    if metavar == "STEP" and context.params.get("flow") is not None:
        return _steps(context, text)
    return None


def _read(context: click.Context) -> Any:
    """The flow that a call names, read and not imported; None where that cannot be read."""
    from compiler.call.sources import Surroundings, named  # noqa: PLC0415 - the frontend comes with it
    from compiler.diagnostics import Report  # noqa: PLC0415 - as above
    from compiler.pipeline import read_flow  # noqa: PLC0415 - as above

    wanted = named(context.params["flow"], context.params.get("flow_name"))
    around = Surroundings(context.params.get("root"), False, env=context.params.get("env"))
    reading = around.reading(wanted.path)
    return read_flow(wanted.path, Report(), name=wanted.name, root=around.root(wanted.path), reading=reading)


def _parameters(given: _Given, text: str) -> Iterator[CompletionItem]:
    """The options of a flow: its parameters, and those that may stand behind it, too."""
    before = (given.context.params.get("words") or ("",))[-1]
    if (text and not text.startswith("-")) or (before.startswith("--") and "=" not in before):
        return  # a value, which nobody knows
    flow = _read(given.context)
    for parameter in flow.parameters if flow is not None else ():
        name = f"--{parameter.name}"
        if name.startswith(text):
            yield CompletionItem(name, help=parameter.help if isinstance(parameter.help, str) else None)
    for name in ("--help", "--resume", "--from"):
        if name.startswith(text):
            yield CompletionItem(name)


def _steps(context: click.Context, text: str) -> Iterator[CompletionItem]:
    flow = _read(context)
    yield from (CompletionItem(name) for name in (flow.steps if flow is not None else ()) if name.startswith(text))


def _store(context: click.Context, flow: str = "") -> Any:
    """The store of the runs that a call is about, where it is a folder; else None: no other is asked while somebody types."""
    from flowc.store import open_store  # noqa: PLC0415 - only runs lie there

    from compiler.call.stores import local_store  # noqa: PLC0415 - as above
    from compiler.workspace.settings import read_settings  # noqa: PLC0415 - as above

    settings = read_settings(Path(), context.params.get("env"))
    url = local_store(settings.for_flow(flow) if flow else settings, context.params.get("store"))
    return open_store(url) if url.startswith("file:") else None


def _places(context: click.Context, text: str, most: int) -> Iterator[CompletionItem]:
    """FLOW/RUN/STEP/INDEX, as far as the store has it; `most` slashes are in it at most."""
    from flowc.artifacts.address import RunAddress  # noqa: PLC0415 - only runs have addresses

    before, slash, last = text.rpartition("/")
    flow, *below = before.split("/") if slash else [""]
    store = _store(context, flow)
    if store is None or len(below) >= most:
        return
    if not slash:
        names: Iterator[str | None] = iter(_flows(store))
    elif not below:
        names = _runs(store, flow)
    elif len(below) == 1:
        names = _names(store, f"{RunAddress(flow, below[0]).folder}/")
    else:
        task = RunAddress(flow, below[0]).task(below[1])
        names = _names(store, f"{task.folder.rpartition('/')[0]}/")
    more = "/" if len(below) + bool(slash) < _least(context) else ""
    found = (name for name in names if name and name.startswith(last))
    yield from (CompletionItem(f"{before}{slash}{name}{more}") for name in islice(found, _MOST))


def _least(context: click.Context) -> int:
    """How many slashes a call must have: behind them a word may end."""
    return 2 if context.command.name == "replay" else 1


def _flows(store: Any) -> list[str]:
    from flowc.client.context import flow_names  # noqa: PLC0415 - only runs are asked for

    return flow_names(store)


def _runs(store: Any, flow: str) -> Iterator[str | None]:
    """The names of a flow's runs, the newest first."""
    from flowc.artifacts.address import created_prefix, unescape  # noqa: PLC0415 - as above

    keys = (key.rpartition("/")[2].partition("~")[2] for key in store.list(created_prefix(flow)))
    return iter(dict.fromkeys(map(unescape, islice(keys, 10 * _MOST))))


def _names(store: Any, folder: str) -> Iterator[str | None]:
    """The steps of a run, or the index paths of a step."""
    from flowc.artifacts.address import unescape  # noqa: PLC0415 - as above

    return (name if "~" in name else unescape(name) for name in store.folders(folder) if name[0] != "_")


def _flow_names(context: click.Context, text: str) -> Iterator[CompletionItem]:
    """The flows that have runs, for a command that lists or deletes runs."""
    if context.command.name in ("runs", "gc") and (store := _store(context)) is not None:
        yield from (CompletionItem(name) for name in _flows(store) if name.startswith(text))


def _runs_of(context: click.Context, text: str) -> Iterator[CompletionItem]:
    """The runs to go on from: `--resume`, whose flow is named behind it, so all flows' are offered."""
    store = _store(context)
    for flow in _flows(store) if store is not None else ():
        names = (name for name in _runs(store, flow) if name and name.startswith(text))
        yield from (CompletionItem(name, help=flow) for name in islice(names, _MOST))
    if "latest".startswith(text):
        yield CompletionItem("latest", help="the newest")
