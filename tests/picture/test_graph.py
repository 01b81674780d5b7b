"""`flowc graph`: which form is made, where it goes, and what a wrong call is told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.stages.command_line import BROKEN, FLOW, Flowc, flowc, folder

__all__ = ["flowc", "folder"]

BEGINS = {
    "txt": "SumFlow",
    "mmd": "flowchart TD",
    "mermaid": "flowchart TD",
    "dot": 'digraph "SumFlow"',
    "gv": 'digraph "SumFlow"',
    "svg": "<svg xmlns",
    "html": "<!doctype html>",
    "htm": "<!doctype html>",
    "graphml": "<?xml",
    "gexf": "<?xml",
    "json": "{",
}


@pytest.mark.parametrize("ending", BEGINS)
def test_the_ending_says_the_form(flowc: Flowc, folder: Path, ending: str) -> None:
    ended = flowc("graph", "flow.py", "-o", f"made/flow.{ending}")
    assert (ended.code, ended.out) == (0, "")
    assert (folder / f"made/flow.{ending}").read_text().startswith(BEGINS[ending])


def test_text_is_what_show_prints(flowc: Flowc, folder: Path) -> None:
    for words in ((), ("--fuse", "--chunk", "square=16")):
        assert flowc("graph", "flow.py", *words).out == flowc("show", "flow.py", *words).out


def test_the_format_goes_before_the_ending(flowc: Flowc, folder: Path) -> None:
    assert flowc("graph", "flow.py", "-o", "flow.txt", "--format", "dot").code == 0
    assert (folder / "flow.txt").read_text().startswith("digraph")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("flow.py", "-o", "flow.png"), 2, "flow.png: its ending says no format"),
        (("flow.py", "--since", "HEAD"), 2, "`flowc diff` says it as text"),
        (("flow.py", "--format", "svg", "--since", "none"), 2, "name a folder with another checkout: --since DIR"),
        (("broken.py", "--format", "svg"), 1, "FC2"),
        (("none.py",), 2, "there is no file none.py"),
    ],
    ids=["an ending", "text since", "no revision", "mistakes", "no file"],
)
def test_a_wrong_call_is_told(flowc: Flowc, folder: Path, words: tuple[str, ...], code: int, said: str) -> None:
    (folder / "broken.py").write_text(BROKEN)
    ended = flowc("graph", *words)
    assert ended.code == code
    assert said in ended.err
    assert ended.out == ""


def test_json_has_steps_ways_and_regions(flowc: Flowc, folder: Path) -> None:
    told = json.loads(flowc("graph", "flow.py", "--format", "json", "--target", "argo").out)
    assert [each["step"] for each in told["steps"]] == ["start", "square", "join", "end"]
    assert told["ways"][0] == {"from": "start", "to": "square", "keys": None}
    assert told["regions"] == [{"kind": "foreach", "title": "for each of numbers", "steps": ["square"], "regions": []}]
    assert [each["target"] for each in told["steps"][0]["targets"]] == ["argo"]
    assert (told["version"], told["flow"], told["gone"]) == (1, "SumFlow", [])


def test_since_marks_steps(flowc: Flowc, folder: Path) -> None:
    for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    (folder / "flow.py").write_text(
        FLOW.replace(
            "self.next(self.end)", "self.next(self.last)\n\n    @step\n    def last(self):\n        self.next(self.end)"
        )
    )
    made = flowc("graph", "flow.py", "--format", "mermaid", "--since", "HEAD").out
    assert '["new: last"]:::new' in made
    assert '["changed: join' in made
    told = json.loads(flowc("graph", "flow.py", "--format", "json", "--since", "HEAD").out)
    assert {each["step"]: each["state"] for each in told["steps"]}["last"] == "new"
    assert told["since"] == "HEAD"


def test_without_networkx_the_call_says_what_to_install(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "networkx", None)
    ended = flowc("graph", "flow.py", "--format", "gexf")
    assert ended.code == 2
    assert "pip install 'flowc[graph]'" in ended.err


def test_the_picture_of_the_documentation_is_what_is_made(flowc: Flowc, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.chdir(root)
    assert flowc("graph", "examples/model_search.py", "--format", "svg").out == (root / "docs/graph.svg").read_text()
