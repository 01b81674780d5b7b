"""What a replay says where the code, or an input, is another one by now; and its exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from tests.replay.calls import Ran, flowc, run

FLOW = """
from flowc import FlowSpec, Parameter, catch, step


class Box:
    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"Box({self.value!r})"


class ChangingFlow(FlowSpec):
    top = Parameter("how-far", default=3)

    @step
    def start(self):
        self.numbers = list(range(self.top))
        self.box = Box({"x", "y", "zz"})
        self.next(self.each, foreach="numbers")

    @step
    def each(self):
        self.square = self.input ** 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.square for one in inputs)
        self.is_big = self.total > 4
        self.next({True: self.big, False: self.small}, condition="is_big")

    @step
    def big(self):
        self.size = "big"
        self.next(self.end)

    @step
    def small(self):
        self.size = "small"
        self.next(self.end)

    @catch(var="failure")
    @step
    def end(self):
        raise KeyError(f"total {self.total}")
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The run whose code is changed."""
    return run(tmp_path_factory.mktemp("changing"), FLOW)


def _changed(ran: Ran, old: str, new: str, task: str, *words: object) -> tuple[int, list[str], list[dict[str, object]]]:
    """The exit code, what differs, and the artifacts that do, where the code says something else."""
    assert old in FLOW
    path = ran.folder / "flow.py"
    path.write_text(FLOW.replace(old, new), encoding="utf-8")
    # Python takes bytecode for that of a text of the same size and second
    shutil.rmtree(path.with_name("__pycache__"), ignore_errors=True)
    try:
        said = ran.replay(task, "--json", *words)
    finally:
        path.write_text(FLOW, encoding="utf-8")
    document = said.document
    if document["now"]["next"] is not None:
        assert document["code"]["changed"] == (["flow.py"] if old != new else [])
    return said.code, document["differences"], [each for each in document["artifacts"] if each["kind"] != "equal"]


DIFFERENCES = {
    "an artifact": ("** 2", "** 2 + 1", "each/2", 3, ["artifact square"]),
    "an artifact's type": ("self.input ** 2", "float(self.input)", "each/0", 3, ["artifact square"]),
    "a new one": ("self.size = \"big\"", "self.size = self.more = \"big\"", "big", 3, ["artifact more"]),
    "one that is gone": ("self.size = \"big\"", "pass", "big", 3, ["artifact size"]),
    "the width": ("range(self.top)", "range(self.top + 1)", "start", 3, ["width", "artifact numbers"]),
    "the case": ("> 4", "> 5", "join", 3, ["next", "case", "artifact is_big"]),
    "what was caught": ("raise KeyError(f\"total {self.total}\")", "raise KeyError()", "end", 3, ["exception", "artifact failure"]),
    "where it was raised": ("    def end(self):\n", "    def end(self):\n        pass\n", "end", 3, ["exception", "artifact failure"]),
    "no exception": ("raise KeyError(f\"total {self.total}\")", "pass", "end", 3, ["state", "artifact failure"]),
    "an exception": ("self.size = \"big\"", "self.size = 1 / 0", "big", 1, ["state"]),
    "a set in another order": ("{\"x\", \"y\", \"zz\"}", "{\"zz\", \"y\", \"x\"}", "start", 0, []),
    "what a set holds": ("{\"x\", \"y\", \"zz\"}", "{\"x\", \"y\", \"z\"}", "start", 3, ["artifact box"]),
    "nothing": ("** 2", "** 2", "each/1", 0, []),
}  # fmt: skip


@pytest.mark.parametrize("what", DIFFERENCES)
def test_what_differs_is_named(what: str, ran: Ran) -> None:
    old, new, task, code, differences = DIFFERENCES[what]
    assert _changed(ran, old, new, task)[:2] == (code, differences)


def test_values_are_shown_where_they_are_asked_for_alone(ran: Ran) -> None:
    _, _, (quiet,) = _changed(ran, '"zz"}', '"z\x1b[31m"}', "start")
    assert quiet == {
        "name": "box", "kind": "differs", "why": None,
        "before": {"type": "flow.Box", "size": quiet["before"]["size"]},  # type: ignore[index]
        "now": {"type": "flow.Box", "size": quiet["now"]["size"]},  # type: ignore[index]
    }  # fmt: skip
    _, _, (shown,) = _changed(ran, "self.input ** 2", "self.input ** 3", "each/2", "--values")
    assert shown == {
        "name": "square", "kind": "differs", "why": None,
        "before": {"type": "int", "size": 5, "value": "4"}, "now": {"type": "int", "size": 5, "value": "8"},
    }  # fmt: skip


SET = {
    "an artifact": ("big", "total=0", 0, {"total": 0}),
    "a parameter by its name": ("start", "how-far=5", 3, {"numbers": [0, 1, 2, 3, 4], "top": 5}),
    "a parameter by its attribute": ("start", "top=1", 3, {"numbers": [0], "top": 1}),
    "a parameter of a later step": ("each/1", "how-far=9", 0, {"top": 9}),
    "an input of a join": ("join", "square=2", 3, {"total": 6}),
    "another type": ("big", 'total={"a": [null, "\\u001b[2J"]}', 0, {"total": {"a": [None, "\x1b[2J"]}}),
}


@pytest.mark.parametrize("what", SET)
def test_an_input_can_be_set(what: str, ran: Ran) -> None:
    task, text, code, artifacts = SET[what]
    kept = ran.folder / f"kept-{what.replace(' ', '-')}"
    said = ran.replay(task, "--set", text, "--json", "--keep", kept)
    assert said.code == code, said.out + said.err
    assert said.document["kept"] == f"file:{kept}"
    step, _, index = task.partition("/")
    left = read(open_store(said.document["kept"]), RunAddress(ran.flow, ran.run).task(step, index or "-"))
    assert {name: left[name] for name in artifacts} == artifacts
    assert len(list(left.names)) == len([left[name] for name in left.names if name != "box"]) + ("box" in left)


MISTAKES: dict[str, tuple[list[str], int, str]] = {
    "an unknown input": (["big", "--set", "totl=1"], 2, "did you mean `total`?"),
    "an unknown parameter": (["start", "--set", "tpo=1"], 2, "did you mean `top`?"),
    "the item": (["each/1", "--set", "input=1"], 2, "the item of a foreach cannot be set"),
    "no JSON": (["big", "--set", "total=three"], 2, "text stands in quotes"),
    "no value": (["big", "--set", "total"], 2, "it is NAME=JSON"),
    "given twice": (["big", "--set", "total=1", "--set", "total=2"], 2, "is given twice"),
    "no such step": (["bgi"], 4, "has no step `bgi`; did you mean `big`?"),
    "no such index": (["each/7"], 4, "has no index 7; there are: 0, 1, 2"),
    "an index that climbs": (["each/.."], 4, "has no index .."),
    "no such attempt": (["each/1", "--attempt", "3"], 4, "has no attempt 3: there are 1"),
    "an arm that was not taken": (["small"], 4, "has no step `small`"),
    "several tasks": (["each"], 2, "has 3 tasks: name one"),
    "no terminal": (["big", "--pdb"], 2, "--pdb needs a terminal"),
    "two debuggers": (["big", "--pdb", "--pdb-start"], 2, "the debugger begins once"),
    "a debugger and JSON": (["big", "--pdb", "--json"], 2, "--json with a program"),
    "a file that is not there": (["big", "--file", "gone.py"], 2, "there is no file gone.py"),
    "an archive that nobody recorded": (["big", "--code", "deployed"], 2, "there is no archive to fetch"),
    "an archive that is not there": (["big", "--code", "file:/nowhere/x.tar.gz"], 2, "there is no code archive at"),
    "a folder with something in it": (["big", "--keep", "."], 2, "something is there already"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_wrong_call_is_one_line(what: str, ran: Ran) -> None:
    (task, *words), code, told = MISTAKES[what]
    said = ran.replay(task, *words)
    assert (said.code, said.out) == (code, "")
    assert told in said.err
    assert "Traceback" not in said.err


def test_a_run_or_a_word_that_is_none(ran: Ran) -> None:
    gone = flowc(ran.folder, "replay", "ChangingFlow/gone/start", "--store", ran.store)
    assert (gone.code, gone.out) == (4, "")
    assert "`flowc runs ChangingFlow` lists them" in gone.err
    for word in ("ChangingFlow/r", "ChangingFlow", "a/b/c/d/e", "ChangingFlow//start"):
        assert flowc(ran.folder, "replay", word, "--store", ran.store).code == 2
    spun = flowc(ran.folder, "spin", "flow.py")
    assert spun.code == 2
    assert "`flowc replay FLOW/RUN/STEP`" in spun.err


def test_a_flow_that_is_in_no_file_or_in_several(ran: Ran, tmp_path: Path) -> None:
    words = ("replay", f"{ran.flow}/{ran.run}/big", "--store", ran.store)
    none = flowc(tmp_path, *words)
    assert (none.code, none.out) == (2, "")
    assert "no file of this workspace holds the flow ChangingFlow" in none.err
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(FLOW)
    assert "several files hold a flow ChangingFlow: one.py, two.py" in flowc(tmp_path, *words).err
    assert flowc(tmp_path, *words, "--file", "two.py").code == 0


def test_the_document_is_the_one_of_the_page(ran: Ran) -> None:
    page = (Path(__file__).parents[2] / "docs" / "replay.md").read_text(encoding="utf-8")
    shown = json.loads(page.partition("```json\n")[2].partition("```")[0])
    document = ran.replay("big", "--json").document
    assert document["version"] == shown["version"] == 1
    assert _shape(shown).keys() == _shape(document).keys()


def _shape(value: object, at: str = "") -> dict[str, object]:
    if isinstance(value, dict):
        found = {name: each for key, item in value.items() for name, each in _shape(item, f"{at}.{key}").items()}
        return {
            name: each
            for name, each in found.items()
            if not name.endswith((".value", ".failure")) and ".failure." not in name
        }
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return _shape(value[0], f"{at}[]")
    return {at: None}
