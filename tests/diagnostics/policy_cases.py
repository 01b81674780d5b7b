"""What a policy finds (FC70x, FC71x) in a flow, and what is found in a policy (FC72x): the mark is in the flow or in the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compiler.backends.targets import load_backend
from compiler.call.target_settings import decided
from compiler.diagnostics import Report
from compiler.ir.planner import plan
from compiler.pipeline import read_flow
from compiler.policy.holding import hold
from compiler.workspace.settings import read_settings
from tests.diagnostics import marked


@dataclass(frozen=True)
class Held:
    """A marked flow and its pyproject.toml, or a marked pyproject.toml alone; with a target, what its `create` finds."""

    text: str
    settings: str = ""
    target: str | None = None

    @property
    def is_flow(self) -> bool:
        """Whether the marks are in the flow."""
        return bool(self.settings)

    @property
    def shown(self) -> str:
        """The flow as `flowc explain` shows it: below the settings that it breaks."""
        return "".join(f"# {line}\n" for line in self.settings.strip().split("\n")) + self.text.lstrip("\n")


def flow(step: str = "    @step\n    def start(self):\n        pass\n", head: str = "class F(FlowSpec):\n") -> str:
    """A flow of one step."""
    return f"from metaflow import *\n\n{head}{step}"


def _policy(text: str) -> str:
    return f"[tool.flowc.policy]\n{text}\n"


_STEP = "    @step\n    def start(self):\n        ^^^^^ {}\n        pass\n"
_CLASS = "class F(FlowSpec):\n      ^ {}\n"

CASES: dict[str, Held] = {
    "a step without a required decorator": Held(flow(_STEP.format("FC701")), _policy('require = ["retry"]')),
    "a flow without a required decorator": Held(flow(head=_CLASS.format("FC701")), _policy('require = ["project"]')),
    "a step that is tried again too seldom": Held(
        flow("    @retry(times=1)\n           ^^^^^^^ FC702\n    @step\n    def start(self):\n        pass\n"),
        _policy("retry = 2"),
    ),
    "a step that may go on for too long": Held(
        flow("    @timeout(hours=7)\n     ^^^^^^^^^^^^^^^^ FC703\n    @step\n    def start(self):\n        pass\n"),
        _policy("timeout = { hours = 6 }"),
    ),
    "a step that is too large": Held(
        flow(
            "    @resources(memory=65536)\n               ^^^^^^^^^^^^ FC704\n    @step\n    def start(self):\n        pass\n"
        ),
        _policy("memory = 32768"),
    ),
    "an image of the author's": Held(
        flow(
            "    @kubernetes(image='python:3.12')\n                ^^^^^^^^^^^^^^^^^^^ FC705\n    @step\n"
            "    def start(self):\n        pass\n"
        ),
        _policy('images = ["registry.example.com/*"]'),
    ),
    "the image of the flow": Held(
        flow(head=_CLASS.format("FC706")), _policy('registries = ["registry.example.com"]'), "argo"
    ),
    "a flow without a tag": Held(flow(head=_CLASS.format("FC707")), _policy('tags = ["team=*"]'), "step-functions"),
    "a flow without an owner": Held(flow(head=_CLASS.format("FC708")), _policy("owner = true"), "airflow"),
    "a name that does not fit": Held(flow(head=_CLASS.format("FC709")), _policy("flow_name = '[A-Z][a-z]+Flow'")),
    "a forbidden target": Held(
        flow(head=_CLASS.format("FC710")), _policy('forbidden_targets = ["airflow"]'), "airflow"
    ),
    "a schedule that starts too often": Held(
        flow(head="@schedule(cron='*/5 * * * *')\n ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC712\nclass F(FlowSpec):\n"),
        _policy("schedule = 60"),
    ),
    "a comment on a locked policy": Held(
        flow(
            "    @step\n    def start(self):  # flowc: ignore[FC701] not here\n        ^^^^^ FC701\n"
            "                      ^^^^^^^^^^^^^^^^^^^^^^ FC726\n        pass\n"
        ),
        _policy('require = ["retry"]\nlocked = true'),
    ),
    "an unknown key": Held(_policy("retries = 2\n^^^^^^^ FC720")),
    "a value that is none": Held(_policy('retry = "two"\n^^^^^ FC721')),
    "a pattern without an end": Held(_policy("step_name = '(s|st|t|a|r|ta|ar|(([a-z]*)*)*)*!'\n^^^^^^^^^ FC722")),
    "rules that are not installed": Held(_policy('rules = ["nobodys-rules"]\n^^^^^ FC723')),
}
"""The other rules of FC7xx need what is installed: `tests/policy/test_installed.py`; no target has `catchup`."""

LONG_NAME = flow("    @step(start=True)\n    def " + "start" * 12 + "(self):\n        pass\n")


def found_by(case: Held, folder: Path) -> Report:
    """What is found in a case, in `flow_file.py` and `pyproject.toml` of a folder."""
    source = marked.unmark(case.text).source
    (folder / "flow_file.py").write_text(source if case.is_flow else LONG_NAME, encoding="utf-8")
    (folder / "pyproject.toml").write_text(case.settings or source, encoding="utf-8")
    settings, report = read_settings(folder), Report()
    read = read_flow(folder / "flow_file.py", report)
    assert read is not None, [each.message for each in report]
    if case.target is None:
        hold(settings, plan(read), report)
        return report
    backend = load_backend(case.target)
    assert backend is not None
    decision, options = decided(read, settings, backend, {}, "f:" + "0" * 12)
    hold(settings, decision, report, (backend, options))
    return report
