"""Files are read in several threads at once, as an editor's server does, and each as if it were alone."""

from __future__ import annotations

import ast
import contextlib
import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import pytest

from compiler.diagnostics import Report
from compiler.frontend.text.source import alone, parsed
from compiler.pipeline import read_flow

CHAIN = 1500
"""Terms in a sum: more than the interpreter's own limit of recursion lets a tree be deep."""


@pytest.fixture(autouse=True)
def _restless() -> Iterator[None]:
    """Threads that take turns as often as they can, also while a tree is built: collecting garbage runs code of Python's there."""

    def turn(*_: object) -> None:
        """Runs code."""

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    gc.callbacks.append(turn)
    yield
    gc.callbacks.remove(turn)
    sys.setswitchinterval(before)


def _wide(length: int) -> str:
    return "[" + ", ".join(f"{{'a': [{at}, ({at}, {at})]}}" for at in range(length)) + "]"


def _flow(value: str) -> str:
    return (
        "from flowc import FlowSpec, step\nclass LongFlow(FlowSpec):\n    @step\n    def start(self):\n"
        f"        self.x = {value}\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n"
    )


def test_flows_that_are_read_at_once_are_what_each_is_alone(tmp_path: Path) -> None:
    values = [*(_wide(200 + 100 * at) for at in range(4)), "+".join(["1"] * CHAIN)]
    for at, value in enumerate(values):
        (tmp_path / f"f{at}.py").write_text(_flow(value))

    def read(at: int) -> object:
        report = Report()
        flow = read_flow(tmp_path / f"f{at}.py", report, root=tmp_path)
        return flow, [(found.rule.code, found.message) for found in report]

    limit = sys.getrecursionlimit()
    expected = [read(at) for at in range(len(values))]
    assert all(told == [] for _, told in expected)  # type: ignore[misc]
    with ThreadPoolExecutor(len(values)) as pool:
        for _ in range(10):
            assert list(pool.map(read, range(len(values)))) == expected
    assert sys.getrecursionlimit() == limit


def test_who_parses_beside_it_does_not_disturb() -> None:
    """A traceback that is printed in another thread parses the lines that it shows."""
    ends = Event()

    def beside() -> None:
        while not ends.wait(0.02):
            with contextlib.suppress(SystemError):
                ast.parse("x = " + _wide(3))

    thread = Thread(target=beside)
    thread.start()
    try:
        text = f"x = {_wide(200)}\n"
        for _ in range(200):
            with alone():
                assert len(parsed(text).body) == 1
                assert isinstance(parsed("1 + 2", "eval").body, ast.BinOp)
    finally:
        ends.set()
        thread.join()


def test_what_python_always_miscounts_is_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    def miscounting(*_: object, **__: object) -> ast.Module:
        raise SystemError("AST constructor recursion depth mismatch (before=1, after=2)")

    monkeypatch.setattr(ast, "parse", miscounting)
    with alone(), pytest.raises(RecursionError):
        parsed("x = 1")


def test_a_mistake_leaves_the_limit_as_it_was() -> None:
    limit = sys.getrecursionlimit()
    for text in ("x = (", "x = " + "-" * 50_000 + "1"):
        with pytest.raises((SyntaxError, RecursionError, MemoryError)), alone():
            parsed(text)
        assert sys.getrecursionlimit() == limit
    with alone():
        assert sys.getrecursionlimit() > CHAIN
