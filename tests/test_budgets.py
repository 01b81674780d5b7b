"""What a command may cost, where that does not depend on time: modules, bytes, calls to the network, machines that differ."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from compiler.backends import Options
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.pipeline import compile_flow

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "nested_split.py"

HEAVY = {
    "libcst",
    "networkx",
    "hera",
    "jinja2",
    "boto3",
    "botocore",
    "airflow_client",
    "rich",
    "pydantic",
    "asyncio",
    "importlib.metadata",
    "numpy",
}

BUDGET_PER_STEP = {"argo": 800, "step-functions": 850, "airflow": 500}

STEPS = 50


def _python(code: str, *arguments: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


_MODULES = """
import io, sys
from compiler.cli import run
out = sys.stdout
sys.stdout = io.TextIOWrapper(io.BytesIO())
code = run(sys.argv[1:])
assert code == 0, code
print(*sorted(sys.modules), file=out)
"""


def _imported(*arguments: str) -> set[str]:
    return set(_python(_MODULES, *arguments).split())


_AIRFLOW, _ARGO, _STEP_FUNCTIONS = BUILT_IN.values()
_READING = {_ARGO, "compiler.run", "yaml", "tarfile", "flowc"}

_UNUSED = {
    "inspect",
    "tokenize",
    "compiler.fleet.whole",
    "compiler.frontend.dataflow.join_carry",
    "compiler.frontend.declarations.import_result",
    "compiler.frontend.declarations.include_files",
    "compiler.frontend.decorators.author_decorators",
    "compiler.frontend.decorators.hooks",
    "compiler.frontend.decorators.needs",
    "compiler.frontend.decorators.schedules",
    "compiler.frontend.decorators.triggers",
}
"""What the flow of the example has no use for: it is imported for a flow that has."""

COMMANDS: dict[str, tuple[list[str], set[str]]] = {
    "help": (
        ["--help"],
        {"compiler.pipeline", "compiler.frontend", "compiler.workspace.settings", "yaml", "json"},
    ),
    "target help": (["argo", "--help"], {"compiler.pipeline", "compiler.frontend", "yaml"}),
    "check": (["check", str(EXAMPLE)], {*_READING, *_UNUSED, "compiler.ir.plan"}),
    "show": (["show", str(EXAMPLE)], _READING),
    "ir": (["ir", str(EXAMPLE)], _READING),
    "argo": (["argo", "create", str(EXAMPLE)], {_AIRFLOW, _STEP_FUNCTIONS, *_UNUSED, "flowc"}),
    "airflow": (["airflow", "create", str(EXAMPLE)], {_ARGO, _STEP_FUNCTIONS, *_UNUSED, "yaml", "flowc"}),
    "step-functions": (["step-functions", "create", str(EXAMPLE)], {_AIRFLOW, _ARGO, *_UNUSED, "yaml", "flowc"}),
}
"""Each command, and what it must not import beyond what none may."""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_imports_only_what_it_needs(command: str) -> None:
    arguments, forbidden = COMMANDS[command]
    imported = _imported(*arguments)
    assert "click" in imported
    assert not imported & (HEAVY | forbidden)


MOST_OF_OURS = {"help": 13, "check": 118, "argo": 160, "airflow": 159, "step-functions": 157}
"""Modules of the compiler, each a quarter of a millisecond and more; the help pays for its own layout, and nothing else does."""


@pytest.mark.parametrize("command", MOST_OF_OURS)
def test_a_command_imports_few_modules_of_ours(command: str) -> None:
    arguments, _ = COMMANDS[command]
    ours = {name for name in _imported(*arguments) if name.split(".")[0] == "compiler"}
    assert len(ours) <= MOST_OF_OURS[command], sorted(ours)


def test_an_imported_module_would_be_seen() -> None:
    """The budget above can fail: what `run` needs is in the list that it reads."""
    assert {"compiler.commands.check", "compiler.frontend"} <= _imported("check", str(EXAMPLE))


_NETWORK = """
import sys
seen = []
watched = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith(watched) else None)
from compiler.cli import run
assert run(sys.argv[1:]) == 0
assert not seen, seen
"""


@pytest.mark.parametrize("target", BUILT_IN)
def test_compiling_opens_no_socket_and_starts_no_process(target: str, tmp_path: Path) -> None:
    _python(_NETWORK, target, "create", "-o", f"{tmp_path}/", str(EXAMPLE))
    assert list(tmp_path.iterdir())


def test_the_hook_sees_a_socket() -> None:
    with pytest.raises(AssertionError, match=r"socket\.__new__"):
        _python(_NETWORK.replace("assert run(sys.argv[1:]) == 0", "import socket; socket.socket()"))


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here; the audit hook above holds everywhere")
@pytest.mark.parametrize("target", BUILT_IN)
def test_the_kernel_sees_no_network_call(target: str, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    command = [sys.executable, "-P", "-m", "compiler", target, "create", str(EXAMPLE)]
    done = subprocess.run(
        ["strace", "-f", "-e", "trace=%network", "-o", str(log), *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    calls = [line for line in log.read_text().splitlines() if "(" in line]
    assert calls == []


_COMPILE = """
import sys, time, getpass
if len(sys.argv) > 4:
    time.time = lambda: 4102444800.0
    time.localtime = time.gmtime = lambda *_: time.struct_time((2100, 1, 1, 0, 0, 0, 4, 1, 0))
    getpass.getuser = lambda: "somebody"
from compiler.cli import run
sys.exit(run([sys.argv[1], "create", "-o", sys.argv[2], sys.argv[3]]))
"""

MACHINES: dict[str, dict[str, str]] = {
    "hash seed": {"PYTHONHASHSEED": "4711"},
    "another hash seed": {"PYTHONHASHSEED": "0"},
    "user": {"USER": "somebody", "LOGNAME": "somebody", "USERNAME": "somebody", "HOME": "/nonexistent"},
    "locale": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "zone": {"TZ": "Pacific/Kiritimati"},
    "settings of others": {
        "FLOWC_STORE": "s3://other",
        "METAFLOW_USER": "somebody",
        "AWS_PROFILE": "x",
        "FLOWC_IMAGE": "y",
    },
}


def _written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example alone in a folder, text of many scripts in it."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "examples" / "parameters.py", folder / "parameters.py")
    return folder


@pytest.mark.parametrize("target", BUILT_IN)
def test_other_machines_print_the_same_bytes(target: str, project: Path, tmp_path: Path) -> None:
    expected = _compiled_in(tmp_path / "here", target, project / "parameters.py", ROOT, {})
    assert all(expected.values())
    for name, env in MACHINES.items():
        written = _compiled_in(tmp_path / name, target, project / "parameters.py", ROOT, env)
        assert written == expected, name
    assert _compiled_in(tmp_path / "cwd", target, Path("parameters.py"), project, {}) == expected
    assert _compiled_in(tmp_path / "clock", target, project / "parameters.py", ROOT, {}, "other clock") == expected
    shutil.copytree(project, tmp_path / "elsewhere")
    assert _compiled_in(tmp_path / "moved", target, tmp_path / "elsewhere" / "parameters.py", ROOT, {}) == expected


def _compiled_in(
    folder: Path, target: str, flow: Path, cwd: Path, env: Mapping[str, str], *clock: str
) -> dict[str, bytes]:
    _python(_COMPILE, target, f"{folder}/", str(flow), *clock, cwd=cwd, env=env)
    return _written(folder)


def _chain(steps: int) -> Iterator[str]:
    yield "from metaflow import FlowSpec, step\n\n\nclass ChainFlow(FlowSpec):\n"
    names = ["start", *(f"step_{number}" for number in range(1, steps - 1)), "end"]
    for name, follower in zip(names, [*names[1:], None], strict=True):
        last = f"self.next(self.{follower})" if follower else "print(self.total)"
        yield f"    @step\n    def {name}(self):\n        self.total = 1\n        {last}\n\n"


def _bytes(target: str, folder: Path, steps: int) -> int:
    flow = folder / f"chain_{steps}.py"
    flow.write_text("".join(_chain(steps)), encoding="utf-8")
    backend = load_backend(target)
    assert backend is not None
    files, report = compile_flow(
        flow, backend, Options(default_image="chainflow:0123456789ab", store="s3://flows/store")
    )
    assert files, list(report)
    return sum(len(file.text.encode()) for file in files)


@pytest.mark.parametrize(("target", "budget"), BUDGET_PER_STEP.items())
def test_a_step_of_the_output_is_small(target: str, budget: int, tmp_path: Path) -> None:
    """The whole output over its steps, and what one more step adds."""
    whole = _bytes(target, tmp_path, STEPS)
    assert whole / STEPS <= budget
    assert (_bytes(target, tmp_path, STEPS + 10) - whole) / 10 <= budget
