"""No file that a run opens is missing: what runs in the repository is watched, and runs the same from its package alone."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.frontend.text.modules import Known
from compiler.pipeline import Reading, read_flows
from compiler.workspace.closure import walk
from compiler.workspace.closure.packages import Package, Packages, Place
from compiler.workspace.settings import read_settings
from tests.conformance.results import Result, against_local, read_result
from tests.conformance.written import WRITTEN, Written
from tests.engines import FlowCase
from tests.engines.compiling import read_case
from tests.engines.local import run_local
from tests.stages.command_line import Flowc
from tests.workspace.closure.repositories import FLOW, write

_WATCH = """
import os, sys
root, log = os.path.realpath({root!r}) + os.sep, {log!r}
busy = []

def watch(event, arguments):
    if event not in ("open", "os.listdir", "os.scandir") or busy or "compiler" in sys.modules:
        return
    path = arguments[0] if arguments else None
    if not isinstance(path, (str, bytes, os.PathLike)):
        return
    busy.append(path)
    try:
        whole = os.path.realpath(os.fsdecode(path))
        if whole.startswith(root) and os.path.isfile(whole):
            out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(out, (whole[len(root):] + "\\n").encode())
            os.close(out)
    finally:
        busy.clear()

sys.addaudithook(watch)
"""
"""Notes every file of the root that a task opens, its modules' among them: not the compiler, which reads more."""


def _opened(case: FlowCase, folder: Path) -> tuple[Result, set[str]]:
    """A local run of a case, and the files of its root that its tasks have opened."""
    log, root = folder / "opened", case.root or case.path.parent
    write(folder / "watch", {"sitecustomize.py": _WATCH.format(root=str(root), log=str(log))})
    environment = {**case.environment, "PYTHONPATH": str(folder / "watch"), "PYTHONDONTWRITEBYTECODE": "1"}
    watched = FlowCase(**{**_fields(case), "environment": environment})
    result = read_result(run_local(watched, folder / "run"), root)
    return result, {_source(name) for name in log.read_text(encoding="utf-8").splitlines()}


def _fields(case: FlowCase) -> dict[str, object]:
    return {name: getattr(case, name) for name in FlowCase.__slots__}


def _source(name: str) -> str:
    """The module whose bytecode was read."""
    folder, middle, file = name.rpartition("__pycache__/")
    return f"{folder}{file.partition('.')[0]}.py" if middle else name


def _package(case: FlowCase) -> Package:
    root = case.root or case.path.parent
    flow = read_case(case, Report())
    assert flow is not None
    return Packages(Known()).of(Place(case.path, root, read_settings(case.path)), (flow,))


def _alone(case: FlowCase, package: Package, folder: Path) -> FlowCase:
    """The case in a folder that holds its package alone, and the settings that it is compiled by."""
    root, alone = case.root or case.path.parent, folder / "alone"
    with tarfile.open(fileobj=io.BytesIO(package.archive.data)) as tar:
        tar.extractall(alone, filter="data")
    for file in root.glob("pyproject.toml"):
        shutil.copy(file, alone / file.name)
    place = alone / case.path.resolve().relative_to(root.resolve())
    return FlowCase(**{**_fields(case), "path": place, "root": alone})


ONCE = list({(written.path, written.flow): written for written in reversed(WRITTEN) if not written.before}.values())
"""Each flow once: how it is started changes little of what it opens."""


@pytest.mark.every(4)
@pytest.mark.parametrize("written", ONCE, ids=lambda written: written.name)
def test_a_run_opens_nothing_that_its_package_lacks_and_runs_the_same_from_it(written: Written, tmp_path: Path) -> None:
    written.prepare(tmp_path)
    case = written.case(tmp_path)
    package = _package(case)
    there, opened = _opened(case, tmp_path / "there")
    assert opened <= set(package.archive.files)
    own = case.path.resolve().relative_to((case.root or case.path.parent).resolve()).as_posix()
    assert own in opened, "the watch has seen nothing"
    if opened == {own}:
        return  # alone, the file runs as it does beside others
    alone, again = _opened(_alone(case, package, tmp_path), tmp_path / "here")
    assert again == opened
    assert list(against_local(there, alone)) == []


READS: dict[str, dict[str, str]] = {
    "src, relative imports, data beside a module": {
        "flows/flow.py": "from shop.prices import PRICES",
        "src/shop/__init__.py": "from .units import UNIT",
        "src/shop/units.py": "UNIT = 1",
        "src/shop/prices.py": "from pathlib import Path\nPRICES = Path(__file__).with_name('prices.csv').read_text()",
        "src/shop/prices.csv": "1",
        "src/shop/unread.py": "",
    },
    "a folder of data, listed": {
        "flows/flow.py": "from pathlib import Path\nSQL = Path(__file__).parent / 'sql'\nTEXTS = [n.read_text() for n in SQL.iterdir()]",
        "flows/sql/a.sql": "1",
        "flows/sql/b.sql": "2",
    },
    "a folder of data in the root, for a flow in the root": {
        "flow.py": "import os\nTEXTS = [open(os.path.join('tables', n)).read() for n in os.listdir('tables')]",
        "tables/a.csv": "1",
        "tables/b.csv": "2",
        "other/c.csv": "3",
    },
    "a folder without a file of its own, through a link": {
        "flows/flow.py": "from shared.names import NAME",
        "libs/names.py": "from . import more\nNAME = more.MORE",
        "libs/more.py": "MORE = open(__file__.replace('more.py', 'more.txt')).read()",
        "libs/more.txt": "m",
        "shared": "->libs",
    },
    "resources of a package": {
        "flows/flow.py": "from importlib import resources\nTEXT = resources.files('shop.tables').joinpath('a.csv').read_text()",
        "shop/__init__.py": "",
        "shop/tables/a.csv": "1",
    },
    "what another process runs": {
        "flows/flow.py": "import subprocess, sys\nsubprocess.run([sys.executable, 'scripts/make.py'], check=True)",
        "scripts/make.py": "import beside",
        "scripts/beside.py": "",
    },
    "a path that is put onto sys.path": {
        "flows/flow.py": "import pathlib, sys\nL = pathlib.Path(__file__).parents[1] / 'lib'\nsys.path.append(str(L))\nimport deep.er",
        "lib/deep/er.py": "",
    },
    "a line that only a run can follow": {
        "flows/flow.py": "import importlib, os\nimportlib.import_module(''.join(['plug', 'ins']))",
        "plugins.py": "",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_what_flows_of_every_layout_open_is_in_their_packages(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = READS[name]
    flow = next(each for each in files if each.endswith("flow.py"))
    root = tmp_path / "root"
    write(root, {**files, flow: FLOW.format(head=files[flow]), "pyproject.toml": "[tool.flowc]\n"})
    monkeypatch.chdir(root)
    case = FlowCase(root / flow, "F", root=root)
    package = _package(case)
    there, opened = _opened(case, tmp_path / "there")
    held = {os.path.relpath(os.path.realpath(root / each), root) for each in package.archive.files}
    assert there.success
    assert opened <= held
    alone = _alone(case, package, tmp_path)
    monkeypatch.chdir(tmp_path / "alone")
    assert read_result(run_local(alone, tmp_path / "here"), tmp_path / "alone").success


def test_the_watch_sees_what_a_package_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above can fail: a path that no text tells."""
    head = "open(''.join(['ta', 'ble.csv']))"
    write(
        tmp_path / "root",
        {"flows/flow.py": FLOW.format(head=head), "table.csv": "", "pyproject.toml": "[tool.flowc]\n"},
    )
    monkeypatch.chdir(tmp_path / "root")
    case = FlowCase(tmp_path / "root/flows/flow.py", "F", root=tmp_path / "root")
    _, opened = _opened(case, tmp_path / "there")
    assert opened - set(_package(case).archive.files) == {"table.csv"}


def test_what_several_flows_share_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules are parsed once and folders listed once in a call, however many flows import them."""
    files = {f"flows/f{number}.py": FLOW.format(head="import shared") for number in range(5)}
    write(tmp_path, {**files, "shared.py": "import more", "more.py": "", "pyproject.toml": "[tool.flowc]\n"})
    scanned: list[str] = []
    opened: list[str] = []
    scan, read = os.scandir, walk.read
    monkeypatch.setattr(os, "scandir", lambda path: scanned.append(os.fspath(path)) or scan(path))
    monkeypatch.setattr(walk, "read", lambda file, *rest: opened.append(file.name) or read(file, *rest))
    packages = Packages(Known())
    for name in files:
        packages.of(Place(tmp_path / name, tmp_path, read_settings(tmp_path / name)), ())
    assert sorted(opened) == sorted(("f0.py", "f1.py", "f2.py", "f3.py", "f4.py", "shared.py", "more.py"))
    assert len(scanned) == len(set(scanned))


def test_what_the_frontend_has_read_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"flow.py": FLOW.format(head="import shared"), "shared.py": ""})
    known = Known()
    flows = read_flows(tmp_path / "flow.py", Report(), root=tmp_path, reading=Reading(known=known))
    monkeypatch.setattr(walk, "read", None)
    assert len(flows) == 1
    known[walk.whole_path(tmp_path / "shared.py")] = known[walk.whole_path(tmp_path / "flow.py")]
    place = Place(tmp_path / "flow.py", tmp_path, read_settings(tmp_path))
    assert Packages(known).of(place, flows).archive.files == ("flow.py", "shared.py")


def test_a_call_compiles_all_flows_of_a_folder_with_names_of_their_own(flowc: Flowc, tmp_path: Path) -> None:
    """The image's name changes for the flow that imports what is edited, and for no other."""
    for number in range(3):
        text = FLOW.format(head=f"import m{number}").replace("class F(", f"class F{number}(")
        write(tmp_path, {f"flows/f{number}.py": text, f"flows/m{number}.py": ""})
    write(tmp_path, {"pyproject.toml": "[tool.flowc]\n"})
    words = ["argo", "create", *(tmp_path / f"flows/f{number}.py" for number in range(3)), "-o", f"{tmp_path}/out/"]
    assert flowc(*words).code == 0
    before = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    (tmp_path / "flows/m1.py").write_text("# edited\n")
    assert flowc(*words).code == 0
    after = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert [name for name in sorted(before) if before[name] != after[name]] == ["f1.yaml"]
