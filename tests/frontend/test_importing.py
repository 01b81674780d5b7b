"""`--import`: what comes back from the process that imports a module, and what that process cannot do."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.importing import importer
from compiler.ir.flow import Decorator, Dynamic, Flow
from compiler.report.render import read_sources, render

HEAD = """\
import os, sys, socket, subprocess, threading, time
from metaflow import *
def answer(): return os.getpid() * 0 + 42
"""
TAIL = """
    @step
    def start(self):
        pass
"""


def _read(folder: Path, text: str, *, seconds: float = 60) -> tuple[Flow | None, Report]:
    path = folder / "flow_file.py"
    path.write_text(HEAD + textwrap.dedent(text) + TAIL, encoding="utf-8")
    report = Report()
    flows = parse(path, report, importer=importer(path, folder, seconds=seconds))
    return (flows[0] if flows else None), report


def _flow(folder: Path, text: str) -> Flow:
    flow, report = _read(folder, text)
    assert flow is not None, [found.message for found in report]
    return flow


def _decorators(flow: Flow) -> dict[str, dict[str, object]]:
    return {each.name: dict(each.arguments) for each in flow.steps["start"].decorators}


def _named(flow: Flow, name: str) -> Decorator:
    return next(each for each in flow.steps["start"].decorators if each.name == name)


NEEDS_IMPORT = {
    "a computed argument": "class F(FlowSpec):\n    @resources(memory=answer())",
    "computed arguments": "class F(FlowSpec):\n    @resources(**dict(cpu=answer()), **{'memory': answer()}, **vars(os).get('x', {}))",
    "a step mutator": "class M(StepMutator): pass\nclass F(FlowSpec):\n    @M",
    "a flow mutator": "class M(FlowMutator): pass\n@M()\nclass F(FlowSpec):",
    "a decorator that puts on others": "def d(f): return retry(times=2)(f)\nclass F(FlowSpec):\n    @d",
    "an event that a function names": "@trigger(event=lambda context: 'e')\nclass F(FlowSpec):",
}


@pytest.mark.language("own.import-needed", "own.import")
@pytest.mark.parametrize("text", NEEDS_IMPORT.values(), ids=NEEDS_IMPORT.keys())
def test_what_the_text_does_not_tell_is_refused_with_the_cure_and_works_by_it(tmp_path: Path, text: str) -> None:
    _flow(tmp_path, text)
    report = Report()
    assert parse(tmp_path / "flow_file.py", report) == ()
    assert all("`--import`" in found.help for found in report)


def test_arguments_that_are_computed_come_back_at_their_places(tmp_path: Path) -> None:
    flow = _flow(
        tmp_path,
        """
        class F(FlowSpec):
            @resources(memory=answer() * 100, cpu=2)
            @kubernetes(**{"image": f"i:{answer()}", "labels": dict(a=str(answer()))})
        """,
    )
    assert _decorators(flow) == {
        "resources": {"memory": 4200, "cpu": 2},
        "kubernetes": {"image": "i:42", "labels": {"a": "42"}},
    }
    span = _named(flow, "resources").span_of("memory")
    assert (span.line, span.col) == (6, 16)
    assert not flow.mutated


def test_what_the_text_knows_and_what_is_the_containers_stays(tmp_path: Path) -> None:
    flow = _flow(
        tmp_path,
        """
        class F(FlowSpec):
            made = Parameter("made", default=answer())
            late = Parameter("late", default=lambda ctx: 1)
            @environment(vars={"A": "1", "B": os.environ.get("B")})
        """,
    )
    assert _decorators(flow) == {"environment": {"vars": {"A": "1"}}}
    made, late = flow.parameters
    assert made.type == "int"
    assert isinstance(made.default, Dynamic)
    assert late.default_is_callable


def test_decorators_that_others_put_on_stand_where_those_stand(tmp_path: Path) -> None:
    flow = _flow(
        tmp_path,
        """
        def sturdy(function):
            return retry(times=answer())(resources(cpu=3)(function))
        class F(FlowSpec):
            @sturdy
        """,
    )
    assert _decorators(flow) == {"retry": {"times": 42}, "resources": {"cpu": 3}}
    assert _named(flow, "retry").span.line == 8


def test_what_only_the_import_knows_is_told(tmp_path: Path) -> None:
    flow, report = _read(
        tmp_path,
        """
        def when(flag, put):
            return put if flag else lambda function: function
        @when(answer() == 42, schedule(daily=True))
        class F(FlowSpec):
            @when(answer() == 42, resources(cpu=answer()))
            @when(answer() == 1, batch(cpu=1))
            @timeout(minutes=2)
        """,
    )
    assert flow is not None
    assert _decorators(flow) == {"resources": {"cpu": 42}, "timeout": {"minutes": 2}}
    assert [(found.rule.code, found.span.line, found.message.partition(": ")[2]) for found in report] == [
        ("FC582", 7, "`F` has `@schedule(daily=True)`"),
        ("FC582", 9, "`start` has `@resources(cpu=42)`"),
    ]


def test_functions_and_parsers_of_configs_are_run(tmp_path: Path) -> None:
    (tmp_path / "late.json").write_text('{"n": 3}', encoding="utf-8")
    flow = _flow(
        tmp_path,
        """
        def parse(text): return {"n": int(text) * answer(), "s": {1, 2}}
        def plain(text): return {"n": [answer(), text]}
        def late(ctx): return os.path.join(os.curdir, ctx.parameter_name + ".json")
        class F(FlowSpec):
            one = Config("one", default_value="2", parser=parse)
            two = Config("two", default_value=lambda ctx: str(os.getpid() > 0), parser=plain)
            three = Config("late", default=late)
            four = Config("four", default_value=lambda ctx: {"flow": ctx.flow_name, "user": bool(ctx.user_name)})
            @retry(times=three.n)
            @resources(memory=two.n[0], cpu=config_expr("three.n + 1"))
        """,
    )
    assert _decorators(flow) == {"retry": {"times": 3}, "resources": {"memory": 42, "cpu": 4}}
    found = {each.attribute: (each.text, each.value) for each in flow.configs}
    assert found["two"][0] == "True"
    assert found["three"] == (None, {"n": 3})
    assert found["four"] == (None, {"flow": "F", "user": True})


def test_what_a_config_makes_that_no_output_holds_stays_unknown(tmp_path: Path) -> None:
    flow, report = _read(
        tmp_path,
        """
        class F(FlowSpec):
            one = Config("one", default_value="2", parser=lambda text: {"n": {answer()}})
            @retry(times=one.n)
        """,
    )
    assert flow is None
    assert [found.rule.code for found in report] == ["FC656"]


def test_that_an_import_finds_nothing_is_told_too(tmp_path: Path) -> None:
    text = "def when(flag, put):\n    return put if flag else lambda f: f\nclass F(FlowSpec):\n    @when(answer(), None and retry)"
    flow, report = _read(tmp_path, text.replace("None and retry", "(lambda f: f) or retry"))
    assert flow is not None
    assert [found.message.partition(": ")[2] for found in report] == [
        "`start` has no decorator of the language by that"
    ]


def test_deploy_time_functions_are_called_and_hooks_are_not(tmp_path: Path) -> None:
    flow = _flow(
        tmp_path,
        """
        def hook(run): raise SystemExit(1)
        class Add(FlowMutator):
            def pre_mutate(self, mutable_flow):
                mutable_flow.add_decorator(exit_hook, deco_kwargs={"on_error": [hook]})
        @Add
        @trigger(event=lambda context: context.flow_name + str(answer()))
        class F(FlowSpec):
        """,
    )
    found = {each.name: dict(each.arguments) for each in flow.decorators}
    assert found == {"trigger": {"event": "F42"}, "exit_hook": {"on_error": ("flow_file.hook",)}}
    assert flow.mutated


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit('stop')", "SystemExit: stop"),
        ("os._exit(7)", "it ended the process (exit code 7)"),
        ("os.kill(os.getpid(), 9)", "it ended the process (signal 9)"),
        ("assert not os.environ.get('FLOWC_TEST_SECRET'), 1\nraise KeyError('none')", "KeyError: 'none'"),
        ("assert sys.stdin.read() == ''\nos.write(1, b'{}')\nraise KeyError('read')", "KeyError: 'read'"),
        ("assert os.environ.get('PYTHONHASHSEED') == '0'\nraise KeyError('0')", "KeyError: '0'"),
        ("os.write(3, b'x')", "OSError"),
        ("socket.create_connection(('127.0.0.1', 9))", "imported without a network (socket.getaddrinfo)"),
        ("socket.socket().connect(('127.0.0.1', 9))", "imported without a network (socket.connect)"),
        ("socket.socket(socket.AF_UNIX).connect('/x')", "imported without a network (socket.connect)"),
    ],
)
def test_a_module_that_does_not_import_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    monkeypatch.setenv("FLOWC_TEST_SECRET", "x")
    flow, report = _read(tmp_path, f"{text}\nclass F(FlowSpec):")
    assert flow is None
    assert [found.rule.code for found in report] == ["FC663"]
    found = next(iter(report))
    assert words in found.message
    assert found.span.line in (4, 5, 6)


def test_a_traceback_is_told_by_its_places(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("def go():\n    raise ValueError('no')\n\n\ngo()\n")
    flow, report = _read(tmp_path, "import beside\nclass F(FlowSpec):")
    assert flow is None
    found = next(iter(report))
    assert found.message == "importing the module of `F` failed: ValueError: no"
    assert (found.span.line, found.span.col, found.span.end_col) == (4, 1, 14)
    assert [(Path(note.span.path).name, note.span.line) for note in found.notes] == [("beside.py", 5), ("beside.py", 2)]


@pytest.mark.parametrize(
    "text",
    ["time.sleep(60)", "threading.Thread(target=time.sleep, args=(60,)).start()\nsubprocess.Popen(['sleep', '60'])"],
)
def test_an_import_that_does_not_end_is_ended(tmp_path: Path, text: str) -> None:
    started = os.times().elapsed
    flow, report = _read(tmp_path, f"{text}\nclass F(FlowSpec):", seconds=3)
    assert os.times().elapsed - started < 20
    if "sleep(60)" in text:
        assert flow is None
        assert "it did not end within 3 s" in next(iter(report)).message
    else:
        assert flow is not None


TOLD = [
    b"[]", b"{}", b"1", b'"mistake"', b'{"failure": 1}', b'{"decorators": [1], "steps": {}}', b"[" * 100_000,
    b"9" * 100_000, b'{"decorators": [], "steps": {}, "parameters": [{}], "mutated": 1, "configs": {}}', b"\xff",
    b'{"failure": {"type": "x", "text": "y", "frames": [["a"]]}}',
]  # fmt: skip


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told[:40].decode("latin-1"))
def test_whatever_the_code_tells_is_no_bug_of_ours(tmp_path: Path, told: bytes) -> None:
    """It can write what it likes to where its declarations go."""
    code = f"os.write(int(sys.orig_argv[sys.orig_argv.index('declare') + 1]), {told!r}); os._exit(0)"
    flow, report = _read(tmp_path, f"{code}\nclass F(FlowSpec):")
    assert flow is None
    assert [found.rule.code for found in report] == ["FC663"]


def test_a_code_that_tells_without_an_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.importing.MOST", 1 << 20)
    code = "while True: os.write(int(sys.orig_argv[sys.orig_argv.index('declare') + 1]), b'a' * 65536)"
    flow, report = _read(tmp_path, f"{code}\nclass F(FlowSpec):")
    assert flow is None
    assert "it tells more than 1 MiB" in next(iter(report)).message


def test_no_file_outside_of_the_code_is_shown(tmp_path: Path) -> None:
    """A traceback that the code makes up may name any."""
    (tmp_path.parent / "secret.txt").write_text("theirs")
    folder = tmp_path / "code"
    folder.mkdir()
    name = f"{folder}/../../secret.txt"
    told = f'{{"failure": {{"type": "x", "text": "y", "frames": [["{name}", 1]]}}}}'
    code = f"os.write(int(sys.orig_argv[sys.orig_argv.index('declare') + 1]), {told.encode()!r}); os._exit(0)"
    flow, report = _read(folder, f"{code}\nclass F(FlowSpec):")
    assert flow is None
    assert "secret" not in render(report, read_sources(report))


def test_a_step_that_is_none_any_more_is_found(tmp_path: Path) -> None:
    flow, report = _read(
        tmp_path,
        """
        hide = (lambda: lambda function: (lambda self: None))()
        class F(FlowSpec):
            @hide
        """,
    )
    assert flow is None
    assert [found.rule.code for found in report] == ["FC662"]


def test_what_cannot_be_in_the_output_is_told_in_the_texts_words(tmp_path: Path) -> None:
    flow, report = _read(tmp_path, "class F(FlowSpec):\n    @resources(cpu=object())")
    assert flow is None
    found = next(iter(report))
    assert found.rule.code == "FC501"
    assert "`object()`" in found.message


def test_two_imports_of_a_module_tell_the_same(tmp_path: Path) -> None:
    text = """
    names = {f"name-{number}" for number in range(100)}
    class F(FlowSpec):
        @kubernetes(image="-".join(names))
    """
    assert _flow(tmp_path, text) == _flow(tmp_path, text)
