"""What is read from a right flow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.flow import Case, Dynamic, Foreach, Gang, Goto, Span, Split, Step, Switch, Transition, Value
from compiler.slotted_class import replaced
from tests.frontend.sources import HEAD, flow, only, parsed, step

END = step("end", "pass")
EXAMPLES = sorted(path for path in (Path(__file__).parents[2] / "examples").rglob("*.py") if "policy" not in path.parts)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_right(path: Path) -> None:
    """Every example flow is read without a finding."""
    report = Report()
    flows = parse(path, report)
    assert flows or "FlowSpec" not in path.read_text(encoding="utf-8")
    assert [found.message for found in report if found.rule.code != "FC105"] == []


IMPORTS = {
    "names": ("from metaflow import FlowSpec, step", "FlowSpec", "step"),
    "other names": ("from metaflow import FlowSpec as Base, step as s", "Base", "s"),
    "a module": ("import metaflow", "metaflow.FlowSpec", "metaflow.step"),
    "a module by another name": ("import metaflow as mf", "mf.FlowSpec", "mf.step"),
    "everything": ("from flowc import *", "FlowSpec", "step"),
    "inner modules": (
        "from metaflow.flowspec import FlowSpec\nfrom metaflow.decorators import step",
        "FlowSpec",
        "step",
    ),
    "a second try": (
        "try:\n    from metaflow import FlowSpec, step\nexcept ImportError:\n    from flowc import FlowSpec, step",
        "FlowSpec",
        "step",
    ),
}


@pytest.mark.parametrize("name", IMPORTS)
def test_the_language_is_known_under_any_name(name: str, tmp_path: Path) -> None:
    """Aliases, modules and stars."""
    head, base, decorator = IMPORTS[name]
    assert list(only(tmp_path, f"{head}\nclass F({base}):\n    @{decorator}\n    def only(self): pass\n").steps) == [
        "only"
    ]


NOWHERE = Span("", 0, 0, 0, 0)
TRANSITIONS: dict[str, Transition] = {
    "self.a": Goto("a", NOWHERE),
    "self.a, self.b": Split(("a", "b"), NOWHERE),
    "self.a, foreach='xs'": Foreach("a", "xs", NOWHERE),
    "self.a, foreach=NAME": Foreach("a", "xs", NOWHERE),
    "self.a, foreach=f'{NAME}'": Foreach("a", "xs", NOWHERE),
    "self.p, num_parallel=2 * 2": Gang("p", 4, NOWHERE),
    "{'x': self.c, -1: self.d, None: self.c, True: self.d}, condition='v'": Switch(
        "v", (Case("x", "c"), Case(-1, "d"), Case(None, "c"), Case(True, "d")), NOWHERE
    ),
}


@pytest.mark.parametrize("text", TRANSITIONS)
def test_transitions_are_read(text: str, tmp_path: Path) -> None:
    """Each form, with values that the source alone tells."""
    body = f"self.xs = self.v = [1]\nself.next({text})"
    steps = {
        "a": step("a", ">self.j"),
        "b": step("b", ">self.j"),
        "p": "    @parallel\n" + step("p", ">self.j"),
        "j": step("j", ">self.end", join=True),
        "c": step("c", ">self.end"),
        "d": step("d", ">self.end"),
    }
    used = [name for name in ("a", "b", "p", "c", "d") if f"self.{name}" in text]
    used += ["j"] if {"a", "b", "p"} & set(used) and text != "self.a" else []
    if text == "self.a":
        steps["a"] = step("a", ">self.end")
    source = "NAME = 'xs'\n" + flow([step("start", body), *(steps[name] for name in used), END])
    found = only(tmp_path, source).steps["start"].next
    assert replaced(found, span=NOWHERE) == TRANSITIONS[text]


VALUES: dict[str, Value] = {
    "3": 3,
    "-1.5": -1.5,
    "'a' 'b'": "ab",
    "[1, (2, 'x'), None]": (1, (2, "x"), None),
    "{'a': [True]}": {"a": (True,)},
    "dict(a=1, **{'b': 2})": {"a": 1, "b": 2},
    "{**BASE, 'b': 2}": {"a": 1, "b": 2},
    "BASE['a'] + 1": 2,
    "SIZE * 1024": 4096,
    "2 * 1024 * 1024 * 1024": 2147483648,
    "f'{NAME}-{SIZE:03d}'": "xs-004",
    "NAME.upper()": "XS",
    "'-'.join([NAME, 'b'])": "xs-b",
    "max(SIZE, 2)": 4,
    "json.dumps({'a': 1})": '{"a": 1}',
    "settings.LIMIT": 7,
    "OTHER": 7,
    "Sizes.SMALL": 1,
    "LOCAL": 5,
    "SIZE if SIZE > 3 else 0": 4,
    "NAME == 'xs' and not SIZE < 0 or 1": True,
    "'x' in NAME": True,
    "1 < SIZE <= 4": True,
    "str(Path('a') / 'b' / f'{NAME}.csv')": "a/b/xs.csv",
    "os.path.join('a', NAME)": "a/xs",
    "join('a', 'b')": "a/b",
    "os.path.basename(__file__)": "flow_file.py",
    "Path(__file__).stem": "flow_file",
    "Path('a/b.tar.gz').with_suffix('').name": "b.tar",
    "json.loads('[1]')[0]": 1,
    "Larger.SMALL": 1,
    "NAME.removeprefix('x')": "s",
}
UNKNOWN = {
    "os.environ['A']",
    "TWICE",
    "CHANGED",
    "open('x').read()",
    "len",
    "__file__",
    "{1: 2}",
    "1j",
    "b'a'",
    "float('inf')",
    "str(Path(__file__).parent)",
    "os.path.basename(os.path.dirname(__file__))",
    "os.path.abspath('a')",
    "f'{__file__}'",
    "len(__file__)",
    "Path('a').exists()",
    "repr(NAME)",
}
VALUE_HEAD = """import json, os
from os.path import join
from pathlib import Path
import settings
from settings import LIMIT as OTHER
from metaflow import *
NAME = "xs"
SIZE = 4
BASE = {"a": 1}
TWICE = 1
TWICE = 2
CHANGED = {}
CHANGED["a"] = 1
class Sizes:
    SMALL = 1
class Larger(Sizes):
    LARGE = 2
class F(FlowSpec):
    LOCAL = 5
    x = Parameter("x", default=%s, type=JSONType)
    @step
    def start(self): pass
"""


@pytest.mark.parametrize("text", [*VALUES, *sorted(UNKNOWN)])
def test_values_are_what_python_would_say_or_unknown(text: str, tmp_path: Path) -> None:
    """Constants of the module, of the class, of a module beside it, and pure expressions of them."""
    (tmp_path / "settings.py").write_text("LIMIT = 7\n")
    flows, _ = parsed(tmp_path, VALUE_HEAD % f"[{text}]")
    assert flows, text
    default = flows[0].parameters[0].default
    if text in UNKNOWN:
        assert isinstance(default, Dynamic)
        assert default.text == f"[{text}]"
    else:
        assert default == (VALUES[text],)


BODIES = {
    "self.x = 1": ([], ["x"]),
    "self.x, (self.y, *self.z) = f()": ([], ["x", "y", "z"]),
    "self.x += 1": (["x"], ["x"]),
    "self.x[0] = self.y": (["x", "y"], ["x"]),
    "self.x.append(1)": (["x"], ["x"]),
    "self.x.y.update(a=1)": (["x"], ["x"]),
    "self.x.y = 1": (["x"], ["x"]),
    "for self.x in []: pass": ([], ["x"]),
    "with open('f') as self.x: pass": ([], ["x"]),
    "setattr(self, 'x', 1)": ([], ["x"]),
    "getattr(self, 'x', None)": (["x"], []),
    "[self.x for a in b]": (["x"], []),
    "def g():\n    self.x = 1": ([], ["x"]),
    "def g(self):\n    self.x = 1": ([], []),
    "self.help()": (["y"], ["h", "k"]),
    "print(self.total)": (["h"], []),
    "self._private = 1": ([], ["_private"]),
    "self.__hidden = 1": ([], []),
    "self.merge_artifacts([])": ([], []),
    "print(self.input, self.index)": ([], []),
}
HELPERS = """
    def help(self):
        self.h = self.y
        self.more()

    def more(self):
        self.k = 1

    @property
    def total(self):
        return self.h
"""


@pytest.mark.parametrize("body", BODIES)
def test_artifacts_are_seen(body: str, tmp_path: Path) -> None:
    """Reads and writes in any form, those of called methods included."""
    before = step("start", "self.x = self.y = self.h = self.x0 = {}\nself.next(self.end)")
    start = only(tmp_path, flow([before, step("end", body)]) + HELPERS).steps["end"]
    assert sorted(access.name for access in start.reads) == BODIES[body][0]
    assert sorted(access.name for access in start.writes) == BODIES[body][1]
    assert not start.calls_unknown


@pytest.mark.parametrize(
    "body", ["f(self)", "exec('x')", "setattr(self, name, 1)", "super().start()", "self.__dict__['x'] = 1"]
)
def test_unknown_writes_are_recorded(body: str, tmp_path: Path) -> None:
    """Where the text does not show what is set."""
    assert only(tmp_path, flow([step("start", body)])).steps["start"].calls_unknown


def test_own_decorators_are_pythons_business(tmp_path: Path) -> None:
    """They may stand anywhere above `@step`; a function called `retry` from elsewhere is not the language's."""
    source = (
        "import functools\nfrom tenacity import retry\nfrom metaflow import FlowSpec, step, timeout\n"
        "def timed(f):\n    return f\n\nclass F(FlowSpec):\n    @timed\n    @timeout(hours=1)\n    @retry(stop=3)\n    @step\n"
        "    def start(self): pass\n"
    )
    start = only(tmp_path, source).steps["start"]
    assert [decorator.name for decorator in start.decorators] == ["timeout"]
    assert start.calls_unknown


def test_early_transitions_with_return_are_the_same_transition(tmp_path: Path) -> None:
    """Real flows leave early."""
    early = "if 1:\n    self.next(self.end)\n    return\n"
    loop = "for x in []:\n    if x:\n        self.next(self.end)\n        return None\n"
    body = early + loop + "self.next(self.end)"
    assert isinstance(only(tmp_path, flow([step("start", body), END])).steps["start"].next, Goto)


def test_inherited_members_are_the_flows(tmp_path: Path) -> None:
    """Steps, parameters, constants and decorators of bases and mixins, also from modules beside the flow."""
    (tmp_path / "bases.py").write_text(
        "from metaflow import *\nclass Mixin:\n    SIZE = 3\n    def work(self):\n        self.done = 1\n"
        "@schedule(daily=True)\nclass Base(FlowSpec):\n    p = Parameter('p', default=1)\n    @step\n    def start(self):\n"
        "        self.next(self.middle)\n    @step\n    def end(self): pass\n"
    )
    source = (
        "from metaflow import step\nfrom bases import Base, Mixin\nclass F(Mixin, Base):\n    @step\n    def middle(self):\n"
        "        self.work()\n        self.next(self.end)\n"
    )
    found = only(tmp_path, source)
    assert list(found.steps) == ["start", "end", "middle"]
    assert [parameter.name for parameter in found.parameters] == ["p"]
    assert [decorator.name for decorator in found.decorators] == ["schedule"]
    assert found.constants == ("SIZE",)
    assert [access.name for access in found.steps["middle"].writes] == ["done"]
    assert found.steps["start"].span.path.endswith("bases.py")


def test_a_base_that_is_no_flow_by_itself_is_left_out(tmp_path: Path) -> None:
    """Only the flows that derive from it are read; `name` chooses one."""
    source = HEAD.replace("class F", "class Base") + step("start", ">self.work") + END
    source += "".join(f"class {name}(Base):\n" + step("work", ">self.end") for name in "AB")
    flows, report = parsed(tmp_path, source)
    assert [found.name for found in flows] == ["A", "B"]
    assert not len(report)
    assert [found.name for found in parse(tmp_path / "flow_file.py", report, name="B")] == ["B"]


PARAMETERS = {
    "Parameter('x')": ("x", "str", None, False),
    "Parameter(name='x', type=int)": ("x", "int", None, False),
    "Parameter('x', default=1)": ("x", "int", 1, True),
    "Parameter('x', 1.5)": ("x", "float", 1.5, True),
    "Parameter('x', default=True)": ("x", "bool", True, True),
    "Parameter('x', is_flag=True)": ("x", "bool", None, False),
    "Parameter('x', default=[1])": ("x", "json", (1,), True),
    "Parameter('x', default={'a': 1})": ("x", "json", {"a": 1}, True),
    "Parameter('x', type=dict, default={})": ("x", "json", {}, True),
    "Parameter('x', type=JSONType, default='[1]')": ("x", "json", "[1]", True),
    "Parameter('x', default=[1, 2], multiple=True)": ("x", "int", (1, 2), True),
    "Parameter('max-x', type=click.INT)": ("max-x", "int", None, False),
    "Parameter('x', type=click.Choice(['a', 'b']))": ("x", "str", None, False),
    "Parameter('x', type=click.Path(exists=True))": ("x", "click.Path(exists=True)", None, False),
    "Parameter(**{'name': 'x'}, help='what')": ("x", "str", None, False),
}


@pytest.mark.parametrize("text", PARAMETERS)
def test_parameters_are_read(text: str, tmp_path: Path) -> None:
    """Name, type and default, whatever is left out."""
    found = only(tmp_path, f"import click\n{HEAD}    attribute = {text}\n" + step("start", "pass")).parameters[0]
    assert (found.name, found.type, found.default, found.has_default) == PARAMETERS[text]
    assert found.attribute == "attribute"


@pytest.mark.parametrize("default", ["lambda context: 1", "today", "helpers.now"])
def test_defaults_that_are_functions_are_told_apart(default: str, tmp_path: Path) -> None:
    """They are called when the flow is deployed, unlike other values that only run time knows."""
    (tmp_path / "helpers.py").write_text("def now(context): return 1\n")
    source = f"import helpers\ndef today(context): return 1\n{HEAD}    x = Parameter('x', default={default})\n" + step(
        "start", "pass"
    )
    assert only(tmp_path, source).parameters[0].default_is_callable
    plain = only(tmp_path, source.replace(f"default={default}", "default=str(open)"))
    assert isinstance(plain.parameters[0].default, Dynamic)
    assert not plain.parameters[0].default_is_callable


def test_environment_keeps_literals_and_leaves_the_rest(tmp_path: Path) -> None:
    """What comes from `os.environ` is the container's; the literals are the output's, through names and spreads too."""
    source = (
        "import os\nREST = {'C': 'c', 'D': os.getenv('D')}\n"
        + HEAD
        + "    @environment(vars={'A': 'a', 'B': os.environ.get('B'), **REST})\n"
    )
    (found,) = only(tmp_path, source + step("start", "pass")).steps["start"].decorators
    assert found.get("vars") == {"A": "a", "C": "c"}


def test_paths_are_relative_to_the_root(tmp_path: Path) -> None:
    """The code archive's folder is the file's own, or the given one; imports are found from both."""
    folder = tmp_path / "flows"
    folder.mkdir()
    (tmp_path / "settings.py").write_text("SIZE = 2\n")
    file = folder / "flow_file.py"
    file.write_text("import settings\n" + HEAD + "    @resources(cpu=settings.SIZE)\n" + step("start", "pass"))
    report = Report()
    (found,) = parse(file, report, root=tmp_path)
    assert (found.path, found.root) == ("flows/flow_file.py", tmp_path.as_posix())
    assert found.steps["start"].decorators[0].get("cpu") == 2


@pytest.mark.parametrize(
    "data", [b"# coding: latin-1\nNAME = '\xe9'\n", "NAME = 'é'\n".encode("utf-8-sig"), "NAME = 'é'\r\n".encode()]
)
def test_encodings_and_newlines(data: bytes, tmp_path: Path) -> None:
    """A declared encoding, a byte order mark, Windows newlines."""
    path = tmp_path / "flow_file.py"
    rest = HEAD + "    x = Parameter('x', default=NAME)\n" + step("start", "pass")
    path.write_bytes(data + (rest.replace("\n", "\r\n") if b"\r" in data else rest).encode())
    (found,) = parse(path, Report())
    assert found.parameters[0].default == "é"


def test_docs_spans_and_marks(tmp_path: Path) -> None:
    """Docstrings, the places of names, and first and last steps by mark."""
    source = (
        'from metaflow import *\nclass F(FlowSpec):\n    """What it does."""\n'
        '    @step(start=True)\n    def a(self):\n        """First."""\n'
        "        self.next(self.b)\n    @step(end=True)\n    def b(self): pass\n"
    )
    found = only(tmp_path, source)
    first: Step = found.steps["a"]
    assert (found.doc, first.doc, found.start, found.end) == ("What it does.", "First.", "a", "b")
    assert (first.span.line, first.span.col, first.span.end_col) == (5, 9, 10)
    assert (first.next.span.line, first.next.span.col, first.next.span.end_col) == (7, 9, 26)


@pytest.mark.parametrize("gang", ["torchrun", "torchrun_parallel", "deepspeed_parallel", "our_parallel"])
@pytest.mark.language("gang.decorators")
def test_names_that_pass_through_are_the_images(gang: str, tmp_path: Path) -> None:
    text = """
from metaflow import FlowSpec, checkpoint, load_model, step, torchrun
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.work, num_parallel=2)
    @torchrun(nproc_per_node=2)
    @checkpoint
    @step
    def work(self):
        print(self.model)
        self.next(self.join)
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass
"""
    path = tmp_path / "flow_file.py"
    path.write_text(text.replace("torchrun", gang))
    report = Report()
    (flow,) = parse(path, report, passthrough=("checkpoint", "load_model", gang))
    assert [each.name for each in flow.steps["work"].decorators] == ["parallel"]
    assert flow.steps["work"].calls_unknown


@pytest.mark.parametrize("below", ["timeout = Parameter('timeout', default=3)", "timeout = 3", "timeout: int = 3"])
def test_a_decorator_stands_whatever_the_class_binds_below(below: str, tmp_path: Path) -> None:
    path = tmp_path / "flow_file.py"
    text = "from metaflow import *\nclass F(FlowSpec):\n    @timeout(minutes=2)\n    @step\n    def start(self):\n        pass\n"
    path.write_text(f"{text}    {below}\n")
    report = Report()
    (flow,) = parse(path, report)
    assert [each.name for each in flow.steps["start"].decorators] == ["timeout"]
    assert not len(report)


_BASE = """
from metaflow import FlowSpec, step
class Base(FlowSpec):
    @step
    def start(self):
        self.next(self.work)
"""
_DERIVED = """
from {module} import Base
from metaflow import step
class F(Base):
    @step
    def work(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("base", [_BASE, "from metaflow import FlowSpec\nclass Base(FlowSpec):\n    size = 3\n"])
def test_a_file_of_bases_has_no_flow_and_no_mistake(base: str, tmp_path: Path) -> None:
    """Where a class of another file derives from it; a flow that nothing derives from is held to be one."""
    path, report = tmp_path / "bases.py", Report()
    path.write_text(base)
    assert parse(path, report) == ()
    assert {found.rule.code for found in report} in ({"FC218", "FC242"}, {"FC105"})
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "own.py").write_text("class Based(object): pass\n")
    assert parse(path, other := Report()) == ()
    assert other.failed
    (tmp_path / "flows" / "own.py").write_text(_DERIVED.format(module="bases"))
    assert parse(path, fine := Report()) == ()
    assert not fine.failed
    assert parse(path, named := Report(), name="Base") == ()
    assert named.failed


def test_a_mistake_beside_a_base_is_told(tmp_path: Path) -> None:
    """What is no matter of steps that are still to come."""
    path, report = tmp_path / "bases.py", Report()
    path.write_text(_BASE.replace("    @step", "    @retry(times=-1)\n    @step").replace("step\n", "retry, step\n", 1))
    (tmp_path / "own.py").write_text(_DERIVED.format(module="bases"))
    parse(path, report)
    parse(tmp_path / "own.py", report)
    assert [found.rule.code for found in report] == ["FC511"]


def test_a_class_that_stands_in_for_the_languages_hides_nothing(tmp_path: Path) -> None:
    """`try: import`, and a stub where that fails."""
    text = """
try:
    from metaflow import FlowSpec, step
except ImportError:
    class FlowSpec:
        pass
    def step(function):
        return function
class F(FlowSpec):
    @step
    def start(self):
        pass
"""
    assert only(tmp_path, text).name == "F"


def test_a_flow_in_a_folder_whose_name_is_not_utf8_is_a_finding(tmp_path: Path) -> None:
    """No output could name it; whatever the working directory."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    path, report = folder / "flow_file.py", Report()
    path.write_text("from metaflow import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self): pass\n")
    assert parse(path, report, root=tmp_path) == ()
    assert [found.rule.code for found in report] == ["FC101"]
