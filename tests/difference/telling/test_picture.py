"""The picture of a graph, as mermaid itself reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.difference.telling.picture import label, picture
from tests.difference.prepared import FLOW
from tests.difference.states import between
from tests.difference.telling import mermaid

SWITCH = """from metaflow import FlowSpec, step


class SwitchFlow(FlowSpec):
    @step
    def start(self):
        self.way = "a"
        self.next({{{key!r}: self.grand, "b": self.end}}, condition="way")

    @step
    def grand(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
HOSTILE = (
    '"] --> x["',
    "a|b",
    "`<b>&amp;#35;",
    "end",
    "%%{init: {}}%%",
    "x" * 80,
    "é🎬",
    "click s0 call alert()",
    "a\nb",
    ";style s0 fill:#f00",
)


def _picture(folder: Path, old: str, new: str) -> str:
    (found,) = between(folder, {"f.py": old}, {"f.py": new}, ["argo"])
    drawn = picture(found)
    assert drawn is not None
    return drawn


def test_what_is_new_and_gone_is_marked(tmp_path: Path) -> None:
    clean = "    @step\n    def clean(self):\n        self.done = [self.total]\n        self.next(self.end)"
    renamed = FLOW.replace("def left", "def port").replace("self.left,", "self.port,")
    new = renamed.replace("self.next(self.end)", f"self.next(self.clean)\n\n{clean}")
    there, back = mermaid.read([_picture(tmp_path / "a", FLOW, new), _picture(tmp_path / "b", new, FLOW)])
    texts = {name: (text, classes) for name, text, classes in there["nodes"]}
    assert [text for text, _ in texts.values()] == [
        "start", "port, before: left", "right", "join", "each", "gather", "new: clean", "end"
    ]  # fmt: skip
    assert [classes for _, classes in texts.values()] == [[], ["other"], [], [], [], [], ["new"], []]
    strokes = {(texts[one][0], texts[other][0]): stroke for one, other, _, stroke in there["edges"]}
    assert strokes["gather", "new: clean"] == strokes["new: clean", "end"] == "thick"
    assert strokes["gather", "end"] == "dotted"
    assert {stroke for way, stroke in strokes.items() if "new: clean" not in way and way != ("gather", "end")} == {
        "normal"
    }
    assert [text for _, _, text, _ in there["edges"] if text] == ["each of items"]
    assert ("gone: clean", ["gone"]) in [(text, classes) for _, text, classes in back["nodes"]]


def test_any_text_is_only_a_label(tmp_path: Path) -> None:
    pictures = [
        _picture(tmp_path / str(at), SWITCH.format(key="old"), SWITCH.format(key=key)) for at, key in enumerate(HOSTILE)
    ]
    for key, found in zip(HOSTILE, mermaid.read(pictures), strict=True):
        assert "error" not in found, key
        assert [mermaid.written(text) for _, text, _ in found["nodes"]] == ["start", "grand", "end"]
        ways = [mermaid.written(text) for _, _, text, _ in found["edges"]]
        whole = json.dumps(key, ensure_ascii=False)
        assert ways[0] == (whole if len(whole) <= 40 else f"{whole[:39]}…")
        assert len(found["edges"]) == 3


def test_a_picture_that_is_none_is_refused() -> None:
    assert "error" in mermaid.read(['flowchart TD\n    s0["a"] -->|"b"| \n'])[0]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_label_holds_nothing_but_letters_and_numbers_of_characters(text: str) -> None:
    assert set(label(text)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ .,-#;")


def test_without_a_change_of_the_graph_there_is_none(tmp_path: Path) -> None:
    (found,) = between(tmp_path, {"f.py": FLOW}, {"f.py": FLOW.replace("LIMIT = 3", "LIMIT = 4")}, ["argo"])
    assert picture(found) is None
