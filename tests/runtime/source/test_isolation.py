"""What the code that `--import` runs sees of who imports it, and how long it lives: nothing, and no longer."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import flowc
import pytest

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.importing import importer
from compiler.ir.flow import Flow

SHIM = Path(flowc.__path__[0]).parent
HEAD = "import glob, os, subprocess, sys, time\nfrom metaflow import *\n"
FLOW = "class F(FlowSpec):\n    @step\n    def start(self):\n        pass\n"


def _import(folder: Path, text: str) -> tuple[Flow | None, Report]:
    path = folder / "flow_file.py"
    path.write_text(HEAD + textwrap.dedent(text) + FLOW, encoding="utf-8")
    report = Report()
    flows = parse(path, report, importer=importer(path, folder, seconds=60))
    return (flows[0] if flows else None), report


@pytest.fixture(scope="module")
def _alone() -> None:
    """Skip where the kernel gives no namespaces."""
    code = "import os; from flowc.source.isolation import isolate; os._exit(0 if isolate() else 3)"
    if subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(SHIM)}, check=False).returncode:
        pytest.skip("this kernel gives no namespaces")


LOOKS = {
    "its own variables": "[name for name, value in os.environ.items() if 'theirs' in value]",
    "the variables of any process": "_holding('environ')",
    "the memory of any process": "[path for path in _holding('maps', '') if path.split('/')[2] not in OWN]",
    "the words of any command line": "_holding('cmdline')",
    "files that are open": "[at for at in os.listdir('/proc/self/fd') if 'kept' in _target(at)]",
}
SPY = """
def _target(at):
    try:
        return os.readlink(f"/proc/self/fd/{at}")
    except OSError:
        return ""

def _holding(name, what="theirs"):
    found = []
    for path in glob.glob(f"/proc/[0-9]*/{name}"):
        try:
            with open(path, "rb") as file:
                data = file.read(1 << 20)
        except OSError:
            continue
        if data and what.encode() in data:
            found.append(path)
    return found

OWN = {str(os.getpid()), str(os.getppid())} | {str(pid) for pid in range(1, 4)}
seen = LOOK
if seen:
    raise ValueError(f"seen: {seen}")
"""


@pytest.mark.usefixtures("_alone")
@pytest.mark.parametrize("look", LOOKS)
def test_the_code_sees_nothing_of_who_imports_it(tmp_path: Path, look: str) -> None:
    path = tmp_path / "flow_file.py"
    path.write_text(HEAD + SPY.replace("LOOK", LOOKS[look]) + FLOW, encoding="utf-8")
    (tmp_path / "kept").touch()
    program = (
        "import os, sys\nfrom compiler.cli import run\nkept = open(sys.argv[1] + '/kept')\nos.set_inheritable(kept.fileno(), True)\n"
        "raise SystemExit(run(['check', '--import', sys.argv[1] + '/flow_file.py']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), "theirs"],
        env={**os.environ, "SECRET": "theirs", "FLOWC_STORE": "theirs", "AWS_SECRET_ACCESS_KEY": "theirs"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


HIDDEN = """
import ctypes, os, subprocess, sys
from flowc.source.isolation import hide
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # whoever gives up rights is hidden already: begin as an ordinary user's process does
if sys.argv[1] == "hidden":
    hide()
done = subprocess.run(["/bin/cat", f"/proc/{os.getpid()}/environ"], capture_output=True, env={})
print(done.stdout.count(b"SECRET=theirs"), b"Permission denied" in done.stderr)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has a way")
@pytest.mark.parametrize(("word", "said"), [("shown", "1 False"), ("hidden", "0 True")])
def test_where_nothing_else_helps_the_kernel_refuses_the_importing_processs_variables(word: str, said: str) -> None:
    """As an ordinary user: what a container mostly leaves. Without it they are there for the reading."""
    done = subprocess.run(
        [sys.executable, "-c", HIDDEN, word],
        env={**os.environ, "SECRET": "theirs", "PYTHONPATH": str(SHIM)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == said, done.stderr


@pytest.mark.usefixtures("_alone")
def test_nothing_that_the_code_starts_outlives_it(tmp_path: Path) -> None:
    """Not even what leaves its group and its session."""
    mark = tmp_path / "beat"
    flow, report = _import(
        tmp_path,
        f"""
        subprocess.Popen(["sh", "-c", "while :; do date +%N > {mark}; sleep 0.05; done"], start_new_session=True)
        while not os.path.exists({str(mark)!r}):
            time.sleep(0.01)
        """,
    )
    assert flow is not None, [found.message for found in report]
    before = mark.read_text()
    time.sleep(0.5)
    assert mark.read_text() == before


@pytest.mark.usefixtures("_alone")
def test_its_children_have_no_network(tmp_path: Path) -> None:
    code = "import socket; socket.socket().connect(('127.0.0.1', 9))"
    flow, report = _import(
        tmp_path,
        f"""
        done = subprocess.run([sys.executable, "-c", {code!r}], capture_output=True, text=True)
        raise ValueError(done.stderr.strip().splitlines()[-1])
        """,
    )
    assert flow is None
    assert "Network is unreachable" in next(iter(report)).message


BOUNDED = {
    "memory": ("x = bytearray(9 << 30)", "MemoryError"),
    "a file": ("open('/tmp/flowc-large', 'wb').truncate(2 << 30)", "File too large"),
    "rights": ("os.setuid(12345)", "PermissionError|Invalid argument|Operation not permitted"),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="macOS counts none of it")
@pytest.mark.parametrize("name", BOUNDED)
def test_it_has_bounds(tmp_path: Path, name: str) -> None:
    code, said = BOUNDED[name]
    if name == "rights" and os.getuid():
        pytest.skip("only root has any")
    flow, report = _import(tmp_path, f"{code}\n")
    assert flow is None
    assert any(each in next(iter(report)).message for each in said.split("|"))


def test_a_module_that_reads_its_proc_finds_one(tmp_path: Path) -> None:
    """Libraries ask it how much memory and how many processors there are."""
    flow, report = _import(
        tmp_path, "open('/proc/meminfo').read(); open('/proc/self/status').read(); open('/proc/cpuinfo').read()\n"
    )
    assert flow is not None, [found.message for found in report]
