"""`NBRunner(Flow).nbrun()`, `NBDeployer(Flow).argo_workflows().create()`: a flow whose class stands in a cell of a notebook."""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import inspect
import linecache
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from flowc.client.deployer import Deployer
from flowc.client.runner import ExecutingRun, Runner
from flowc.exceptions import MetaflowException

if TYPE_CHECKING:
    from flowc.client import Run

_OF_NOTEBOOKS = frozenset({"NBRunner", "NBDeployer", "get_ipython", "display"})


class NBRunnerInitializationError(MetaflowException):
    """The source of the flow is not known here."""

    headline = "No cell with the flow"


class NBRunner:
    """Starts runs of a flow that a cell defines; its methods are those of `Runner`, and `nbrun` and `nbresume` give the `Run`.

    The flow's cell, and what it uses of other cells (imports, functions, classes, plain values), become a file in `base_dir`, by
    default the working directory; `cleanup` removes it. While a run goes on the cell shows how far it has come.
    """

    def __init__(
        self,
        flow: type,
        show_output: bool = True,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        base_dir: str | None = None,
        file_read_timeout: int = 3600,
        **options: Any,
    ) -> None:
        text = source_of(flow)
        self.flow, self.base_dir = flow, base_dir if base_dir is not None else os.getcwd()
        handle, self._file = tempfile.mkstemp(prefix=flow.__name__, suffix=".py", dir=self.base_dir)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        name = f"{os.path.basename(self._file)}:{flow.__name__}"
        self.runner = Runner(name, show_output, profile, env, self.base_dir, file_read_timeout, **options)
        self.runner._follow = _followed

    def nbrun(self, **kwargs: Any) -> Run:
        """Start a run, wait for its end, clean up; the run as the client shows it. Raises MetaflowException where it did not begin."""
        try:
            return self.runner.run(**kwargs).run
        finally:
            self.cleanup()

    def nbresume(self, **kwargs: Any) -> Run:
        """Like `nbrun`, going on from a run: `origin_run_id`, by default the newest, and `step_to_rerun`."""
        try:
            return self.runner.resume(**kwargs).run
        finally:
            self.cleanup()

    def run(self, **kwargs: Any) -> ExecutingRun:
        """Start a run and wait for its end."""
        return self.runner.run(**kwargs)

    def resume(self, **kwargs: Any) -> ExecutingRun:
        """Go on from a run and wait for the end."""
        return self.runner.resume(**kwargs)

    async def async_run(self, **kwargs: Any) -> ExecutingRun:
        """Start a run; `await executing.wait()` waits for its end."""
        return await self.runner.async_run(**kwargs)

    async def async_resume(self, **kwargs: Any) -> ExecutingRun:
        """Like `resume`, without waiting."""
        return await self.runner.async_resume(**kwargs)

    def cleanup(self) -> None:
        """End what still runs, and remove the file."""
        self.runner.cleanup()
        if os.path.exists(self._file):
            os.remove(self._file)


_PAUSE = 1.0
"""Seconds between two looks at a run that goes on; more where a look takes longer than a tenth of that."""


def _followed(executing: ExecutingRun) -> None:
    """Wait for the end of a run; in a notebook the cell shows how far it has come, and elsewhere what it prints says it."""
    display = _display()
    shown = display(executing, display_id=True) if display else None
    took = 0.0
    while executing.process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            executing.process.wait(max(_PAUSE, 10 * took))
        began = time.monotonic()
        if shown is not None:
            shown.update(executing)
        took = time.monotonic() - began


def _display() -> Callable[..., Any] | None:
    """What shows an object in a cell and can show it anew; None outside a notebook: a terminal cannot take back what it has shown."""
    found = sys.modules.get("IPython")
    if found is None or getattr(found.get_ipython(), "kernel", None) is None:
        return None
    made: Callable[..., Any] = importlib.import_module("IPython.display").display
    return made


_MARK = "# Made of a cell of a notebook by NBDeployer; cleanup() removes it.\n"


class NBDeployer(Deployer):
    """Deploys a flow that a cell defines; its methods are those of `Deployer`.

    The flow's cell, and what it uses of other cells, become `base_dir/<flow>.py`, by default in the working directory: the same name each
    time, so that deploying again changes only what differs. `cleanup` removes it. Raises NBRunnerInitializationError.
    """

    def __init__(
        self,
        flow: type,
        show_output: bool = True,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        base_dir: str | None = None,
        file_read_timeout: int = 3600,
        **options: Any,
    ) -> None:
        self.flow, self.base_dir = flow, base_dir if base_dir is not None else os.getcwd()
        self._file = os.path.join(self.base_dir, f"{flow.__name__}.py")
        text = _MARK + source_of(flow)
        if os.path.lexists(self._file):
            with open(self._file, encoding="utf-8", errors="replace") as file:
                if file.readline() != _MARK:
                    raise NBRunnerInitializationError(
                        f"{self._file} is there and not of NBDeployer: give another `base_dir`, or deploy that by Deployer"
                    )
        with open(self._file, "w", encoding="utf-8") as file:
            file.write(text)
        name = f"{os.path.basename(self._file)}:{flow.__name__}"
        super().__init__(name, show_output, profile, env, self.base_dir, file_read_timeout, **options)

    def cleanup(self) -> None:
        """Remove the file; what is deployed stays."""
        if os.path.exists(self._file):
            os.remove(self._file)


def source_of(flow: type) -> str:
    """A module that defines the flow as its cell does. Raises NBRunnerInitializationError where no cell is known to hold it."""
    cell = _cell(flow)
    if cell is None:
        raise NBRunnerInitializationError(
            f"nothing tells the source of {flow.__name__}: define it in a cell of a notebook; Runner('file.py') runs one of a file"
        )
    own = _definitions(cell)
    kept = [part.statement for part in own]
    there = dict(vars(sys.modules.get(flow.__module__, builtins)))
    imports: list[str] = []
    above: list[str] = []
    seen = _bound(kept) | set(dir(builtins))
    waiting = _used(kept) - seen
    while waiting:
        name = min(waiting)
        seen.add(name)
        if name in there:
            found = _written(name, there[name])
            (above if isinstance(found, _Part) else imports)[:0] = [found.text] if isinstance(found, _Part) else found
            waiting |= _used([found.statement]) if isinstance(found, _Part) else set()
        waiting -= seen
    return "\n".join([*imports, *above, *(part.text for part in own), ""])


class _Part(NamedTuple):
    """A statement of a cell."""

    statement: ast.stmt
    text: str


def _cell(defined: Any) -> list[_Part] | None:
    """The statements of the cell that defines a class or a function; notebooks keep each under the name of its code."""
    for code in _codes(defined):
        lines = linecache.getlines(code.co_filename)
        try:
            body = ast.parse("".join(lines)).body
        except SyntaxError:
            continue
        if any(getattr(one, "name", "") == defined.__name__ for one in body):
            return [_Part(one, "".join(lines[_first(one) - 1 : one.end_lineno]).rstrip("\n")) for one in body]
    return None


def _first(statement: ast.stmt) -> int:
    above: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in above)])


def _codes(defined: Any) -> Iterator[Any]:
    members = vars(defined).values() if isinstance(defined, type) else (defined,)
    for member in members:
        function = inspect.unwrap(getattr(member, "fget", None) or getattr(member, "__func__", None) or member)
        if inspect.isfunction(function):
            yield function.__code__


def _definitions(cell: list[_Part]) -> list[_Part]:
    """What of a cell makes the flow: imports, definitions, assignments; not what runs it, shows something, or follows from that."""
    kept: list[_Part] = []
    dropped = set(_OF_NOTEBOOKS)
    for part in cell:
        one = part.statement
        if isinstance(one, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            kept.append(part)
        elif isinstance(one, ast.Expr) or _used([one]) & dropped:
            dropped |= _bound([one])
        else:
            kept.append(part)
    return kept


def _used(body: list[ast.stmt]) -> set[str]:
    return {node.id for one in body for node in ast.walk(one) if isinstance(node, ast.Name)}


def _bound(body: list[ast.stmt]) -> set[str]:
    """The names that statements of a module bind there."""
    found: set[str] = set()
    for one in body:
        if isinstance(one, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in one.names}
        elif isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(one.name)
        else:
            found |= {
                node.id for node in ast.walk(one) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
    return found


def _written(name: str, value: Any) -> list[str] | _Part:
    """How a module gets a name that another cell has bound: a statement of ours, that cell's, or nothing."""
    import flowc

    if isinstance(value, ModuleType):
        return [f"import {value.__name__} as {name}"]
    own = getattr(value, "__name__", name)
    for public in (name, own):
        if public in dir(flowc) and getattr(flowc, public) is value:
            return [f"from flowc import {public} as {name}"]
    module = getattr(value, "__module__", None) or ""
    if module != "__main__" and getattr(sys.modules.get(module), str(own), None) is value:
        return [f"from {module} import {own} as {name}"]
    cell = _cell(value) if inspect.isclass(value) or inspect.isfunction(value) else None
    for part in cell or ():
        if getattr(part.statement, "name", "") == own:
            return part
    return [f"{name} = {value!r}"] if _is_plain(value) else []


def _is_plain(value: Any) -> bool:
    try:
        return type(ast.literal_eval(repr(value))) is type(value) and bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
