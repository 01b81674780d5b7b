"""The functions of other packages that a pure evaluator knows: paths as text, JSON, a little arithmetic. None touches the disk."""

from __future__ import annotations

import ast
import math
import operator
import os.path
import posixpath
import re
from collections.abc import Callable, Sized
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from compiler.documents import NotParsed, parse_json

if TYPE_CHECKING:
    from typing import Any

    from compiler.ir.flow import Value

_MARK = "\x00above\x00"
"""Stands before each folder above the code's root: machines differ in these, so no value of the output may hold one."""


class Unknown(Exception):
    """The text does not tell: only run time knows."""


def _join(first: object, *rest: object) -> str:
    return posixpath.join(_path(first), *map(_path, rest))


def _path(value: object) -> str:
    if isinstance(value, str | PurePosixPath):
        return str(value)
    raise Unknown


def _absolute(value: object) -> str:
    """Absolute is what began at `__file__`; all else depends on the working directory."""
    text = _path(value)
    if not text.startswith((_MARK, "/")):
        raise Unknown
    return posixpath.normpath(text)


def _of(function: Callable[[str], object]) -> Callable[..., object]:
    return lambda value: function(_path(value))


def _dumps(value: object, **options: object) -> str:
    if not options.keys() <= _DUMPS or any(_is_long(option) for option in options.values()):
        raise Unknown
    import json  # noqa: PLC0415  # rarely needed

    return json.dumps(value, **options)  # type: ignore[arg-type]  # a wrong option is a TypeError


def _loads(text: object) -> object:
    if not isinstance(text, str):
        raise Unknown
    try:
        return parse_json(text)
    except NotParsed:
        raise Unknown from None


def _is_long(option: object) -> bool:
    """Whether an indent or the separators would stand for more than they are themselves."""
    parts: list[object] = list(option) if isinstance(option, list | tuple) else [option]
    return any(
        part > _WIDEST if isinstance(part, int) else isinstance(part, str) and len(part) > _WIDEST for part in parts
    )


def _sum(values: object, start: object = 0) -> object:
    """Of numbers: adding up lists copies the first one as often as there are others."""
    items = list(values) if isinstance(values, list | tuple) else [None]
    if not all(isinstance(each, int | float) for each in (*items, start)):
        raise Unknown
    return sum(items, start)  # type: ignore[call-overload]  # they are numbers


def _round(value: float, digits: int | None = None) -> float:
    if digits is not None and abs(digits) > _WIDEST:
        raise Unknown
    return round(value, digits)


def _replace(text: str, old: str, new: str, *count: int) -> str:
    if (len(text) + 1) * max(len(new), 1) > _LONGEST:
        raise Unknown
    return text.replace(old, new, *count)


def _joined(glue: str, parts: object) -> str:
    texts = list(parts) if isinstance(parts, list | tuple | dict | str) else [None]
    if sum(len(each) + len(glue) for each in texts if isinstance(each, str)) > _LONGEST:
        raise Unknown
    return glue.join(texts)  # type: ignore[arg-type]  # what is no text is a TypeError


def _filled(text: str, *given: object, **named: object) -> str:
    """`"{}-{name}".format(…)`, of fields without anything else."""
    fields = re.findall(r"\{([^{}]*)\}", text)
    values = (*given, *named.values())
    plain = all(re.fullmatch(r"\w*", each) for each in fields) and "{{" not in text and "}}" not in text
    if not plain or not all(isinstance(each, str | int | float) for each in values):
        raise Unknown
    if sum(len(str(each)) for each in values) * (len(fields) + 1) > _LONGEST:
        raise Unknown
    return text.format(*given, **named)


def text_method(text: str, name: str) -> Callable[..., object]:
    """A method of a text; one whose result may grow is bounded."""
    bounded = _GROWING.get(name)
    return getattr(text, name) if bounded is None else lambda *given, **named: bounded(text, *given, **named)


_GROWING: dict[str, Callable[..., object]] = {"replace": _replace, "join": _joined, "format": _filled}
_LONGEST = 1_000_000
_WIDEST = 100
_DUMPS = {"indent", "sort_keys", "ensure_ascii", "separators"}


def _length(value: Sized) -> int:
    if isinstance(value, str) and is_local(value):
        raise Unknown
    return len(value)


def _range(*given: int) -> list[int]:
    found = range(*given)
    if len(found) > LONGEST:
        raise Unknown
    return list(found)


def _times(left: Any, right: Any) -> object:
    for whole, count in ((left, right), (right, left)):
        if (
            isinstance(whole, str | list | tuple)
            and isinstance(count, int)
            and max(len(whole), 1) * abs(count) > LONGEST
        ):
            raise Unknown
    return operator.mul(left, right)


def _power(left: object, right: object) -> object:
    if (
        isinstance(left, int | float)
        and isinstance(right, int)
        and abs(left) <= _LARGEST_BASE
        and abs(right) <= _MOST_POWER
    ):
        return left**right
    raise Unknown


def _modulo(left: Any, right: Any) -> object:
    if isinstance(left, str):
        return _formatted(left, right)
    return operator.mod(left, right)


def _formatted(text: str, given: Any) -> str:
    """`"%s-%d" % (…)`, without widths."""
    values = given if isinstance(given, tuple) else (given,)
    marks = re.findall(r"%(.?)", text)
    if any(each not in ("s", "d", "%") for each in marks) or not all(
        isinstance(each, str | int | float) for each in values
    ):
        raise Unknown
    return str(text % given)


LONGEST = 100_000
"""Letters or items of a value."""

_LARGEST_BASE = 2**32
_MOST_POWER = 64

BINARY: dict[type[ast.operator], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _times,
    ast.Pow: _power,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _modulo,
    ast.BitOr: operator.or_,
}
UNARY: dict[type[ast.unaryop], Callable[..., object]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
CALLS: dict[str, Callable[..., object]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "dict": dict,
    "list": list,
    "tuple": tuple,
    "len": _length,
    "min": min,
    "max": max,
    "round": _round,
    "abs": abs,
    "sum": _sum,
    "sorted": sorted,
    "range": _range,
    "enumerate": lambda values, start=0: list(enumerate(values, start)),
    "zip": lambda *values: list(zip(*values, strict=False)),
    "any": any,
    "all": all,
    "reversed": lambda values: list(reversed(values)),
    "divmod": divmod,
}
METHODS = frozenset(
    [
        "upper",
        "lower",
        "strip",
        "lstrip",
        "rstrip",
        "replace",
        "split",
        "join",
        "title",
        "get",
        "keys",
        "values",
        "items",
        "copy",
        "to_dict",
        "startswith",
        "endswith",
        "removeprefix",
        "removesuffix",
        "rsplit",
        "splitlines",
        "capitalize",
        "format",
        "partition",
        "rpartition",
        "count",
        "find",
        "index",
        "isdigit",
        "isalpha",
        "casefold",
    ]
)
COMPARE: dict[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, group: item in group,
    ast.NotIn: lambda item, group: item not in group,
}

FUNCTIONS: dict[str, Callable[..., object]] = {
    "json.dumps": _dumps,
    "json.loads": _loads,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "os.fspath": _of(str),
    "os.path.abspath": _absolute,
    "os.path.basename": _of(posixpath.basename),
    "os.path.dirname": _of(posixpath.dirname),
    "os.path.join": _join,
    "os.path.normpath": _of(posixpath.normpath),
    "os.path.realpath": _absolute,
    "os.path.split": _of(posixpath.split),
    "os.path.splitext": _of(posixpath.splitext),
    "pathlib.Path": PurePosixPath,
    "pathlib.PosixPath": PurePosixPath,
    "pathlib.PurePath": PurePosixPath,
    "pathlib.PurePosixPath": PurePosixPath,
}
"""By the whole name under which a module gives them."""

CONSTANTS = {"os.path.sep": "/", "os.sep": "/"}


def path_attribute(path: PurePosixPath, name: str) -> object:
    """An attribute of a path. Raises Unknown."""
    if name not in ("name", "parent", "parents", "parts", "stem", "suffix"):
        raise Unknown
    if name == "parents" and len(path.parts) > _WIDEST:
        raise Unknown
    return tuple(path.parents) if name == "parents" else getattr(path, name)


def path_method(path: PurePosixPath, name: str) -> Callable[..., object]:
    """A method of a path that does not look at the disk. Raises Unknown."""
    if name in ("resolve", "absolute"):
        return lambda: PurePosixPath(_absolute(path))
    if name not in ("as_posix", "joinpath", "with_name", "with_stem", "with_suffix", "__str__", "__fspath__"):
        raise Unknown
    return getattr(path, name)  # type: ignore[no-any-return]


def file_name(file: Path, root: Path) -> str:
    """`__file__` of a module, with marks on what of it is this machine's."""
    whole, top = PurePosixPath(os.path.abspath(file)), PurePosixPath(os.path.abspath(root))
    inside = len(top.parts) if whole.is_relative_to(top) else len(whole.parts)
    above = [_MARK + part for part in whole.parts[1:inside]]
    return "/".join([_MARK, *above, *whole.parts[inside:]])


def real_path(text: str) -> str:
    """A path without marks."""
    return text.replace(_MARK, "")


def is_local(text: str) -> bool:
    """Whether a text holds a folder of this machine's copy of the code."""
    return _MARK in text


_DEEPEST = 60


def frozen(value: object, depth: int = 0) -> Value:
    """The value with tuples for lists; refuses what JSON has no kind for."""
    if depth > _DEEPEST:
        raise Unknown
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unknown
        return value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        if len(value) > LONGEST or is_local(value):
            raise Unknown
        return value
    if isinstance(value, list | tuple):
        return tuple(frozen(item, depth + 1) for item in value)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {str(key): frozen(item, depth + 1) for key, item in value.items()}
    raise Unknown
