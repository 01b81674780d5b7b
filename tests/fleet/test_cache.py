"""What is kept of flows says the same as reading them anew: whatever is edited, made, taken away, or done to the cache itself."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from compiler.call.sources import FlowName
from compiler.commands import check
from compiler.fleet import compiling, processes
from compiler.fleet.cache.folder import Folder, cache_folder
from tests.stages.command_line import Flowc

FLOW = """
from metaflow import {names}FlowSpec, step
{above}

class {name}(FlowSpec):
{declared}
    @step
    def start(self):
        self.rows = [1, {number}]
        self.next(self.end)

    @step
    def end(self):
        print(self.{read})
        {inner}
"""

EDITS: Mapping[str, Callable[[Path], object]] = {
    "a comment in a flow": lambda top: _append(top / "team0/flow0.py", "# more\n"),
    "a mistake in a flow": lambda top: _replace(top / "team1/flow1.py", "self.end)", "self.ending)"),
    "and its end": lambda top: _replace(top / "team1/flow1.py", "self.ending)", "self.end)"),
    "a name that a shared module loses": lambda top: _replace(top / "shared/part.py", "LIMIT = 3", "MOST = 3"),
    "and has again": lambda top: _replace(top / "shared/part.py", "MOST = 3", "LIMIT = 3"),
    "a module that comes before another": lambda top: _write(top / "team0/shared/part.py", "OTHER = 1\n"),
    "and goes": lambda top: _remove(top / "team0/shared/part.py"),
    "a package of a module's name": lambda top: _write(top / "shared/part/__init__.py", "LIMIT = 4\n"),
    "and goes, too": lambda top: _remove(top / "shared/part/__init__.py"),
    "a file that is included goes": lambda top: _remove(top / "team2/words.txt"),
    "and comes": lambda top: _write(top / "team2/words.txt", "words\n"),
    "it is no text": lambda top: (top / "team2/words.txt").write_bytes(b"\xff\xfe\x00"),
    "a config of another shape": lambda top: _write(top / "team0/settings.json", '{"mode": "slow"}'),
    "a config that is none": lambda top: _write(top / "team0/settings.json", "{"),
    "a config as it was": lambda top: _write(top / "team0/settings.json", '{"depth": 3}'),
    "a module is ignored": lambda top: _append(top / ".gitignore", "part.py\n"),
    "all is ignored": lambda top: _write(top / "shared/.flowcignore", "*\n"),
    "nothing is ignored": lambda top: _remove(top / ".gitignore", top / "shared/.flowcignore"),
    "a link out": lambda top: _link(top / "shared/part.py", top.parent / "outside.py"),
    "a link inside": lambda top: _link(top / "shared/part.py", top / "shared/other.py"),
    "no link": lambda top: _write(top / "shared/part.py", "LIMIT = 3\n"),
    "what stands outside": lambda top: _write(top.parent / "outside.txt", "words\n"),
    "and nothing there": lambda top: _remove(top.parent / "outside.txt"),
    "a requirement": lambda top: _write(top / "requirements.txt", "pandas\n"),
    "another one": lambda top: _write(top / "requirements.txt", "-r team0/more.txt\n"),
    "that of another file": lambda top: _write(top / "team0/more.txt", "pandas\n"),
    "a project of Astro's": lambda top: _write(top / "Dockerfile", "FROM quay.io/astronomer/astro-runtime:12\n"),
    "and of nobody's": lambda top: _remove(top / "Dockerfile"),
    "a setting": lambda top: _append(top / "pyproject.toml", "\n[tool.flowc.argo]\nnamespace = 'flows'\n"),
    "a policy": lambda top: _append(top / "pyproject.toml", "\n[tool.flowc.policy]\nrequired = ['retry']\n"),
    "a comment that silences it": lambda top: _append(top / "team0/flow3.py", "# flowc: ignore[FC701]\n"),
    "none of them": lambda top: _write(top / "pyproject.toml", "[tool.flowc]\n"),
    "settings of a team": lambda top: _write(
        top / "team2/pyproject.toml", '[tool.flowc]\nextend = "../pyproject.toml"\nroot = ".."\nimage = "theirs:1"\n'
    ),
    "a flow that is derived": lambda top: _write(
        top / "team1/derived.py",
        FLOW.format(**_facts("Derived", 1)).replace("(FlowSpec)", "(Open)").replace("import FlowSpec, ", "import ")
        + "\nfrom team1.flow4 import Open\n",
    ),
    "and is no more": lambda top: _remove(top / "team1/derived.py"),
    "a key beside the code": lambda top: _write(top / "shared/account.json", '{"type": "service_account"}'),
    "no key": lambda top: _write(top / "shared/account.json", '{"type": "table"}'),
    "a file that runs": lambda top: (top / "shared/other.py").chmod(0o755),
    "a new flow": lambda top: _write(top / "team0/flow9.py", FLOW.format(**_facts("Flow9", 9))),
    "of a name that is taken": lambda top: _write(top / "team0/flow9.py", FLOW.format(**_facts("Flow8", 8))),
    "no new flow": lambda top: _remove(top / "team0/flow9.py"),
    "a query": lambda top: _write(top / "team1/sql/all.sql", "select 2\n"),
    "a query more": lambda top: _write(top / "team1/sql/more.sql", "select 3\n"),
    "names that a star brings": lambda top: _write(top / "shared/starred/inner.py", "VALUE = 1\n"),
}
"""What may happen in a repository; each can follow each."""


def _facts(name: str, number: int, **more: str) -> dict[str, object]:
    return {
        "name": name,
        "number": number,
        "names": "",
        "above": "",
        "declared": "",
        "inner": "pass",
        "read": "rows",
        **more,
    }


def _make(top: Path) -> None:
    """Nine flows that read modules, files and settings, one of which has a mistake."""
    (top / ".git").mkdir(parents=True)
    _write(top / "pyproject.toml", "[tool.flowc]\n")
    _write(top / "shared/__init__.py", "")
    _write(top / "shared/part.py", "LIMIT = 3\n")
    _write(top / "shared/other.py", "import pandas\nLIMIT = 5\n")
    _write(top / "shared/starred/__init__.py", "")
    _write(top / "team0/settings.json", '{"depth": 3}')
    _write(top / "team2/words.txt", "words\n")
    _write(top / "team1/sql/all.sql", "select 1\n")
    own: Mapping[int, dict[str, str]] = {
        0: {"above": "from shared.part import LIMIT"},
        1: {"above": "from shared import part, other"},
        2: {"names": "IncludeFile, ", "declared": '    words = IncludeFile("words", default="words.txt")\n'},
        3: {"names": "Config, ", "declared": '    config = Config("config", default="settings.json")\n'},
        4: {"above": "from shared.part import *\n\nclass Open(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.end)\n"},
        5: {"read": "row"},
        6: {"above": "from shared.starred import *\nimport shared.nowhere"},
        7: {"inner": 'open("sql/all.sql").read()'},
        8: {"names": "IncludeFile, ", "declared": '    words = IncludeFile("words", default="../../outside.txt")\n'},
    }  # fmt: skip
    for number, more in own.items():
        _write(top / f"team{number % 3}/flow{number}.py", FLOW.format(**_facts(f"Flow{number}", number, **more)))


@pytest.fixture(name="top")
def _top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = tmp_path / "top"
    _make(top)
    monkeypatch.chdir(top)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "kept"))
    return top


@pytest.fixture(name="anew")
def _anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of flows that were read anew by this process, each time."""
    monkeypatch.setattr(processes, "_processors", lambda: 1)
    found: list[str] = []
    checked, compiled = check._checked, compiling._compile_file

    def counted(name: FlowName, *more: object) -> object:
        found.append(name.path.stem)
        return checked(name, *more)  # type: ignore[arg-type]

    def counted_create(request: compiling.Request, name: FlowName) -> object:
        found.append(name.path.stem)
        return compiled(request, name)

    monkeypatch.setattr(check, "_checked", counted)
    monkeypatch.setattr(compiling, "_compile_file", counted_create)
    return found


FORMATS = ("text", "json", "gitlab", "sarif", "github")


@pytest.mark.every(2)
@pytest.mark.parametrize("seed", range(5))
def test_what_is_kept_says_what_is_found_anew(seed: int, top: Path, flowc: Flowc, anew: list[str]) -> None:
    dice = random.Random(seed)
    asked = (("--target", "all"), ("--notes",), (), ("--target", "argo"), ("--root", "."))[seed]
    for name in dice.sample(list(EDITS), k=14):
        EDITS[name](top)
        files = sorted(str(path.relative_to(top)) for path in top.glob("team*/*.py"))
        dice.shuffle(files)
        words = ("check", "--format", dice.choice(FORMATS), *asked, *dice.choice(((), ("--jobs", "1"))), *files)
        made = flowc(*words, "--no-cache")
        assert flowc(*words) == made, name
        before = len(anew)
        assert flowc(*words) == made, name
        assert len(anew) == before, name


@pytest.mark.every(2)
@pytest.mark.parametrize("target", ["airflow", "argo", "step-functions"])
@pytest.mark.parametrize("seed", range(2))
def test_what_is_kept_makes_what_is_made_anew(seed: int, target: str, top: Path, tmp_path: Path, flowc: Flowc) -> None:
    dice = random.Random(f"{seed}{target}")
    _remove(top / "team2/flow5.py")  # the one with a mistake
    _write(top / "team2/flow5.py", FLOW.format(**_facts("Flow5", 5)))
    words = (target, "create", *(("--queue", "q") if target == "step-functions" else ()), "--store", "s3://b/x")
    for name in dice.sample(list(EDITS), k=7):
        EDITS[name](top)
        kept = flowc(*words, "-o", f"{tmp_path}/kept-out/", "--prune")
        made = flowc(*words, "-o", f"{tmp_path}/anew-out/", "--prune", "--no-cache")
        assert (kept.code, kept.out, _plain(kept.err)) == (made.code, made.out, _plain(made.err)), name
        assert _files(tmp_path / "kept-out") == _files(tmp_path / "anew-out"), name


def _plain(text: str) -> str:
    return text.replace("kept-out", "out").replace("anew-out", "out")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_only_what_an_edit_touches_is_read_anew(top: Path, flowc: Flowc, anew: list[str]) -> None:
    def call(*more: str) -> set[str]:
        anew.clear()
        flowc("check", "--jobs", "1", *more)
        return set(anew)

    assert call() == {f"flow{number}" for number in range(9)}
    assert call() == set()
    assert call("--format", "json") == set()  # how it is printed is no part of what is found
    assert call("--no-cache") == {f"flow{number}" for number in range(9)}
    _append(top / "team0/flow0.py", "# more\n")
    assert call() == {"flow0", "flow4"}  # the class of the other may be a base, which any file may tell
    _append(top / "shared/other.py", "# more\n")
    assert "flow1" in call()
    _append(top / "team0/settings.json", "\n")
    again = call()  # whether a file of JSON is a key is looked at once, for all flows that are read after it
    assert "flow3" in again
    assert not again & {"flow0", "flow1", "flow4"}
    _append(top / "team2/words.txt", "more\n")
    assert "flow2" in call()
    assert call("--notes") == {f"flow{number}" for number in range(9)}
    _write(top / "shared/new.py", "")  # any import might find it
    assert call() == {f"flow{number}" for number in range(9)}
    assert call("--import") == call("--import") == {f"flow{number}" for number in range(9)}


def test_another_flowc_or_python_takes_nothing(
    top: Path, flowc: Flowc, anew: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flowc("check")
    monkeypatch.setattr(sys, "version", "3.99.0")
    anew.clear()
    flowc("check")
    assert len(anew) == 9


def test_few_flows_are_not_kept(top: Path, tmp_path: Path, flowc: Flowc) -> None:
    flowc("check", "team0/flow0.py")
    assert not (tmp_path / "kept").exists()


def _torn(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


def _of(body: bytes) -> Callable[[Path], object]:
    """A file that is whole, by its digest, and says something else."""
    return lambda file: file.write_bytes(b"flowc result 1 " + sha256(body).hexdigest().encode() + b"\n" + body)


def _changed(old: bytes, new: bytes) -> Callable[[Path], object]:
    return lambda file: _of(file.read_bytes().partition(b"\n")[2].replace(old, new))(file)


def _linked(file: Path) -> None:
    file.rename(file.with_name("else"))
    file.symlink_to("else")


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


HARM: Mapping[str, Callable[[Path], object]] = {
    "torn": _torn,
    "empty": lambda file: file.write_bytes(b""),
    "bytes of something else": lambda file: file.write_bytes(os.urandom(300)),
    "one letter": lambda file: file.write_bytes(file.read_bytes().replace(b"Part", b"part")),
    "no JSON": _of(b"{\n}"),
    "too deep": _of(b"[" * 100_000),
    "no observation": _of(b"[]\n[]"),
    "an observation of nothing": _of(b"{}\n[]"),
    "other types": _changed(b'"contents": [', b'"contents": [1, '),
    "a record of another kind": _changed(b'["Part"', b'["Span"'),
    "a record that is none of ours": _changed(b'["Part"', b'["os.system"'),
    "a link": _linked,
    "a pipe": _pipe,
    "a folder": _folder,
    "writable for all": lambda file: file.chmod(0o666),
    "too large": lambda file: os.truncate(file, 1 << 33),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_file_that_is_not_as_it_was_written_is_no_file(
    harm: str, top: Path, tmp_path: Path, flowc: Flowc, anew: list[str]
) -> None:
    told = flowc("check")
    anew.clear()
    for file in sorted((tmp_path / "kept/flowc/results").iterdir()):
        HARM[harm](file)
    assert flowc("check") == told
    assert len(anew) == 9


def _for_all(place: Path) -> None:
    place.joinpath("flowc/results").mkdir(parents=True)
    (place / "flowc").chmod(0o777)


def _elsewhere(place: Path) -> None:
    place.mkdir()
    (place / "flowc").symlink_to(place.parent)


PLACES: Mapping[str, Callable[[Path], object]] = {
    "a file": lambda place: place.write_text("mine"),
    "a folder that all may write": _for_all,
    "a link to a folder": _elsewhere,
    "a folder without an end": lambda place: place.symlink_to(place),
}


@pytest.mark.parametrize("place", PLACES)
def test_without_a_folder_of_ones_own_all_is_read_anew(
    place: str, top: Path, tmp_path: Path, flowc: Flowc, anew: list[str]
) -> None:
    PLACES[place](tmp_path / "kept")
    assert flowc("check") == flowc("check") == flowc("check", "--no-cache")
    assert len(anew) == 27


def test_the_folder_may_lie_in_the_repository(
    top: Path, flowc: Flowc, anew: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a runner has it that keeps folders of the repository alone; what lies there is no code."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(top / ".cache"))
    for _ in range(2):  # the folder is made, and is then there
        flowc("check")
    anew.clear()
    assert flowc("check") == flowc("check", "--no-cache")
    assert len(anew) == 9
    assert not [line for line in flowc("package", "team0/flow0.py", "--list").out.split() if ".cache" in line]


def test_two_writers_at_once_leave_whole_files(top: Path, tmp_path: Path, flowc: Flowc, anew: list[str]) -> None:
    words = [sys.executable, "-m", "compiler", "check", "--format", "json"]
    both = [subprocess.Popen(words, cwd=top, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(2)]
    told = {each.communicate()[0] for each in both}
    assert len(told) == 1
    assert flowc("check", "--format", "json").out.encode() in told
    assert anew == []
    assert [path.name for path in (tmp_path / "kept/flowc/results").iterdir() if path.name.startswith(".")] == []


def test_what_is_old_goes(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "flowc")
    folder.put("old", "text")
    folder.put("new", "text")
    (tmp_path / "flowc/results/.new-1-killed").write_text("torn")
    for name in ("old", ".new-1-killed"):
        os.utime(tmp_path / "flowc/results" / name, (0, 0))
    folder.sweep()
    assert (folder.get("old"), folder.get("new")) == (None, "text")
    assert sorted(path.name for path in (tmp_path / "flowc/results").iterdir()) == ["new"]


def test_what_is_too_much_goes_the_longest_unused_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path / "flowc")
    for number, name in enumerate(("a", "b", "c")):
        folder.put(name, "text" * 100)
        os.utime(tmp_path / "flowc/results" / name, (os.stat(tmp_path).st_mtime - number,) * 2)
    monkeypatch.setattr("compiler.fleet.cache.folder.MOST", 1100)
    folder.sweep()
    assert [folder.get(name) is not None for name in ("a", "b", "c")] == [True, True, False]


def test_where_it_lies() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/caches", "HOME": "/home/me"}) == Path("/caches/flowc")
    assert cache_folder({"XDG_CACHE_HOME": "caches", "HOME": "/home/me"}) == Path("/home/me/.cache/flowc")
    assert cache_folder({"HOME": "/home/me"}) == Path("/home/me/.cache/flowc")


def test_a_kept_result_is_no_secret_place_for_values(top: Path, tmp_path: Path, flowc: Flowc) -> None:
    """Nobody else may read what is kept."""
    flowc("check")
    kept = tmp_path / "kept/flowc"
    assert {path.stat().st_mode & 0o077 for path in (kept, kept / "results", *(kept / "results").iterdir())} == {0}
    assert json.loads(next((kept / "results").iterdir()).read_text().split("\n")[1])["tree"]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _link(path: Path, to: Path) -> None:
    to.touch()
    path.unlink(missing_ok=True)
    path.symlink_to(to)
