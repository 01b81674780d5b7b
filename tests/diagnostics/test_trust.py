"""`flowc check` and `create` on a file that means harm: nothing of it runs, nothing is written but the output, and both end."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compiler.backends import Options
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.pipeline import compile_flow
from compiler.report.render import render
from compiler.workspace.package import PackageError, package
from tests.stages.hostile import watched

ROOT = Path(__file__).parents[2]
HARM = """
import beside, harm, os, subprocess
from beside import SIZE
from metaflow import *
open("ran", "w").write("module")
os.system("touch ran")
exec("open('ran', 'w')")

class Meta(type):
    def __new__(cls, *args):
        open("ran", "w")

def decorate(function):
    open("ran", "w")
    return function

class F(FlowSpec):
    '''{{ open("ran", "w") }} {{=1+1}} $(touch ran) `touch ran` %(x)s'''
    x = Parameter("x", default=open("ran", "w"))
    y = Parameter("y", default=f"{__import__('os').system('touch ran')}")
    z = Parameter("z", default="$(touch ran)`touch ran`{{ cycler.__init__.__globals__.os.system('touch ran') }}", help="{{ 7 * 7 }}")
    w = Parameter("w", default=().__class__.__bases__[0].__subclasses__())

    @decorate
    @environment(vars={"A": os.environ.get("A"), "B": "$(touch ran){{ open('ran', 'w') }}"})
    @resources(cpu=SIZE)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self, x=open("ran", "w")) -> open("ran", "w"):
        pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a flow and modules whose import would leave a file."""
    (tmp_path / "flow_file.py").write_text(HARM.replace(', x=open("ran", "w")', ""))
    for name in ("beside", "harm", "sitecustomize", "conftest", "setup"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')\nSIZE = 1\n")
    return tmp_path


@pytest.mark.parametrize("target", [None, *BUILT_IN])
def test_nothing_of_a_flow_runs_and_nothing_is_written(target: str | None, project: Path) -> None:
    """Not its module, its decorators, its defaults, nor what stands in its texts."""
    call = ("check", "--target", "all", "flow_file.py") if target is None else (target, "create", "flow_file.py")
    code, events, text = watched(project, *call)
    assert (code, events) == (0, []), text
    assert not (project / "ran").exists()


def test_the_watch_sees_what_an_import_does(project: Path) -> None:
    """With `--import` the module runs, elsewhere: what the tests above would miss otherwise."""
    _, events, _ = watched(project, "check", "--import", "flow_file.py")
    assert "subprocess.Popen" in events


def test_create_writes_its_output_and_nothing_else(project: Path) -> None:
    """Each file appears under another name first; a link of its name is replaced, not followed."""
    outside = project.parent / "outside.txt"
    outside.write_text("theirs")
    (project / "out").mkdir()
    (project / "out" / "F.py").symlink_to(outside)
    code, events, text = watched(project, "airflow", "create", "flow_file.py", "-o", "out/")
    assert code == 0, text
    written = {event.split(" ", 1)[1] for event in events if event != "os.mkdir out"}
    assert {Path(path).name.lstrip(".").partition(".py")[0] for path in written} == {"F"}, events
    assert outside.read_text() == "theirs"
    assert "dag" in (project / "out" / "F.py").read_text()
    assert not (project / "out" / "F.py").is_symlink()


HEAD = "from metaflow import *\n"
STEP = "    @step\n    def start(self):\n        pass\n"
SECRET = "KEY = 'theirs'\n"

LEAVING: dict[str, tuple[str, str]] = {
    "a module that is a link": ("from linked import KEY\n", "KEY"),
    "a package that is a link": ("from package.secret import KEY\n", "KEY"),
    "dots that lead out": ("from ..secret import KEY\n", "KEY"),
}


@pytest.mark.parametrize("name", LEAVING)
def test_no_module_outside_of_the_code_is_read(name: str, tmp_path: Path) -> None:
    """Neither by a link nor by dots: its constants are what only run time knows."""
    (tmp_path / "secret.py").write_text(SECRET)
    project = tmp_path / "project"
    project.mkdir()
    (project / "linked.py").symlink_to(tmp_path / "secret.py")
    (project / "package").symlink_to(tmp_path)
    imports, value = LEAVING[name]
    path = project / "flow_file.py"
    path.write_text(f"{imports}{HEAD}@project(name={value})\nclass F(FlowSpec):\n{STEP}")
    report = Report()
    parse(path, report)
    assert [found.rule.code for found in report] == ["FC501"]
    assert "theirs" not in render(report, {}, "json")


@pytest.mark.parametrize(
    ("declared", "code"),
    [("Config('c', default='linked.json')", "FC658"), ("IncludeFile('c', default='linked.json')", "FC552")],
)
def test_no_file_outside_of_the_code_is_read(declared: str, code: str, tmp_path: Path) -> None:
    """A link to it is the file itself."""
    (tmp_path / "secret.json").write_text('{"key": "theirs"}')
    project = tmp_path / "project"
    project.mkdir()
    (project / "linked.json").symlink_to(tmp_path / "secret.json")
    path = project / "flow_file.py"
    path.write_text(f"{HEAD}class F(FlowSpec):\n    c = {declared}\n{STEP}")
    report = Report()
    parse(path, report)
    assert [found.rule.code for found in report] == [code]
    assert "theirs" not in render(report, {}, "json")


def test_folders_that_link_to_each_other_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty folders with two links each to the next are a billion paths."""
    monkeypatch.setattr("compiler.workspace.listing.MOST_FOLDERS", 100)
    for index in range(30):
        (tmp_path / f"d{index}").mkdir()
    for index in range(29):
        for name in "ab":
            (tmp_path / f"d{index}" / name).symlink_to(tmp_path / f"d{index + 1}")
    with pytest.raises(PackageError, match="more than 100 folders"):
        package(tmp_path)


def _doubling(first: str, form: str, count: int = 60) -> str:
    return f"A0 = {first}\n" + "".join(f"A{i + 1} = {form.replace('A', f'A{i}')}\n" for i in range(count))


GROWING: dict[str, tuple[str, str]] = {
    "a text times a number": ("", "'a' * 10**10"),
    "a list times a number": ("", "[1] * 10**10"),
    "a tuple of tuples": ("", "((1, 2) * 9_999,) * 9_999"),
    "texts that double": (_doubling("'ab'", "A + A"), "A60"),
    "lists that double": (_doubling("['ab']", "A + A"), "A50"),
    "lists that hold each other": (_doubling("['ab']", "[A, A, A]"), "A40"),
    "one list that holds another, often": (_doubling("['ab']", "[A] * 4"), "A30"),
    "dicts that hold each other": (_doubling("{'a': 1}", "{'a': A, 'b': A}"), "A40"),
    "dicts that are spread": (_doubling("{'a': 1}", "{**A, **A}"), "A40"),
    "empty dicts that are spread": (_doubling("{}", "{**A, **A}"), "A40"),
    "names that lead to names": (_doubling("1", "A + A - A"), "A50"),
    "names that lead in a circle": ("A = B\nB = C\nC = A\n", "A"),
    "a number of a million digits": ("", "0x" + "f" * 1_000_000),
    "a power of powers": ("", "9 ** 9 ** 9 ** 9"),
    "a rounding": ("", "round(1, -10**9)"),
    "a sum of lists": ("", "sum([[1]] * 90_000, [])"),
    "a replacement": ("", "('a' * 90_000).replace('a', 'b' * 90_000)"),
    "a join": ("", "('a' * 9_000).join(['b' * 90] * 90_000)"),
    "JSON with a wide indent": ("import json\n", "json.dumps([1], indent=10**9)"),
    "JSON of what holds itself often": ("import json\n" + _doubling("['a']", "[A, A]"), "json.dumps(A40)"),
    "JSON in JSON": ("import json\n", "json.loads('[' * 90_000)"),
    "folders above folders": ("from pathlib import Path\n", "str(Path('a/' * 40_000).parents)"),
    "a large text": ("", "'" + "a" * 2_000_000 + "'"),
    "half of a pair of surrogates": ("", "'\\ud800'"),
}

MOST_SECONDS = 6.0
"""Of CPU, for a file that is bounded by work: about one, and a slow machine."""


@pytest.mark.parametrize("name", GROWING)
def test_short_texts_cannot_stand_for_endless_work(name: str, tmp_path: Path) -> None:
    """As default, option, variable, key of a switch and name of an artifact."""
    head, value = GROWING[name]
    path = tmp_path / "flow_file.py"
    path.write_text(
        f"{head}{HEAD}class F(FlowSpec):\n    x = Parameter('x', default={value})\n    y = IncludeFile('y', default={value})\n"
        f"    @environment(vars={{'A': {value}}})\n    @resources(cpu={value})\n    @step\n    def start(self):\n"
        f"        self.next({{{value}: self.a, 1: self.end}}, condition={value})\n"
        f"    @step\n    def a(self):\n        self.next(self.end, foreach={value})\n    @step\n    def end(self):\n        pass\n"
    )
    before = time.process_time()
    report = Report()
    parse(path, report)
    assert report.failed
    assert len(render(report, {str(path): path.read_text()})) < 40_000
    assert time.process_time() - before < MOST_SECONDS


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))


def _deep(text: str) -> str:
    head = f"{HEAD}@project(name={text})\nclass F(FlowSpec):\n"
    return f"{head}    x = Parameter('x', default={text})\n    @step\n    def start(self):\n        self.y = {text}\n"


DEEP = {
    "10,000 brackets": _deep("(" * 10_000 + "1" + ")" * 10_000),
    "5,000 lists": _deep("[" * 5_000 + "]" * 5_000),
    "5,000 attributes": _deep("self" + ".b" * 5_000),
    "50,000 attributes": _deep("self" + ".b" * 50_000),
    "5,000 terms": _deep("1" + " + 1" * 5_000),
    "100,000 terms": _deep("1" + " + 1" * 100_000),
    "5,000 minus signs": _deep("-" * 5_000 + "1"),
    "5,000 calls": _deep("f" + "()" * 5_000),
    "3,000 lambdas": _deep("lambda: " * 3_000 + "1"),
    "3,000 conditions": _deep("1 if 1 else " * 3_000 + "1"),
    "5,000 elifs": f"{HEAD}class F(FlowSpec):\n    @step\n    def start(self):\n        if 1: pass\n"
    + "        elif 1: pass\n" * 5_000,
    "99 blocks": HEAD + "".join(" " * i + "if 1:\n" for i in range(99)) + " " * 99 + "pass\n",
    "100,000 lines": f"{HEAD}class F(FlowSpec):\n    @step\n    def start(self):\n" + "        self.x = 1\n" * 100_000,
    "bases that double": HEAD
    + "class A0(FlowSpec): pass\nclass B0(FlowSpec): pass\n"
    + "".join(f"class A{i + 1}(A{i}, B{i}): pass\nclass B{i + 1}(A{i}, B{i}): pass\n" for i in range(60))
    + f"class F(A60, B60):\n{STEP}",
    "bases in a circle": f"{HEAD}class A(B): pass\nclass B(A): pass\nclass F(A, FlowSpec):\n{STEP}",
    "a class that is its own base": f"{HEAD}class F(F):\n{STEP}",
    "a module that imports itself": f"from flow_file import *\nfrom flow_file import Base\nclass F(Base):\n{STEP}",
    "a docstring of a half pair": f"{HEAD}class F(FlowSpec):\n    '\\ud800 {{{{ x }}}}'\n{STEP}",
}


def test_deep_and_long_sources_end_in_bounded_time_and_memory(tmp_path: Path) -> None:
    """In one process of 3 GB and 60 seconds of CPU, through `check` and every target: no crash of Python, no bug of ours."""
    for index, text in enumerate(DEEP.values()):
        (tmp_path / f"flow_{index}.py").write_text(text)
    (tmp_path / "flow_file.py").write_text(DEEP["a module that imports itself"])
    files = sorted(path.name for path in tmp_path.iterdir())
    program = (
        "import sys\nfrom compiler.cli import run\n"
        "for name in sys.argv[1:]:\n    assert run(['check', '--target', 'all', name]) in (0, 1), name\nprint('ended')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *files],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limit,
        timeout=300,
    )
    assert (done.returncode, done.stdout.rstrip().endswith("ended")) == (0, True), done.stderr[-2_000:]
    assert "internal error" not in done.stderr


def test_forty_switches_in_a_row_are_no_million_ways(tmp_path: Path) -> None:
    """Every target writes them."""
    lines = [HEAD, "class F(FlowSpec):"]
    for index in range(40):
        name = "start" if not index else f"s{index}"
        after = f"s{index + 1}" if index < 39 else "end"
        lines += ["    @step", f"    def {name}(self):", "        self.v = 1"]
        lines += [f"        self.next({{1: self.a{index}, 2: self.b{index}}}, condition='v')"]
        for arm in "ab":
            lines += ["    @step", f"    def {arm}{index}(self):", f"        self.next(self.{after})"]
    path = tmp_path / "flow_file.py"
    path.write_text("\n".join([*lines, "    @step", "    def end(self):", "        pass", ""]))
    for target in BUILT_IN:
        backend = load_backend(target)
        assert backend is not None
        files, report = compile_flow(path, backend, Options("f:0"))
        assert (bool(files), len(report)) == (True, 0)
        assert sum(len(file.text) for file in files) < 1_000_000
