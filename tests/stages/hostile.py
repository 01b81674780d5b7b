"""What a repository may hold that means harm to whoever only looks at it, and all the commands that look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

LOOKING: Mapping[str, tuple[str, ...]] = {
    "check": ("check", "flow.py"),
    "check for targets": ("check", "--target", "all", "--notes", "flow.py"),
    "check as JSON": ("check", "--format", "json", "flow.py"),
    "check for GitHub": ("check", "--format", "github", "flow.py"),
    "check as SARIF": ("check", "--format", "sarif", "flow.py"),
    "fix": ("fix", "flow.py"),
    "fix of the folder": ("fix",),
    "fix as JSON": ("fix", "--json", "flow.py"),
    "show": ("show", "flow.py"),
    "graph": ("graph", "flow.py"),
    "graph as mermaid": ("graph", "--format", "mermaid", "flow.py"),
    "graph as dot": ("graph", "--format", "dot", "flow.py"),
    "graph as SVG": ("graph", "--format", "svg", "flow.py"),
    "graph as a page": ("graph", "--format", "html", "flow.py"),
    "graph as JSON": ("graph", "--format", "json", "flow.py"),
    "graph as a network": ("graph", "--format", "graphml", "flow.py"),
    "ir": ("ir", "flow.py"),
    "ir of the plan": ("ir", "--plan", "flow.py"),
    "airflow": ("airflow", "create", "flow.py"),
    "argo": ("argo", "create", "flow.py"),
    "step-functions": ("step-functions", "create", "flow.py"),
    "compare": ("argo", "create", "flow.py", "-o", "out/", "--check"),
    "package": ("package", "--list", "flow.py"),
    "package as JSON": ("package", "--list", "--json", "flow.py"),
    "image": ("image", "flow.py"),
    "config": ("config", "flow.py"),
    "config as JSON": ("config", "--json", "flow.py"),
    "parameters": ("run", "flow.py", "--help"),
    "runs": ("runs", "flow.py"),
    "runs as JSON": ("runs", "--json", "flow.py"),
}
"""Every command that reads a repository and runs nothing of it."""

RIGHT = """from metaflow import *


class LookedFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def with_member(member: str) -> str:
    """The flow with a line in its class."""
    return RIGHT.replace("(FlowSpec):\n", f"(FlowSpec):\n    {member}\n")


def sparse(path: Path) -> None:
    """Ten gigabytes that take no room."""
    with path.open("wb") as file:
        file.truncate(10 << 30)


WATCHED = """
import json, sys
from compiler.cli import run
events = []
watching = True
def hook(event, arguments):
    if not watching:
        return
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, str) and (set(mode or "") & set("wax+") or flags & 3):
            events.append(f"open {path}")
    elif event == "exec":
        name = getattr(arguments[0], "co_filename", "")
        if name.startswith(sys.argv[1]):
            events.append(f"exec {name}")
    elif event == "import" and arguments[0] in ("flow_file", "beside", "sitecustomize", "harm"):
        events.append(f"import {arguments[0]}")
    elif event == "ctypes.dlopen" and arguments[0] is None:
        pass  # the interpreter itself: what importing `ctypes` looks at
    elif event.split(".")[0] in ("socket", "subprocess", "ctypes", "pty", "ftplib", "urllib", "shutil"):
        events.append(event)
    elif event in ("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove", "os.rename", "os.mkdir", "os.symlink"):
        events.append(f"{event} {arguments[0]}")
sys.addaudithook(hook)
code = run(sys.argv[2:])
watching = False
print("\\n" + json.dumps({"code": code, "events": events}))
"""
"""The command line under an audit hook: what it opens for writing, runs, imports and starts."""


def watched(folder: Path, *arguments: str, **variables: str) -> tuple[int, list[str], str]:
    """The exit code of a call, what it did that was watched, and what it printed."""
    done = subprocess.run(
        [sys.executable, "-P", "-S", "-B", "-c", WATCHED, str(folder), *arguments],
        cwd=folder,
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told = json.loads(done.stdout.rstrip("\n").rpartition("\n")[2])
    return told["code"], told["events"], done.stdout + done.stderr
