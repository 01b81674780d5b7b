"""A generated flow as a case."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.generator import GeneratedFlow
from tests.engines import FlowCase


def generated_case(flow: GeneratedFlow, folder: Path) -> FlowCase:
    """A generated flow, written into a folder of its own."""
    code = folder / "code"
    code.mkdir(parents=True, exist_ok=True)
    path = code / f"{flow.stem}.py"
    path.write_text(flow.source, encoding="utf-8")
    for name, text in flow.files.items():
        (code / name).write_text(text, encoding="utf-8")
    return FlowCase(path, flow.name, flow.parameters, {}, code, config_values=flow.config_values)
