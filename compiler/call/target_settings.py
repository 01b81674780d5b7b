"""Settings of a target as the command line gives them: text, in the form that its key takes; and what follows of all settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from compiler.backends import Backend, Options
from compiler.documents import NotParsed, parse_json, parse_toml
from compiler.ir.flow import Flow, Value
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.mistakes import CallError
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
    return plan(flow, branch=branch, production=production), options
