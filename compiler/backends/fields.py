"""Values of options and settings that have several spellings, read as one: lists, tables, numbers, Kubernetes' fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.ir.flow import Value


def names(value: Value) -> list[str]:
    """A list of texts, also as one text with commas."""
    if isinstance(value, tuple | list):
        return [str(item) for item in value]
    return [part.strip() for part in str(value).split(",") if part.strip()] if value else []


def mapping(value: Value) -> dict[str, str]:
    """A dict of texts, also as `a=b,c=d` or a list of such pairs."""
    if isinstance(value, Mapping):
        return {key: "" if item is None else word(item) for key, item in value.items()}
    pairs = (pair.partition("=") for pair in names(value))
    return {key.strip(): item.strip() for key, _, item in pairs}


def word(value: object) -> str:
    """A value as YAML and JSON write it where a text is wanted."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def whole(value: Value) -> int | None:
    """A whole number, also as text; None where there is none."""
    return int(value) if isinstance(value, int | str) and is_number(value) else None


def camel(value: Value) -> Value:
    """A table of Kubernetes with the names of its fields as the API has them, where the Python client's stand: `run_as_user`.

    Only for tables whose keys are all fields: labels and such may hold a `_`.
    """
    if isinstance(value, Mapping):
        return {_camel_word(key): camel(item) for key, item in value.items()}
    return tuple(map(camel, value)) if isinstance(value, tuple | list) else value


def _camel_word(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


_MOST = 10**18 - 1
"""The largest whole number of a setting: every engine's own are smaller."""


def is_text(value: Value) -> bool:
    return isinstance(value, str) and bool(value)


def is_number(value: Value) -> bool:
    """A whole number from 0 to _MOST, also as text."""
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) < len(str(10 * _MOST))
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def is_flag(value: Value) -> bool:
    return isinstance(value, bool)


def is_names(value: Value) -> bool:
    return isinstance(value, str) or (isinstance(value, tuple | list) and all(map(is_text, value)))


def is_mapping(value: Value) -> bool:
    """What `mapping` reads."""
    if isinstance(value, Mapping):
        return all(item is None or isinstance(item, str | int) for item in value.values())
    return is_names(value) and all("=" in pair for pair in names(value))


def is_table(value: Value) -> bool:
    return isinstance(value, Mapping)


def is_tables(value: Value) -> bool:
    return isinstance(value, tuple | list) and all(map(is_table, value))


def one_of(*words: str) -> Callable[[Value], bool]:
    """Whether a value is one of the words, in capitals or not."""
    lower = tuple(each.lower() for each in words)
    return lambda value: isinstance(value, str) and value.lower() in lower
