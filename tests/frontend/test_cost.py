"""What reading a flow imports: nothing that it does not need, and nothing of the user's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
before = set(sys.modules)
from pathlib import Path
from compiler.diagnostics import Report
from compiler.frontend import parse
events = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec"):
        events.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        events.append(f"{event} {arguments[0]}")
sys.addaudithook(hook)
report = Report()
flows = parse(Path(sys.argv[1]), report)
print(json.dumps({"flows": [flow.name for flow in flows], "new": sorted(set(sys.modules) - before), "events": events}))
"""
ALLOWED = {
    *(
        "abc",
        "ast",
        "collections",
        "contextlib",
        "contextvars",  # four names of a built-in module
        "copy",
        "copyreg",
        "dataclasses",
        "dis",
        "encodings",
        "enum",
        "errno",
        "fnmatch",
        "heapq",
    ),
    *(
        "functools",
        "genericpath",
        "importlib",
        "inspect",
        "ipaddress",
        "itertools",
        "json",
        "keyword",
        "linecache",
        "math",
    ),
    *(
        "ntpath",
        "opcode",
        "operator",
        "os",
        "pathlib",
        "posixpath",
        "re",
        "reprlib",
        "stat",
        "token",
        "tokenize",
        "types",
    ),
    *("typing", "urllib", "warnings", "weakref"),
}
MOST_MODULES = 108
"""Of the standard library's and our own, inner ones included."""


def _run(path: Path) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM, str(path)], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["linear", "parameters", "film_titles"])
def test_reading_imports_little_and_runs_nothing(name: str) -> None:
    """The modules that a right flow loads; no network, no process, no file written."""
    found = _run(ROOT / "examples" / f"{name}.py")
    assert found["flows"]
    own = {module for module in found["new"] if module.split(".")[0] == "compiler"}
    elsewhere = {module for module in own if module.count(".") > 1 and module.split(".")[1] not in ("frontend", "ir")}
    assert elsewhere == set()
    others = {module.split(".")[0] for module in found["new"] if module not in own}
    assert {name for name in others if not name.startswith("_")} <= ALLOWED
    assert len(found["new"]) <= MOST_MODULES
    assert found["events"] == []


def test_a_flow_is_never_imported(tmp_path: Path) -> None:
    """Code at module level, in decorators and in defaults stays text, in modules beside the flow too."""
    (tmp_path / "beside.py").write_text("open('ran', 'w')\nSIZE = 1\n")
    path = tmp_path / "flow_file.py"
    path.write_text(
        "from metaflow import *\nfrom beside import SIZE\nopen('ran', 'w')\n"
        "class F(FlowSpec):\n    x = Parameter('x', default=open('ran', 'w'))\n"
        "    @resources(cpu=SIZE)\n    @step\n    def start(self): pass\n"
    )
    found = _run(path)
    assert found["flows"] == ["F"]
    assert "beside" not in found["new"]
    assert found["events"] == []
    assert not (ROOT / "ran").exists()
