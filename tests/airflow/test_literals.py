"""Values become source that evaluates to them, laid out as `ruff format` would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.backends.airflow.literals import block, dependencies, source, text

RUFF = str(Path(sys.executable).with_name("ruff"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)
NAMES = st.from_regex(r"[a-z]{1,12}", fullmatch=True).filter(lambda name: name not in ("is", "if", "in", "or", "as"))


@given(VALUES, st.integers(0, 8))
def test_source_evaluates_to_the_value(value: object, column: int) -> None:
    assert eval(source(value, column)) == value  # type: ignore[arg-type]  # JSON values


@given(st.text())
def test_text_and_block_evaluate_to_the_text(value: str) -> None:
    assert (eval(text(value)), eval(block(value))) == (value, value)


@settings(max_examples=1)
@given(st.lists(VALUES, min_size=60, max_size=60), st.lists(st.lists(NAMES, max_size=14), min_size=20, max_size=20))
def test_ruff_would_not_lay_it_out_otherwise(values: list[object], fans: list[list[str]]) -> None:
    lines = [f"f(\n    x={source(value, 4, 2, 1)},\n)\n" for value in values]  # type: ignore[arg-type]
    for before in fans:
        edges = {"first": (), **dict.fromkeys(before, ("first",)), "last": tuple(dict.fromkeys(before))}
        lines += [f"{line}\n" for line in dependencies(edges, 0)]
    for width in ("88", "110"):
        command = [RUFF, "format", "--isolated", "--diff", "--line-length", width, "-"]
        done = subprocess.run(command, input="".join(lines), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")


def test_every_edge_is_said_once() -> None:
    """Of two names that hang on the same list, each gets a line: a list cannot hang on a list."""
    edges = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ("d",), "f": ("e",), "g": ("f", "a")}
    assert dependencies(edges, 0) == ("a >> [b, c] >> d >> e >> f", "[f, a] >> g")
    edges = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ("c", "b"), "f": ("d",)}
    assert dependencies(edges, 0) == ("a >> [b, c] >> d >> f", "[c, b] >> e")
    long = {"a": (), **dict.fromkeys(("b" * 30, "c" * 30, "d" * 30), ("a",)), "e": ("b" * 30, "c" * 30, "d" * 30)}
    assert [line.count("\n") for line in dependencies(long, 0)] == [4, 4]
