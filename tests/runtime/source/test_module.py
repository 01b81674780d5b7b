"""The author's module: which files are it, what it may import, when it runs, where it comes from."""

from __future__ import annotations

import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest
from flowc.source.module import code_of

from tests.stages.container import command, contain, variables, write
from tests.stages.one_step import left_by, write_one


@pytest.mark.parametrize("stem", ["json", "flowc", "metaflow", "string", "zlib"])
def test_a_flow_that_hides_a_module_is_refused(tmp_path: Path, stem: str) -> None:
    write_one(tmp_path, "pass")
    folder = tmp_path / "deep"
    folder.mkdir()
    (tmp_path / "the_flow.py").rename(folder / f"{stem}.py")
    ended = contain(tmp_path, "start", FLOWC_FLOW=f"deep/{stem}.py:F")
    assert ended.returncode == 2
    assert f"hides the module '{stem}'" in ended.stderr


def test_files_beside_the_flow_do_not_disturb_the_shim(tmp_path: Path) -> None:
    write_one(tmp_path, "raise ValueError('mine')")
    for name in ("json", "typing", "traceback", "pickle", "tempfile", "ast", "random", "enum", "compiler"):
        (tmp_path / f"{name}.py").write_text("raise SystemError('this is the author\\'s')\n")
    ended = contain(tmp_path, "start")
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (1, "ValueError: mine")


def test_modules_of_the_repository_are_found(tmp_path: Path) -> None:
    package = tmp_path / "pkg" / "flows"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("")
    (package / "beside.py").write_text("A = 1\n")
    (package.parent / "above.py").write_text("B = 2\n")
    (tmp_path / "root.py").write_text("C = 3\n")
    (package / "my-flow.py").write_text(
        "from flowc import FlowSpec, step\nimport beside, root\nfrom .. import above\nfrom .beside import A\n"
        "class Thing: pass\n"
        "class F(FlowSpec):\n  @step\n  def start(self):\n    self.x = [beside.A, above.B, root.C, A]; self.t = Thing()\n"
        "    self.next(self.end)\n"
        "  @step\n  def end(self):\n    assert isinstance(self.t, Thing)\n"
    )
    for step, load in (("start", ""), ("end", "start")):
        ended = contain(tmp_path, step, load, FLOWC_FLOW="pkg/flows/my-flow.py:F")
        assert ended.returncode == 0, ended.stderr
    assert left_by(tmp_path)["x"] == [1, 2, 3, 1]


def test_the_main_guard_does_not_run(tmp_path: Path) -> None:
    write_one(tmp_path, "pass")
    with (tmp_path / "the_flow.py").open("a") as file:
        file.write("\nF()\nif __name__ == '__main__':\n    raise SystemError\n")
    assert contain(tmp_path, "start").returncode == 0


def test_sigterm_while_the_module_is_imported_ends_the_process(tmp_path: Path) -> None:
    write(tmp_path, "import time\nprint('importing')\ntime.sleep(60)\n")
    process = subprocess.Popen(
        command("start"),
        cwd=tmp_path,
        env=variables(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143


def test_the_code_comes_from_its_archive(tmp_path: Path) -> None:
    write_one(tmp_path / "code", "self.text = open('beside.txt').read()")
    (tmp_path / "code/beside.txt").write_text("packed")
    subprocess.run(["tar", "-czf", tmp_path / "c.tar.gz", "-C", tmp_path / "code", "."], check=True)
    (tmp_path / "elsewhere").mkdir()
    more = {"FLOWC_CODE": f"file:{tmp_path}/c.tar.gz", "FLOWC_STORE": "file:../store", "TMPDIR": str(tmp_path)}
    for step, load in (("start", ""), ("end", "start")):
        ended = contain(tmp_path / "elsewhere", step, load, **more)
        assert ended.returncode == 0, ended.stderr
    assert left_by(tmp_path)["text"] == "packed"


def test_what_is_no_module_and_says_that_it_is_one_is_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        """As cffi's: `isinstance` believes it."""

        __slots__ = ()
        __class__ = types.ModuleType  # type: ignore[assignment]

    monkeypatch.setitem(sys.modules, "no_module", Library())  # type: ignore[arg-type]
    assert code_of(str(tmp_path)) == {}
