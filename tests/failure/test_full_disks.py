"""Faults of the store in whole processes: a gang in containers, a local run from end to end, a disk that is really full."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store.files import FileStore

from tests.conformance.plan import LONG
from tests.stages.container import SHIM, command, contain, variables, write
from tests.stages.faults import hook

IN_GANG = [1, 2, 4, 6, 8, 11] if LONG else [2]
IN_RUN = {"before": range(1, 60), "full": range(1, 160)} if LONG else {"before": (2, 11, 19), "full": (5, 18, 33, 52)}
PAGES = (1, 2, 3, 4, 5, 8, 12, 20, 38, 40, 41, 42, 43, 44, 46, 50, 60, 200) if LONG else (1, 5, 20, 42, 200)
"""Of a gang's node the calls that fail, of a run the calls or writes, and how large a disk is."""

GANG = """
from flowc import FlowSpec, current, parallel, retry, step
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.node, num_parallel=2)
    @parallel
    @retry(times=1, minutes_between_retries=0)
    @step
    def node(self):
        self.n = current.parallel.node_index
        self.next(self.join)
    @step
    def join(self, inputs):
        self.n = [one.n for one in inputs]
        self.next(self.end)
    @step
    def end(self):
        pass
"""
LINE = """
import os
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.big = os.urandom(153_600)
        self.xs = [1, 2]
        self.next(self.body, foreach="xs")
    @step
    def body(self):
        self.got = [self.input, len(self.big)]
        self.more = False
        self.next(self.join)
    @step
    def join(self, inputs):
        self.got = [one.got for one in inputs]
        self.n = 0
        self.next(self.loop)
    @step
    def loop(self):
        self.n += 1
        self.more = self.n < 2
        self.next({True: self.loop, False: self.end}, condition="more")
    @step
    def end(self):
        print("said by end")
"""
GOT = [[1, 153_600], [2, 153_600]]


def _faulty(folder: Path, number: int, how: str) -> dict[str, str]:
    counter = folder / f"counted-{number}-{how}"
    counter.unlink(missing_ok=True)
    path = f"{hook(folder)}{os.pathsep}{SHIM}"
    return {"PYTHONPATH": path, "FAULT_AT": str(number), "FAULT_HOW": how, "FAULT_COUNTER": str(counter)}


@pytest.mark.parametrize("how", ["before", "after", "full"])
@pytest.mark.parametrize("number", IN_GANG)
def test_a_gang_one_of_whose_nodes_has_no_store_ends_and_is_done_again(tmp_path: Path, number: int, how: str) -> None:
    write(tmp_path, GANG)
    assert contain(tmp_path, "start").returncode == 0
    for retry, seconds in enumerate(("4", "60")):
        patience = {"FLOWC_GANG_TIMEOUT": seconds, "FLOWC_ADDRESS": "localhost"}
        nodes = [
            subprocess.Popen(
                command("node", "gang:start", str(node), retry),
                cwd=tmp_path,
                env=variables(tmp_path, **patience, **(_faulty(tmp_path, number, how) if node and not retry else {})),
                stderr=subprocess.PIPE,
                text=True,
            )
            for node in range(2)
        ]
        told = [node.communicate(timeout=100)[1] for node in nodes]
        codes = [node.returncode for node in nodes]
        assert "Traceback" not in "".join(told)
        if codes == [0, 0]:
            break
        assert retry == 0, (codes, told)
        assert set(codes) <= {0, 1, 75}, told
        assert codes[1] == 75, told
    assert contain(tmp_path, "join", "gather:start/node").returncode == 0
    assert read(FileStore(f"file:{tmp_path / 'store'}"), RunAddress("F", "r").task("join"))["n"] == [0, 1]


def _run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-P", "-m", "compiler", "run", "--max-workers", "1", "--store", f"file:{folder / 'store'}"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": "tester", "TMPDIR": str(folder), **more}
    words = (*line, *words, "the_flow.py")
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100)


def _is_mended(folder: Path, number: int) -> bool:
    """Whether a run that goes on from the failed one leaves all that one without a fault does."""
    ended = _run(folder, "--run-id", f"again-{number}", "--resume", f"r-{number}")
    if "to resume" in ended.stderr:  # its first step had not begun
        ended = _run(folder, "--run-id", f"again-{number}")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    end = read(FileStore(f"file:{folder / 'store'}"), RunAddress("F", f"again-{number}").task("end"))
    return (end["got"], end["n"], end.stdout) == (GOT, 2, "said by end\n")


@pytest.mark.parametrize(("how", "number"), [(how, number) for how, numbers in IN_RUN.items() for number in numbers])
def test_a_local_run_whose_store_fails_once_says_so_and_is_gone_on_from(tmp_path: Path, how: str, number: int) -> None:
    """Of all the calls, or writes, of all the processes of the run one fails."""
    write(tmp_path, LINE)
    ended = _run(tmp_path, "--run-id", f"r-{number}", **_faulty(tmp_path, number, how))
    if (tmp_path / f"counted-{number}-{how}").stat().st_size < number:
        assert ended.returncode == 0
        return
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "bug" not in ended.stderr
    assert ("No space left on device" if how == "full" else "no answer to") in ended.stdout + ended.stderr
    assert _is_mended(tmp_path, number)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with a disk of its own, where this user may mount one."""
    place = tmp_path / "store"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", place], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_run_on_a_disk_that_is_full_goes_on_when_there_is_room(tmp_path: Path, disk: Path) -> None:
    """A disk of four kilobytes more each time, until the run has room."""
    write(tmp_path, LINE)
    failed = 0
    for pages in PAGES:
        subprocess.run(["mount", "-o", f"remount,size={4 * pages}k", disk], check=True)
        ended = _run(tmp_path, "--run-id", f"r-{pages}")
        if ended.returncode == 0:
            break
        failed += 1
        assert ended.returncode in (1, 2), ended.stdout + ended.stderr
        assert "No space left on device" in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stdout + ended.stderr
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        assert _is_mended(tmp_path, pages)
        for path in disk.iterdir():
            subprocess.run(["rm", "-r", path], check=True)
    assert failed == len(PAGES) - 1 if not LONG else failed > 8


@pytest.mark.parametrize("what", ["fan", "fetched"])
def test_a_disk_of_the_container_that_is_full_is_no_bug(tmp_path: Path, what: str) -> None:
    """What the engine is told and the code that is fetched lie on disks beside the store."""
    write(tmp_path, LINE)
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook/sitecustomize.py").write_text(
        "import errno, os\n"
        "def full(path, *_, **__):\n    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)\n"
        + (
            "import tempfile\ntempfile.mkdtemp = lambda *_, **__: full('the temporary folder')\n"
            if what == "fetched"
            else "os.replace = full\n"
        )
    )
    (tmp_path / "code.tar.gz").write_bytes(b"")
    path = f"{tmp_path / 'hook'}{os.pathsep}{SHIM}"
    code = {"FLOWC_CODE": f"file:{tmp_path}/code.tar.gz"} if what == "fetched" else {}
    ended = contain(tmp_path, "start", PYTHONPATH=path, FLOWC_REPORT=f"dir:{tmp_path}/report", **code)
    assert ended.returncode == 75, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert line.endswith("No space left on device")
