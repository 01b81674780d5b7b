"""The comment of a pull request: whatever an author wrote in it is text, and it always fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from compiler.difference.changes import ParameterDefaultChanged
from compiler.difference.comparing import Difference, FlowDifference, compare
from compiler.difference.telling.markdown import LIMIT, MARK, comment
from compiler.difference.telling.sentences import Quoted, sentence
from compiler.legible import one_line
from tests.difference.prepared import FLOW
from tests.difference.states import NOW, between, right, side
from tests.difference.telling.every import every

HOSTILE = (
    "@everyone @org/team",
    "a|b|c",
    "`code` ``two`` ```three```",
    "`",
    "``",
    " ",
    "",
    "` `",
    "<script>alert(1)</script><img src=x onerror=y>",
    "</details></summary><!--",
    "[text](https://evil.example) ![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example a@b.example",
    "#123 org/repo#1 deadbeefdeadbeefdeadbeefdeadbeefdeadbeef GH-1",
    "a\n\n# heading\n\n- list\n\n```mermaid\n```\n",
    "**bold** _it_ ~~gone~~ \\` \\| &amp; &#64;bob :tada:",
    "\x1b[31m\u202e\u200b",
)
OURS = re.compile(r"<details><summary>[\w ]+(: \d+ changes?|flows?|more)?</summary>|</details>|<!-- flowc diff -->")


def _tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_text_of_an_author_is_only_shown(text: str, tmp_path: Path) -> None:
    """All of it is inside code spans, each whole; no HTML but ours, no link, no image, no table."""
    found = every(tmp_path, text)
    spans: list[str] = []
    for token in _tokens(comment(found)):
        assert token.type not in ("link_open", "image", "html_inline", "table_open", "s_open"), token
        if token.type == "html_block":
            assert OURS.fullmatch(token.content.strip()), token.content
        if token.type == "code_inline":
            spans.append(token.content)
        if token.type == "text":
            assert "@" not in token.content.replace("@\u200b", "")
            assert "evil" not in token.content
            assert "#" not in token.content
    wanted = [part.text for change in found.flows[0].changes for part in sentence(change) if isinstance(part, Quoted)]
    assert sorted(set(spans)) == sorted(
        {one_line(each) or " " for each in (*wanted, text, "TrainFlow", "train.py")} | {"two"}
    )


def test_what_matters_comes_first(tmp_path: Path) -> None:
    edited = FLOW.replace("LIMIT = 3", "LIMIT = 4").replace("def left", "def port").replace("self.left,", "self.port,")
    text = comment(
        Difference("main", tuple(between(tmp_path, {"train.py": FLOW}, {"train.py": edited}, ["airflow"])), 3)
    )
    assert text.startswith(
        f"{MARK}\n\n### flowc: 1 flow differs from `main`, **1 breaking**\n\n#### `TrainFlow` in `train.py` (**"
    )
    assert text.index("```mermaid") < text.index("step `left` is called `port` now") < text.index("<details>")


def _many(folder: Path, flows: int, changes: int) -> Difference:
    (state,) = right(side(folder, {"train.py": FLOW}))
    changed = tuple(ParameterDefaultChanged(f"p{at}", "old " * 40, "new " * 40) for at in range(changes))
    found = FlowDifference(state, state, changed, {name: name for name in state.flow.steps})
    return Difference("main", (found,) * flows, 0)


@pytest.mark.parametrize(("flows", "changes"), [(1, 1), (1, 5_000), (300, 1), (300, 30), (3_000, 3)])
def test_it_always_fits(flows: int, changes: int, tmp_path: Path) -> None:
    text = comment(_many(tmp_path, flows, changes))
    assert len(text) <= LIMIT
    assert text.count("#### ") == flows or re.search(r"… and \d+ flows? more", text)
    assert text.count("<details>") == text.count("</details>")
    assert f"{flows} flow" in text.splitlines()[2]


def test_flows_of_which_only_the_code_changed_are_one_list(tmp_path: Path) -> None:
    digest = '[tool.flowc]\nregistry = "team"\n'
    names = [f"F{at}Flow" for at in range(3)]
    old = {f"f{at}.py": FLOW.replace("TrainFlow", name) for at, name in enumerate(names)} | {"pyproject.toml": digest}
    new = {**old, "read.txt": "more"}
    text = comment(Difference("main", tuple(between(tmp_path, old, new, ["argo"])), 0))
    assert "<summary>Only the code changed of 3 flows</summary>" in text
    assert "####" not in text
    assert all(f"- `{name}` in `f{at}.py`" in text for at, name in enumerate(names))


def test_a_flow_that_does_not_differ_is_no_change(tmp_path: Path) -> None:
    states = right(side(tmp_path, {"train.py": FLOW}))
    (found,) = compare(states, states, NOW)
    assert found.changes == ()
    assert "no flow differs from `main`" in comment(Difference("main", (), 1))
