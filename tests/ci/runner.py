"""What GitHub's runner does with a composite action: conditions, variables, bash, files that steps write to; and a `gh`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION: Mapping[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: Mapping[str, Mapping[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}

_EXPRESSION = r"\$\{\{\s*([\w.-]+)\s*\}\}"

GH = """#!{python}
import json, re, sys
place, words = {state!r}, sys.argv[1:]
state = json.load(open(place))
state["calls"].append(words)
assert words[0] == "api", words
at = {{words[i]: words[i + 1] for i in range(len(words) - 1) if words[i].startswith("--")}}
url = next(word for word in words[1:] if word.startswith("repos/"))
if state["refuses"] and ("--method" in at):
    json.dump(state, open(place, "w"))
    sys.exit("HTTP 403: Resource not accessible by integration")
if "--method" in at:
    name, _, value = at["--field"].partition("=")
    assert name == "body" and value.startswith("@"), at
    body = open(value[1:], encoding="utf-8").read()
    if at["--method"] == "POST":
        assert re.fullmatch("repos/acme/flows/issues/7/comments", url), url
        state["comments"].append({{"id": 100 + len(state["comments"]), "login": "github-actions[bot]", "body": body}})
    else:
        number = int(url.rpartition("/")[2])
        next(each for each in state["comments"] if each["id"] == number)["body"] = body
else:
    import subprocess
    page = [{{"id": each["id"], "user": {{"login": each["login"]}}, "body": each["body"]}} for each in state["comments"]]
    sys.stdout.write(subprocess.run(["jq", "-r", at["--jq"]], input=json.dumps(page), text=True, capture_output=True, check=True).stdout)
json.dump(state, open(place, "w"))
"""

FLOWC = """#!{python}
import os, sys
if sys.argv[1:2] == ["diff"]:  # a stand-in: see `Job.diff`
    words = sys.argv[2:]
    open({log!r}, "w").write(repr(words))
    sys.stdout.write(open({text!r}, encoding="utf-8").read())
    sys.exit({code})
os.execv({flowc!r}, ["flowc", *sys.argv[1:]])
"""


@dataclass
class Job:
    """One job: a repository, its event, and what its steps have left."""

    folder: Path
    inputs: dict[str, str] = field(default_factory=dict)
    event: str = "pull_request"
    path: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("repository", "temp", "bin"):
            (self.folder / name).mkdir()
        (self.folder / "summary").touch()
        self._write_state({"comments": [], "calls": [], "refuses": False})
        self.program("gh", GH.format(python=sys.executable, state=str(self.folder / "state.json")))
        self.diff("", 0)

    @property
    def repository(self) -> Path:
        """The checked-out repository."""
        return self.folder / "repository"

    @property
    def state(self) -> dict[str, Any]:
        """What the API holds: comments, and the calls that were made."""
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return found

    def _write_state(self, state: Mapping[str, Any]) -> None:
        (self.folder / "state.json").write_text(json.dumps(state))

    def knows(self, **changes: object) -> None:
        """Change what the API holds."""
        self._write_state({**self.state, **changes})

    def program(self, name: str, text: str) -> None:
        """A program on the runner's path."""
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def diff(self, text: str, code: int) -> None:
        """What `flowc diff` prints in this job, and its exit code; every other command of flowc is the real one."""
        (self.folder / "diff.md").write_text(text, encoding="utf-8")
        facts = {"log": str(self.folder / "diff-words"), "text": str(self.folder / "diff.md"), "code": code}
        real = str(Path(sys.executable).with_name("flowc"))
        self.program("flowc", FLOWC.format(python=sys.executable, flowc=real, **facts))

    def real_diff(self) -> None:
        """Let `flowc diff` be the real one too."""
        real = str(Path(sys.executable).with_name("flowc"))
        self.program("flowc", f"#!/bin/sh\nexec '{real}' \"$@\"\n")

    def context(self, name: str) -> str:
        """What an expression is worth."""
        if name.startswith("inputs."):
            key = name.removeprefix("inputs.")
            return self.inputs.get(key, ACTION["inputs"][key]["default"])
        return {
            "github.action_path": str(ROOT),
            "github.event_name": self.event,
            "github.event.pull_request.base.sha": self.base,
            "github.event.pull_request.number": "7",
            "github.token": "a-token",
        }[name]

    base: str = "0" * 40

    def is_wanted(self, name: str) -> bool:
        """Whether the condition of a step holds: comparisons of a context with a text, joined by `&&`."""
        found = []
        for part in STEPS[name].get("if", "").split("&&"):
            match = re.fullmatch(r"\s*([\w.-]+)\s*(==|!=)\s*'([^']*)'\s*", part) if part else None
            assert match or not part, part
            if match:
                found.append((self.context(match[1]) == match[3]) is (match[2] == "=="))
        return all(found)

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a step as the runner does."""
        step = STEPS[name]
        assert self.is_wanted(name)
        values = {
            key: re.sub(_EXPRESSION, lambda found: self.context(found[1]), str(text))
            for key, text in step.get("env", {}).items()
        }
        place = re.sub(_EXPRESSION, lambda found: self.context(found[1]), step.get("working-directory", "."))
        script = self.folder / "script.sh"
        script.write_text(step["run"])
        system = {
            "PATH": os.pathsep.join([*reversed(self.path), str(self.folder / "bin"), os.environ["PATH"]]),
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_PATH": str(self.folder / "path"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_REPOSITORY": "acme/flows",
            "GITHUB_ACTIONS": "true",
        }
        kept = {key: value for key, value in os.environ.items() if key.startswith(("UV_", "PIP_", "SSL_", "REQUESTS_"))}
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=self.repository / place,
            env={**kept, **system, **values},
            capture_output=True,
            text=True,
            check=False,
        )
        if (self.folder / "path").exists():
            self.path = (self.folder / "path").read_text().split()
        return ended
