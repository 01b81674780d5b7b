"""A user without rights in an image of root's: the working directory and HOME can be written, and have what the image has."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from tests.stages.container import SHIM, command, contain, variables, write

FLOW = """
import os
from pathlib import Path

import beside
from flowc import FlowSpec, step

LINES = open("data/lines.txt").read()  # while the module is imported
Path("imported.log").write_text("written at import")


def told():
    Path("~/told").expanduser().write_text(open("data/lines.txt").read())
    print(open("imported.log").read())


class F(FlowSpec):
    @step
    def start(self):
        BODY
        self.next(self.end)

    @step
    def end(self):
        pass
"""
NOBODY = 65534
"""Whoever has no rights where the tests are root."""


@pytest.fixture
def image() -> Iterator[Path]:
    """A folder that everybody may enter, in which nobody but its owner may write: `app` with the code, `home`, and the shim."""
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    folder.chmod(0o755)
    for name in ("app", "app/data", "app/data/deep", "home", "home/.config", "open"):
        (folder / name).mkdir()
    (folder / "app" / "beside.py").write_text("WORD = 'from the image'\n")
    (folder / "app" / "data" / "lines.txt").write_text("a\nb\n")
    (folder / "app" / "report.csv").write_text("of the image\n")
    (folder / "app" / "large.bin").write_bytes(b"x" * (1 << 20) + b"y")
    (folder / "app" / "tool.sh").write_text("#!/bin/sh\necho a tool\n")
    (folder / "home" / ".config" / "settings").write_text("of the image's home\n")
    shutil.copytree(SHIM, folder / "shim", ignore=shutil.ignore_patterns("__pycache__"))
    yield folder
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


def run(image: Path, body: str, words: tuple[str, ...] = (), **more: str) -> subprocess.CompletedProcess[str]:
    """A step in a process without rights, with everything of the image read-only, a store and a folder for temporary files."""
    (image / "app" / "the_flow.py").write_text(FLOW.replace("BODY", body))
    for path in (image, *image.rglob("*")):
        path.chmod(0o555 if path.is_dir() or path.suffix == ".sh" else 0o444)
    for name in ("store", "tmp", "open"):
        place = Path(tempfile.mkdtemp(prefix=f"{name}-")) if not (image / name).is_dir() else image / name
        place.chmod(0o777)
        more.setdefault(name.upper(), str(place))
    home = {"HOME": str(image / "home"), "PYTHONPATH": str(image / "shim"), "FLOWC_STORE": f"file:{more.pop('STORE')}"}
    environment = {**variables(image), **home, "TMPDIR": more.pop("TMP"), "PYTHONDONTWRITEBYTECODE": "1", **more}
    python = _python()
    argv = [python, "-m", "flowc", *words] if words else command("start", python=python)
    rights = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        argv, cwd=image / "app", env=environment, capture_output=True, text=True, check=False, **rights
    )  # type: ignore[call-overload]  # rights are keywords of Popen's
    done.store = environment["FLOWC_STORE"]  # type: ignore[attr-defined]  # for who reads it
    return done  # type: ignore[no-any-return]  # as above


def _python() -> str:
    """An interpreter that nobody may start; the tests' own may lie in the home of root."""
    found = sys.executable if os.geteuid() else shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if found is None:
        pytest.skip("no Python here that a user without rights may start")
    return found


def left(done: subprocess.CompletedProcess[str], name: str) -> object:
    """An artifact of the step."""
    assert done.returncode == 0, done.stderr
    return read(open_store(done.store), RunAddress("F", "r").task("start"))[name]  # type: ignore[attr-defined]  # see `run`


CASES = {
    "a new file": ("open('new.csv', 'w').write('new'); self.seen = open('new.csv').read()", "new"),
    "a new file in a folder of the image": (
        "open('data/deep/new', 'w').write('new'); self.seen = sorted(os.listdir('data'))",
        ["deep", "lines.txt"],
    ),
    "a file of the image is read": ("self.seen = open('data/lines.txt').read()", "a\nb\n"),
    "a file of the image is written over": (
        "before = open('report.csv').read(); open('report.csv', 'w').write('now'); self.seen = before + open('report.csv').read()",
        "of the image\nnow",
    ),
    "a file of the image is added to": ("open('report.csv', 'a').write('x'); self.seen = open('report.csv').read()", "of the image\nx"),
    "a large file is read": ("self.seen = os.path.getsize('large.bin')", (1 << 20) + 1),
    "a program of the image is started": ("self.seen = os.popen('./tool.sh').read()", "a tool\n"),
    "a folder is made and moved": ("os.makedirs('a/b'); os.rename('a', 'c'); self.seen = os.listdir('c')", ["b"]),
    "a cache in HOME": (
        "place = Path.home() / '.cache' / 'x'; place.mkdir(parents=True); (place / 'y').touch(); self.seen = os.listdir(place)",
        ["y"],
    ),
    "a setting in HOME is read": (
        "self.seen = Path('~/.config/settings').expanduser().read_text(); Path('~/.config/more').expanduser().write_text('')",
        "of the image's home\n",
    ),
    "what the module wrote at its import": ("self.seen = Path('imported.log').read_text()", "written at import"),
    "modules come from the image": ("self.seen = beside.WORD, Path(beside.__file__).parent.name", ("from the image", "app")),
    "a shell is where the step is": ("self.seen = os.popen('pwd').read().strip() == os.getcwd() == os.environ['PWD']", True),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.language("files.writable")
def test_a_step_writes_where_it_writes_in_a_local_run(name: str, image: Path) -> None:
    body, seen = CASES[name]
    assert left(run(image, body), "seen") == seen


def test_an_exit_hook_writes_too(image: Path) -> None:
    """What a function of the module does after the run, it does in the same place."""
    done = run(image, "pass", words=("hook", "told", "--run", "r", "--status", "success"))
    assert (done.returncode, done.stdout) == (0, "written at import\n"), done.stderr


def test_the_image_itself_stays_as_it_was(image: Path) -> None:
    body = "open('report.csv', 'w').write('now'); open('data/lines.txt', 'a').write('c')"
    before = {path: path.stat().st_mtime_ns for path in (image / "app").rglob("*")}
    done = run(image, body)
    assert done.returncode == 0, done.stderr
    after = {path: path.stat().st_mtime_ns for path in (image / "app").rglob("*")}
    assert {path: time for path, time in after.items() if path.name != "the_flow.py"} == before


def test_what_can_be_written_is_written_where_it_is(image: Path) -> None:
    """A volume in the working directory is the volume, not a copy of it."""
    (image / "app" / "volume").symlink_to(image / "open")
    done = run(image, "open('volume/kept', 'w').write('kept'); self.seen = os.path.realpath('volume')")
    assert left(done, "seen") == os.path.realpath(image / "open")
    assert (image / "open" / "kept").read_text() == "kept"


def test_a_home_that_is_the_working_directory_is_one(image: Path) -> None:
    body = "open('here', 'w').write('x'); self.seen = Path('~/here').expanduser().read_text()"
    assert left(run(image, body, HOME=str(image / "app")), "seen") == "x"


@pytest.mark.parametrize("home", ["/", "/nonexistent", ""])
def test_a_user_without_a_home_gets_one(home: str, image: Path) -> None:
    body = "(Path.home() / 'x').write_text('y'); self.seen = str(Path.home()) in ('/', '/nonexistent')"
    assert left(run(image, body, HOME=home), "seen") is False


def test_without_any_place_nothing_is_moved(image: Path) -> None:
    """Where no temporary folder can be written either, the error is the author's own."""
    script = (
        "import os, sys; from flowc.container import scratch; scratch._place = lambda: ''; os.chdir(sys.argv[1]); before = os.getcwd();"
        "scratch.provide(True, True); assert os.getcwd() == before"
    )
    subprocess.run([sys.executable, "-c", script, str(image)], env={"PYTHONPATH": str(SHIM)}, check=True)


def test_who_may_write_stays_where_he_is(tmp_path: Path) -> None:
    """And nothing is loaded for it."""
    body = "import sys; self.seen = os.getcwd(), os.environ['HOME'], 'flowc.container.scratch' in sys.modules"
    write(tmp_path, FLOW.replace("BODY", body))
    (tmp_path / "beside.py").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lines.txt").touch()
    assert contain(tmp_path, "start", HOME=str(tmp_path)).returncode == 0
    found = read(open_store(f"file:{tmp_path / 'store'}"), RunAddress("F", "r").task("start"))["seen"]
    assert found == (str(tmp_path), str(tmp_path), False)


def test_a_large_folder_is_linked_beyond_a_bound(image: Path) -> None:
    """So the cost of a start has an end, and what is beyond can still be read."""
    many = image / "app" / "many"
    many.mkdir()
    for number in range(2100):
        (many / f"{number:04}").touch()
    body = "kinds = [os.path.islink(f'many/{number:04}') for number in range(2100)]; self.seen = any(kinds), all(kinds)"
    assert left(run(image, body), "seen") == (True, False)


def test_a_copy_is_its_owners_alone(image: Path) -> None:
    body = "self.seen = [os.stat(name).st_mode & 0o777 for name in ('.', 'data', 'report.csv', 'tool.sh')]"
    assert left(run(image, body), "seen") == [stat.S_IRWXU, stat.S_IRWXU, 0o600, 0o700]
