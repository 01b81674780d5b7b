"""How these tests compile: an example or the text of a flow to a DAG file, or to what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from compiler.backends import Options
from compiler.backends.airflow import BACKEND
from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.pipeline import compile_flow
from tests.engines import Outcome

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HEAD = "from flowc import *\n\n\n"


class Run(Protocol):
    """Run the text of a flow file on a line of Airflow."""

    def __call__(self, line: str, flow: str, text: str, parameters: dict[str, object], operator: str) -> Outcome: ...


def emitted(path: Path, options: Mapping[str, Value] | None = None, **others: str | int) -> str:
    """The DAG file of a flow file that must compile."""
    text, report = compiled(path, options, **others)
    assert text is not None, [(found.rule.code, found.message) for found in report]
    return text


def compiled(path: Path, options: Mapping[str, Value] | None = None, **others: str | int) -> tuple[str | None, Report]:
    """The DAG file of a flow file, None where it is refused, and what was found."""
    chosen = Options(default_image="flow:1", target=options or {}, **others)  # type: ignore[arg-type]  # as named
    files, report = compile_flow(path, BACKEND, chosen)
    return (files[0].text if files else None), report


def written(folder: Path, body: str, decorators: str = "", name: str = "TryFlow") -> Path:
    """A flow file whose class has this body."""
    path = folder / f"{name.lower()}.py"
    indented = "".join(f"    {line}\n" if line else "\n" for line in body.strip("\n").split("\n"))
    path.write_text(f"{HEAD}{decorators}class {name}(FlowSpec):\n{indented}", encoding="utf-8")
    return path


def chain(steps: int) -> str:
    """The body of a flow of that many steps in a row."""
    names = ["start", *(f"step_{number}" for number in range(1, steps - 1)), "end"]
    following = [f"self.next(self.{name})" for name in names[1:]] + ["pass"]
    return "\n".join(f"@step\ndef {name}(self):\n    {last}\n" for name, last in zip(names, following, strict=True))
