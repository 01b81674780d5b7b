"""Functions of pure text are worth what Python says, and whatever is more is unknown, soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.flow import Dynamic, Value

HEAD = '''
import math, os, random
from functools import lru_cache
SIZES = {"MB": 1, "GB": 1024}
COUNTED = []
def convert(amount, unit="GB", *, up=True):
    """A document."""
    assert amount >= 0
    if unit in SIZES and up: return amount * SIZES[unit]
    elif unit in SIZES: return amount // SIZES[unit]
    raise ValueError(unit)
def first(*values, **named):
    for at, value in enumerate(values):
        if value is None: continue
        if at > named.get("most", 9): break
        return value
    else:
        return "none"
    return "late"
def table(rows: int, names):
    found: dict = {}
    at = 0
    while at < rows:
        found[names[at % len(names)] + str(at)] = [at, *range(at)]
        at += 1
    return {key: value for key, value in found.items() if value}
def several():
    low, (high, rest) = 1, (2, [3])
    rest.append(low + high)
    rest += [9]
    return rest[::-1], "%s-%d" % ("a", low), "{}/{x}".format(high, x=low), f"{low:02d}"
@lru_cache
def factorial(n): return 1 if n < 2 else n * factorial(n - 1)
half = lambda n: n / 2
def nothing(): pass
def kind(value): return "number" if isinstance(value, (int, float)) else "text" if isinstance(value, str) else "other"
def changes(names):
    names.append("x")
    return names
def counts():
    COUNTED.append(1)
    return len(COUNTED)
def forever():
    while True: pass
def grows():
    found = "x"
    while True: found += found
def gives():
    yield 1
def closes(n):
    def inner(): return n
    return inner()
'''

KNOWN = [
    "convert(2)",
    "convert(4096, up=False)",
    "convert(**{'amount': 3, 'unit': 'MB'})",
    "first(None, 5, 6)",
    "first()",
    "first(*[None] * 4, 1, most=2)",
    "table(4, ['a', 'b'])",
    "several()",
    "factorial(10)",
    "half(5) + half(n=1)",
    "nothing()",
    "[kind(each) for each in (1, 'a', None, 2.5, True)]",
    "sum(each * 2 for each in range(5) if each % 2)",
    "{a: b for a, b in zip('ab', [1, 2])}",
    "sorted(SIZES, reverse=True)",
    "math.ceil(convert(1) / 1000)",
    "(lambda a, b=2: a * b)(4)",
    "max([convert(each, 'MB') for each in [3, 9]])",
    "'a=1;b=2'.partition(';')[0][2:]",
    "any([0, '']) or all([1, [0]])",
]
UNKNOWN = [
    "convert(1, 'XB')",
    "convert(-1)",
    "convert()",
    "convert(1, 2, 3)",
    "convert(1, no=2)",
    "changes(['a'])",
    "counts()",
    "forever()",
    "grows()",
    "gives()",
    "closes(1)",
    "os.getpid()",
    "random.random()",
    "factorial(200)",
    "'%99999999d' % 1",
    "'{:99999999}'.format(1)",
    "range(10 ** 12)",
]


def _worth(folder: Path, expression: str) -> Value | Dynamic:
    path = folder / "flow_file.py"
    text = f"from metaflow import FlowSpec, Parameter, step\n{HEAD}\nclass F(FlowSpec):\n    p = Parameter('p', default=[{expression}])\n"
    path.write_text(f"{text}    @step\n    def start(self): pass\n", encoding="utf-8")
    (flow,) = parse(path, Report())
    default = flow.parameters[0].default
    return default if isinstance(default, Dynamic) else default[0]  # type: ignore[index]


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.language("real.pure-functions")
@pytest.mark.parametrize("expression", KNOWN)
def test_pure_text_is_worth_what_python_says(tmp_path: Path, expression: str) -> None:
    names: dict[str, object] = {}
    exec(HEAD, names)
    worth = _worth(tmp_path, expression)
    assert worth == _plain(eval(expression, names))
    assert not isinstance(worth, Dynamic)


@pytest.mark.parametrize("expression", UNKNOWN)
def test_what_is_more_than_pure_text_is_unknown_soon(tmp_path: Path, expression: str) -> None:
    begun = time.monotonic()
    assert isinstance(_worth(tmp_path, expression), Dynamic)
    assert time.monotonic() - begun < 20
