"""Settings of a target as the command line gives them: text, in the form that its key takes; and what follows of all settings.

Also which tasks share a container, which is a setting of every target, and what a call without one says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from compiler.backends import Backend, Options
from compiler.call.options import option
from compiler.documents import NotParsed, parse_json, parse_toml
from compiler.ir.flow import Flow, Value
from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Chunk, Plan
from compiler.ir.planner import plan
from compiler.mistakes import CallError
from compiler.slotted_class import replaced
from compiler.workspace.settings import Settings, frozen_value, target_options

_EXAMPLES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((int, float), "3"),
    (bool, "true"),
    (tuple, "a,b"),
    (Mapping, "key=value,other=value"),
    (tuple, '[{"key": "name", "operator": "Exists"}]'),
    (str, "text"),
    (str, "module.function"),
    (str, "key=value,other=value"),
)
"""What a value of each kind looks like on a command line: the first that a key takes is its example."""


def given_value(backend: Backend, key: str, text: str) -> Value:
    """The value of a key of the target's table: the first reading of the text that the key takes. Raises CallError."""
    for value in _readings(text):
        if backend.wants(key, value) is None:
            return value
    option = f"--{key.replace('_', '-')}"
    wanted = next(filter(None, (_wants_of_table(backend, key, value) for value in _readings(text))), None)
    wanted = wanted or backend.wants(key, text)
    example = _example(backend, key)
    shown = f", for example {option} {example}" if example else ""
    raise CallError(f"{option} {_quoted(text)}: it takes {wanted}{shown}")


def value_word(key: str, noun: str) -> str:
    """What stands for a value of a setting in a help, by its name and the noun of what it takes: `SECONDS`, `KEY=VALUE,…`, `ACCOUNT`."""
    last = key.rpartition("_")[2]
    if "number" in noun:
        return "SECONDS" if last in ("seconds", "timeout") else "N"
    if "table" in noun:
        return "KEY=VALUE,…" if "of texts" in noun else "JSON"
    return "NAME,…" if "list" in noun else last.upper()


def _wants_of_table(backend: Backend, key: str, value: Value) -> str | None:
    """A table that is refused for what it holds says more than text that is no table."""
    return backend.wants(key, value) if isinstance(value, Mapping) else None


def _readings(text: str) -> Iterator[Value]:
    """As a table of TOML would have it, as JSON, as a list with commas, as `key=value` with commas, as text."""
    yield toml_value(text)
    yield from _json(text)
    parts = tuple(part.strip() for part in text.split(","))
    if all(parts):
        yield parts
    pairs = [part.partition("=") for part in parts]
    if all(name and separator for name, separator, _ in pairs):
        yield {name.strip(): value.strip() for name, _, value in pairs}
    yield text


def toml_value(text: str) -> Value:
    """Text as a table has it: a number, a boolean, a list, a table; everything else is text."""
    try:
        value = parse_toml(f"value = {text}")["value"]
    except NotParsed:
        return text
    return frozen_value(value) if isinstance(value, (bool, int, float, str, list, dict)) and "\n" not in text else text


def _json(text: str) -> Iterator[Value]:
    with suppress(NotParsed):
        yield frozen_value(parse_json(text))


def _example(backend: Backend, key: str) -> str | None:
    for kind, text in _EXAMPLES:
        value = next((each for each in _readings(text) if backend.wants(key, each) is None), None)
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return _quoted(text)
    return None


def _quoted(text: str) -> str:
    import shlex  # noqa: PLC0415 - only a mistake needs it

    return shlex.quote(text)


def decided(
    flow: Flow, settings: Settings, backend: Backend, given: Mapping[str, Value], image: str
) -> tuple[Plan, Options]:
    """What a target is given for a flow: its plan, and the options by the settings, the command line and the default image."""
    settings = settings.for_flow(flow.name)
    options = target_options(settings, backend, given, image)
    branch = settings.text("branch", backend.name, given)
    production = settings.get("production", backend.name, given).value is True
    return grouped(plan(flow, branch=branch, production=production), grouping(settings, backend.name, given)), options


def sharing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--fuse` and `--chunk` of a command that has no target."""
    fuse = "Steps in a row share a process, as they would a container: those that the settings name, or all."
    chunk = "So many members of a foreach share a process, by the first step of its body; may be given several times."
    command = option("--chunk", "portions", multiple=True, metavar="STEP=SIZE", help=chunk)(command)
    return option("--fuse", is_flag=True, help=fuse)(command)


def shared_here(plan: Plan, settings: Settings, *, fuse: bool, portions: tuple[str, ...]) -> Plan:
    """The plan whose tasks share processes where a call asks for that; the settings alone do not. Raises CallError."""
    if not fuse and not portions:
        return plan
    asked = grouping(settings.for_flow(plan.flow.name), None, {"chunk": given_portions(portions)})
    return grouped(plan, replaced(asked, fuse=fuse and (asked.fuse or True)))


def grouping(settings: Settings, target: str | None, given: Mapping[str, Value]) -> Grouping:
    """Which tasks share a container, by the settings and the command line."""
    fuse = settings.get("fuse", target, given).value
    portions = settings.get("chunk", target, given).value or {}
    assert isinstance(portions, Mapping)
    chunk = {step: _chunk(value) for step, value in portions.items()}
    return Grouping(
        fuse=tuple(map(str, fuse)) if isinstance(fuse, tuple) else fuse is True, chunk=chunk, images=settings.images
    )


def _chunk(value: Value) -> Chunk:
    if isinstance(value, Mapping):
        size, workers = value["size"], value.get("workers", 1)
    else:
        size, workers = value, 1
    assert isinstance(size, int)
    assert isinstance(workers, int)
    return Chunk(size, workers)


def given_portions(texts: tuple[str, ...]) -> Value | None:
    """What `--chunk STEP=SIZE[:WORKERS]` says, as the setting has it; None where it says nothing. Raises CallError."""
    found: dict[str, Value] = {}
    for text in texts:
        step, equals, numbers = text.partition("=")
        size, colon, workers = numbers.partition(":")
        if not step or not equals or not all(map(_is_count, (size, workers) if colon else (size,))):
            raise CallError(
                f"--chunk {_quoted(text)}: it takes a step and a number, for example --chunk square=16, or square=16:4"
            )
        found[step] = {"size": int(size), "workers": int(workers)} if colon else int(size)
    return found or None


def _is_count(text: str) -> bool:
    return text.isdecimal() and int(text) > 0
