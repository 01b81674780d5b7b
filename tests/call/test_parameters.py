"""Where a local run takes the values of parameters: words, `--parameters`, variables, and files by their paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.command_line import Flowc

FLOW = """
import json
from metaflow import FlowSpec, IncludeFile, Parameter, step

class ReadFlow(FlowSpec):
    table = IncludeFile("the-table", default="late/table.csv")
    raw = IncludeFile("raw", is_text=False)
    parsed = IncludeFile("parsed", parser=json.loads, envvar="PARSED")
    top = Parameter("top-most", default=1, envvar=["TOP", "HIGHEST"])
    words = Parameter("words", multiple=True, default=("a",))

    @step
    def start(self):
        print([self.table, self.raw, self.parsed, self.top, self.words])
"""


@pytest.fixture(autouse=True)
def _flow(folder: Path) -> None:
    (folder / "read.py").write_text(FLOW, encoding="utf-8")
    (folder / "a b.csv").write_text("x,\u00e9\n", encoding="utf-8")
    (folder / "one.json").write_text('{"n": 1}', encoding="utf-8")


TABLE = ("--the-table", "a b.csv")


@pytest.mark.language("include.given")
def test_a_file_is_given_by_its_path(flowc: Flowc, folder: Path) -> None:
    ended = flowc("run", "read.py", *TABLE, "--raw", str(folder / "a b.csv"), "--parsed", f"file:{folder}/one.json")
    assert "['x,é\\n', b'x,\\xc3\\xa9\\n', {'n': 1}, 1, ('a',)]" in ended.out
    assert ended.code == 0


def test_a_home_is_its_users(flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert "{'n': 1}" in flowc("run", "--parameters", '{"parsed": "~/one.json"}', "read.py", *TABLE).out


@pytest.mark.language("parameter.environment")
@pytest.mark.parametrize(
    ("variables", "words", "shown"),
    [
        ({"METAFLOW_RUN_TOP_MOST": "2"}, (), "None, 2, ('a',)]"),
        ({"METAFLOW_RUN_TOP_MOST": "2", "HIGHEST": "3"}, (), "None, 3, ('a',)]"),
        ({"TOP": "4", "HIGHEST": "3"}, (), "None, 4, ('a',)]"),
        ({"TOP": "4"}, ("--top-most", "5"), "None, 5, ('a',)]"),
        ({"TOP": ""}, (), "None, 1, ('a',)]"),
        ({"METAFLOW_RUN_WORDS": "p q"}, (), "None, 1, ('p', 'q')]"),
        ({"PARSED": "one.json"}, (), "{'n': 1}, 1, ('a',)]"),
    ],
)
def test_variables_give_what_is_not_given_otherwise(
    flowc: Flowc, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: tuple[str, ...], shown: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert shown in flowc("run", "read.py", *TABLE, *words).out


def test_values_as_json_are_given_too(flowc: Flowc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOP", "4")
    assert "None, 7, ('a',)]" in flowc("run", "--parameters", '{"top": 7}', "read.py", *TABLE).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "there is no file late/table.csv, the default of 'the-table' (read.py:6): give one, --the-table PATH"),
        (("--the-table", "none.csv"), "--the-table wants a file, and none.csv is not there"),
        (("--the-table", "."), "--the-table wants a file, and . is a folder"),
    ],
)
def test_a_file_that_is_not_there_is_a_mistake_in_the_call(flowc: Flowc, words: tuple[str, ...], said: str) -> None:
    ended = flowc("run", "read.py", *words)
    assert (ended.code, ended.err.splitlines()[-1]) == (2, f"error: {said}")


def test_a_default_that_is_not_there_is_a_warning_until_an_output_needs_it(flowc: Flowc, folder: Path) -> None:
    checked = flowc("check", "read.py")
    assert (checked.code, checked.out.count("warning[FC551]")) == (0, 1)
    made = flowc("argo", "create", "read.py")
    assert made.code == 1
    assert "error[FC583]: there is no file `late/table.csv`, so a run on argo would have nothing" in made.err
    (folder / "late").mkdir()
    (folder / "late" / "table.csv").write_text("late", encoding="utf-8")
    assert flowc("argo", "create", "read.py").code == 0
    assert "['late', None" in flowc("run", "read.py").out


def test_a_variable_that_is_none_of_the_type_is_a_mistake_too(flowc: Flowc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAFLOW_RUN_TOP_MOST", "many")
    ended = flowc("run", "read.py", *TABLE)
    assert ended.code == 2
    assert "'many' is not a valid integer" in ended.err
