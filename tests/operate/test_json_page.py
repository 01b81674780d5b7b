"""docs/json.md shows what `--json` prints: each command is called for real, and its keys are those of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler.backends.operating import EngineTask
from compiler.commands import COMMANDS, TARGETS
from compiler.commands.target import VERBS
from tests.operate.engine import Memory, ended, memory
from tests.stages.command_line import FLOW, Flowc, flowc, folder

__all__ = ["flowc", "folder", "memory"]

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"^## `(.+?)`\n.*?^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
"""The example of each command, by its heading."""

FREE = "…"
"""A key of the page that stands for any: names of files, of settings, of steps."""

WITHOUT = {"show", "graph", "ui", "lsp", "ir", "explain", "open", "terminate", "card", "image", "completion"}
"""Commands that print no JSON, or of which a schema tells it."""


def paths(value: Any, like: Any = None, at: str = "") -> Iterator[str]:
    """The keys of a document, each by its way from the top; those that are free are one."""
    if isinstance(value, dict):
        is_free = isinstance(like, dict) and FREE in like
        for key, inner in value.items():
            name = FREE if is_free else key
            yield f"{at}.{name}"
            yield from paths(inner, like.get(name) if isinstance(like, dict) else None, f"{at}.{name}")
    elif isinstance(value, list):
        first = like[0] if isinstance(like, list) and like else None
        for inner in value:
            yield from paths(inner, first, f"{at}[]")


class Page:
    """Compares what commands print with their examples."""

    def __init__(self, flowc: Flowc) -> None:
        self.flowc = flowc
        self.seen: dict[str, set[str]] = {}

    def call(self, heading: str, *words: str, code: int = 0, last: bool = False) -> Any:
        """Call a command; with `last` its last line is the document."""
        ended = self.flowc(*words)
        assert ended.code == code, (words, ended.err)
        found = json.loads(ended.out.splitlines()[-1] if last else ended.out)
        like = json.loads(SHOWN[heading]) if heading in SHOWN else None
        self.seen.setdefault(heading, set()).update(paths(found, like))
        return found


@pytest.fixture
def page(flowc: Flowc, folder: Path, memory: Memory) -> Page:
    """With a flow of three runs: one well, one failed, one on the engine."""
    return Page(flowc)


def _local(page: Page, folder: Path) -> None:
    page.flowc("run", "--run-id", "old", "flow.py")
    page.call(
        "flowc run FLOW --json",
        "run",
        "--json",
        "--run-id",
        "good",
        "--tag",
        "a",
        "flow.py",
        "--top",
        "1",
        "--key-words",
        "x",
    )
    (folder / "bad.py").write_text(FLOW.replace("self.input**2", "1 / self.input"))
    page.call("flowc run FLOW --json", "run", "--json", "--run-id", "bad", "bad.py", code=1)
    for run in ("good", "bad"):
        page.call("flowc inspect FLOW/RUN --json", "inspect", f"SumFlow/{run}", "--json")
        page.call("flowc verify FLOW/RUN --json", "verify", f"SumFlow/{run}", "--json")
        page.call("flowc status RUN --json", "status", f"SumFlow/{run}", "--json")
    page.call("flowc inspect FLOW/RUN --json", "inspect", "SumFlow/bad", "--json", "--log")
    page.call("flowc wait RUN --json", "wait", "SumFlow/good", "--json")
    page.call("flowc logs RUN --json", "logs", "SumFlow/good/square", "--json", last=True)
    page.call("flowc runs FLOW --json", "runs", "SumFlow", "--json")
    (folder / "bad.py").unlink()
    page.call("flowc check --format json", "check", "--format", "json", "flow.py")
    (folder / "wrong.py").write_text(
        FLOW.replace("self.next(self.join)", "self.next(self.jion)").replace("SumFlow", "WrongFlow")
    )
    page.call("flowc check --format json", "check", "--format", "json", "wrong.py", code=1)
    page.call("flowc fix --json", "fix", "--json", "wrong.py", code=1)
    (folder / "wrong.py").unlink()
    page.call("flowc list --json", "list", "--json")
    page.call("flowc package FLOW --list --json", "package", "--json", "--list", "--why", "flow.py")
    page.call("flowc config --json", "config", "--json", "flow.py")


def _replayed(page: Page, folder: Path) -> None:
    kept = (folder / "flow.py").read_text()
    for expression, code in (("self.input**2 + 1", 3), ("1 / 0", 1)):
        (folder / "flow.py").write_text(kept.replace("self.input**2", expression))
        words = ("replay", "--json", "--values", "SumFlow/good/square/0")
        page.call("flowc replay FLOW/RUN/STEP --json", *words, code=code)
    (folder / "flow.py").write_text(kept)


def _engine(page: Page, folder: Path, memory: Memory) -> None:
    page.call("flowc TARGET create --json", "argo", "create", "--json", "-o", "out/", "flow.py")
    page.call("flowc TARGET deploy --json", "argo", "deploy", "--json", "flow.py")
    (folder / "flow.py").write_text(FLOW.replace("default=3", "default=4"))
    page.call("flowc TARGET deploy --json", "argo", "deploy", "--json", "flow.py")
    compared = ("diff", "--against", "deployed", "--target", "argo", "--format", "json", "flow.py")
    page.call("flowc diff --against deployed --format json", *compared)
    page.call("flowc TARGET list --json", "argo", "list", "--json")
    run = page.call("flowc TARGET trigger --json", "argo", "trigger", "--json", "--tag", "a", "flow.py")["run_id"]
    task = EngineTask("square", "1", "failed", "pod-1", 0, "OOMKilled", "exit code 137", "more memory", 5.0, 9.0)
    memory.started[run] = ended(memory.started[run], "failed", task, finished=9.0)
    page.call("flowc status RUN --json", "status", run, "--json")
    page.call("flowc logs RUN --follow --json", "logs", run, "--json", "--follow", code=1, last=True)
    page.call("flowc runs FLOW --json", "runs", "SumFlow", "--target", "argo", "--json")
    page.call("flowc retry RUN --json", "retry", run, "--json")
    page.call("flowc doctor TARGET --json", "doctor", "argo", "--json", code=5)


def _removed(page: Page, folder: Path) -> None:
    kept = sorted((folder / ".flowc" / "SumFlow" / "good").rglob("*"))
    manifest = next(path for path in kept if path.is_file() and "join" in str(path))
    manifest.write_bytes(manifest.read_bytes()[:-9])
    page.call("flowc verify FLOW/RUN --json", "verify", "SumFlow/good", "--json", code=1)
    page.call("flowc verify FLOW/RUN --json", "verify", "SumFlow/good", "--json", "--repair", "--ended", code=1)
    page.call("flowc delete FLOW/RUN --json", "delete", "SumFlow/good", "--json", "--dry-run")
    page.call("flowc gc --json", "gc", "--older-than", "0s", "--json", "--dry-run")


def test_the_page_shows_what_is_printed(page: Page, folder: Path, memory: Memory) -> None:
    _local(page, folder)
    _replayed(page, folder)
    _engine(page, folder, memory)
    _removed(page, folder)
    found = {heading: sorted(seen) for heading, seen in page.seen.items()}
    shown = {heading: sorted({*paths(json.loads(text), json.loads(text))}) for heading, text in SHOWN.items()}
    for heading in found.keys() | shown.keys():
        assert shown.get(heading) == found.get(heading), heading


def test_the_page_names_every_command_with_json() -> None:
    named = {heading.split()[1] for heading in SHOWN}
    assert named - {"TARGET"} == {*COMMANDS} - WITHOUT
    of_targets = {heading.split()[2] for heading in SHOWN if heading.startswith("flowc TARGET")}
    assert of_targets == {*VERBS} - {"suspend", "resume", "delete"}
    assert TARGETS
