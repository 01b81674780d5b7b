"""Work in several processes gives what one process gives, whatever ends them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.stages.command_line import BROKEN, FLOW
from tests.stages.container import is_gone

_RESULTS = """
import os, sys
from compiler.fleet.processes import results
print({body})
"""


def _python(body: str, *, cwd: Path | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", _RESULTS.format(body=body)], capture_output=True, text=True, check=False, cwd=cwd
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("jobs", [1, 2, 3, 50])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    assert _python(f"results(lambda n: n * n, range(20), {jobs})") == (0, f"{[n * n for n in range(20)]}\n", "")
    large = _python(f"[len(each) for each in results(lambda n: 'x' * n * 100_000, range(12), {jobs})]")
    assert large == (0, f"{[n * 100_000 for n in range(12)]}\n", "")


def test_other_processes_do_it() -> None:
    code, out, _ = _python("results(lambda n: os.getpid(), range(20), 3) + [os.getpid()]")
    *pids, own = eval(out)
    assert (code, len(set(pids)), own in pids) == (0, 3, False)


def test_what_is_told_is_told_once() -> None:
    body = "results(lambda n: print('note of', n // 10, file=sys.stderr), range(20), 3)"
    assert sorted(_python(body)[2].splitlines()) == ["note of 0", "note of 1"]


@pytest.mark.parametrize("end", ["1 / 0", "os._exit(3)", "os.kill(os.getpid(), 9)", "sys.exit(4)", "lambda: 0"])
def test_a_process_that_ends_leaves_its_work_to_this_one(end: str) -> None:
    """It raises here what it raised there; what kills only the other one, or cannot be pickled, is done here."""
    own = "__import__('os').getpid() == int(os.environ['OWN'])"
    prefix = "os.environ.__setitem__('OWN', str(os.getpid())) or "
    raised = _python(f"results(lambda n: {end} if n == 7 else n, range(20), 1)")[1:] if end == "1 / 0" else None
    again = _python(f"{prefix}results(lambda n: n if {own} or n != 7 else {end}, range(20), 3)")
    assert again == (0, f"{[*range(20)]}\n", "")
    if raised is not None:
        code, _, err = _python("results(lambda n: 1 / 0 if n == 7 else n, range(20), 3)")
        assert (code, err.splitlines()[-1]) == (1, "ZeroDivisionError: division by zero")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Twelve flows, two of them broken."""
    for number in range(12):
        text = (
            BROKEN.replace("BrokenFlow", f"Flow{number}")
            if number in (3, 8)
            else FLOW.replace("SumFlow", f"Flow{number}")
        )
        (tmp_path / f"flow{number:02}.py").write_text(text)
    return tmp_path


def _flowc(folder: Path, *words: str) -> tuple[int, bytes, bytes]:
    files = sorted(path.name for path in folder.glob("flow*.py"))
    command = [sys.executable, "-P", "-m", "compiler", *words, *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.replace(f"--jobs {words[-1]}".encode(), b"")


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("check", "--target", "all", "--format", "json"),
        ("check", "--config", "x", "/dev/null"),
        ("argo", "create", "-o", "out/", "--check"),
        ("argo", "create", "-o", "out/", "--config-value", "x", "1"),
    ],
)
def test_a_call_says_the_same_with_any_number_of_processes(many: Path, words: tuple[str, ...]) -> None:
    expected = _flowc(many, *words, "--jobs", "1")
    assert expected[0] in (1, 2)
    assert {_flowc(many, *words, "--jobs", str(jobs)) for jobs in (2, 5)} == {expected}
    for number in (3, 8):
        (many / f"flow{number:02}.py").write_text(FLOW.replace("SumFlow", f"Flow{number}"))
    expected = _flowc(many, *words, "--jobs", "1")
    assert {_flowc(many, *words, "--jobs", str(jobs)) for jobs in (2, 5)} == {expected}


_SLOW = """
import os, sys, time
from compiler.fleet.processes import results
def work(n):
    with open(f"{n}.pid", "w") as file:
        file.write(str(os.getpid()))
    time.sleep(60)
try:
    results(work, range(4), 2)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_an_interruption_ends_all_processes(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-P", "-c", _SLOW], cwd=tmp_path, stderr=subprocess.PIPE)
    while len(pids := [text for path in tmp_path.glob("*.pid") if (text := path.read_text())]) < 2:
        time.sleep(0.01)
    process.send_signal(2)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, b"")
    until = time.monotonic() + 30
    while not all(is_gone(int(pid)) for pid in pids):
        assert time.monotonic() < until, pids
        time.sleep(0.01)
