"""Cards: which page a step's components end up on, what a page shows, and that it can do nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flowc import get_cards
from flowc.cards import Artifact, Error, Image, JSONViewer, Markdown, Table, ValueBox, VegaChart, markdown
from flowc.cards.current_card import Cards
from flowc.cards.page import page, part
from flowc.cards.short_text import shown

from tests.stages.task import Stage

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ x }}"
PNG = b"\x89PNG\r\n\x1a\nrest"

FLOW = """
    from flowc import FlowSpec, card, current, step
    from flowc.cards import Markdown, MetaflowCard

    class OwnCard(MetaflowCard):
        type = "own_card"
        def __init__(self, options={{}}):
            self.options = options
        def render(self, task):
            return f"{{task.data.x}} {{task.pathspec}} {{self.options}}"

    class F(FlowSpec):
        {above}
        @step
        def start(self):
            self.x = 3
            self.big = bytes(100_000)
            {body}
"""


def _cards(tmp_path: Path, above: str, body: str = "pass", monkeypatch: Any = None) -> list[Any]:
    stage = Stage(tmp_path, FLOW.format(above=above, body=body))
    stage.done("start")
    monkeypatch.setenv("FLOWC_STORE", stage.store.url)
    return list(get_cards("F/r/start/-"))


class _Tags(HTMLParser):
    """All tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


PARTS = {
    "markdown": Markdown(
        f"# {HOSTILE}\n\n- {HOSTILE}\n\n[{HOSTILE}](javascript:alert(1)) [x](http://a/{HOSTILE})\n`{HOSTILE}`"
    ),
    "table": Table([[HOSTILE, Markdown(HOSTILE)]], headers=[HOSTILE]),
    "artifact": Artifact(HOSTILE, name=HOSTILE),
    "error": Error(ValueError(HOSTILE), title=HOSTILE),
    "value": ValueBox(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
    "json": JSONViewer({HOSTILE: HOSTILE}, title=HOSTILE),
    "image": Image(PNG, label=HOSTILE),
    "elsewhere": Image("http://somewhere/a.png"),
    "chart": VegaChart(
        {
            "mark": "bar",
            "title": HOSTILE,
            "data": {"values": [{"a": HOSTILE, "b": 1}]},
            "encoding": {"x": {"field": "a", "title": HOSTILE}, "y": {"field": "b"}},
        }
    ),
}


@pytest.mark.language("card.components")
@pytest.mark.parametrize("kind", PARTS)
def test_no_text_becomes_markup(kind: str) -> None:
    text = page(HOSTILE, [PARTS[kind].render()])
    found = _Tags(text)
    assert not found.tags & {"script", "iframe", "object", "link"}
    assert not {name for name in found.attributes if name.startswith("on")}
    assert "javascript:" not in re.findall(r'href="([^"]*)', text)
    assert "alert(1)" in text or kind in ("elsewhere",)
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]*)', text))


def test_a_page_may_load_nothing() -> None:
    assert "default-src 'none'" in page("t", [])
    assert not re.search(r"<(script|link|iframe)", page("t", []))


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# A *b*", "<h1>A <em>b</em></h1>"),
        ("a **b** _c_ ~~d~~ snake_case_name 2 * 3 * 4", "<p>a <strong>b</strong> <em>c</em> <del>d</del> snake_case_name 2 * 3 * 4</p>"),
        ("- a\n- b\n  - c\n\nd", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>\n<p>d</p>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("```python\nx < 1\n```", "<pre><code>x &lt; 1</code></pre>"),
        ("```\nno end", "<pre><code>no end</code></pre>"),
        ("> q\n> r", "<blockquote><p>q\nr</p></blockquote>"),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("|a|b|\n|-|-|\n|1|`2`|", "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
         "<tbody><tr><td>1</td><td><code>2</code></td></tr></tbody></table>"),
        ("[a](https://b/?c=1&d)", '<p><a href="https://b/?c=1&amp;d" rel="noopener noreferrer">a</a></p>'),
        ("![a](https://b/c.png)", '<p><a href="https://b/c.png" rel="noopener noreferrer">a</a></p>'),
        ("`a*b*`", "<p><code>a*b*</code></p>"),
        (r"\*a\*", "<p>*a*</p>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_markdown(source: str, html: str) -> None:
    assert markdown.html(source) == html


@pytest.mark.parametrize(
    "text", ["*" * 3000, "[" * 3000, "- " * 800, "_a" * 2000, "`" * 3001, ">" * 300, "a\n" * 5000, "|" * 5000]
)
def test_no_markdown_takes_long(text: str) -> None:
    import time

    started = time.perf_counter()
    markdown.html(text)
    assert time.perf_counter() - started < 2


CHART = {
    "data": {"values": [{"a": 1, "b": 2}, {"a": 2, "b": 4}]},
    "encoding": {"x": {"field": "a"}, "y": {"field": "b"}},
}


@pytest.mark.parametrize("mark", ["bar", "line", "point", "area", {"type": "circle"}])
def test_a_simple_chart_is_drawn(mark: Any) -> None:
    text = part(VegaChart({**CHART, "mark": mark}).render())
    assert text.count('class="mark"') + text.count('class="stroke"') == (
        2 if mark in ("bar", "point") or isinstance(mark, dict) else 1
    )


@pytest.mark.parametrize(
    "more",
    [
        {"transform": [{"filter": "datum.a > 1"}]},
        {"encoding": {"x": {"field": "a"}, "y": {"aggregate": "count"}}},
        {"encoding": {"x": {"field": "a"}, "y": {"field": "b"}, "color": {"field": "a"}}},
        {"encoding": {"x": {"field": "a"}, "y": {"field": "b", "scale": {"type": "log"}}}},
        {"data": {"url": "http://a"}},
        {"mark": "arc"},
    ],
)
def test_a_chart_that_says_more_is_shown_as_its_specification(more: dict[str, Any]) -> None:
    text = part(VegaChart({**CHART, "mark": "bar", **more}).render())
    assert "<svg" not in text
    assert "cannot draw" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (object(), "<builtins.object>"),
        ([1] * 100, "[" + "1, " * 30 + "...]"),
        ("a" * 1000, None),
        ({"a": object()}, "{'a': <builtins.object>}"),
    ],
)
def test_a_value_is_shown_short_and_without_addresses(value: object, text: str | None) -> None:
    assert shown(value) == text if text else len(shown(value)) < 500


def test_a_repr_that_raises_is_told() -> None:
    class Bad:
        def __repr__(self) -> str:
            raise OSError

    assert "__repr__" in shown(Bad()) or "Bad" in shown(Bad())


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ([{}], 0),
        ([{"id": "a"}], 0),
        ([{"id": "a"}, {}], 1),
        ([{"id": "a"}, {"id": "b", "customize": True}], 1),
        ([{"id": "a"}, {"id": "b"}], None),
        ([{}, {}], None),
        ([{"type": "error"}], None),
        ([{"type": "error"}, {"type": "blank", "id": "x"}], 1),
    ],
)
def test_the_card_without_an_id(given: list[dict[str, Any]], chosen: int | None) -> None:
    cards = Cards(given)
    cards.append("text")
    assert [len(card.components) for card in cards.cards] == [int(place == chosen) for place in range(len(given))]


def test_components_by_their_ids() -> None:
    cards = Cards([{"id": "a"}, {"id": "b"}])
    first = Markdown("x")
    cards["a"].append(first, id="one")
    cards["a"].extend([Markdown("y")])
    assert cards["a"].components["one"] is first
    assert (first.component_id, len(cards["a"].components), "one" in cards["a"].components) == ("one", 2, True)
    cards["a"].clear()
    assert list(cards["a"]) == []
    cards["nowhere"].append(first)
    assert "a" in cards
    assert "nowhere" not in cards


def test_what_has_no_card_to_go_to_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    cards = Cards([{"id": "a"}, {"id": "b"}])
    cards.append("x")
    cards.append("y")
    assert capsys.readouterr().err.count("give each an id") == 1


@pytest.mark.language("card.plain")
def test_a_plain_card_shows_the_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (card,) = _cards(tmp_path, "@card", "current.card.append(Markdown('**mine**'))", monkeypatch)
    text = card.get()
    assert (card.type, card.id) == ("default", None)
    for shown_there in (
        "<strong>mine</strong>",
        "F/r/start/start",
        "self.big = bytes(100_000)",
        " bytes</pre>",
        "current.card.append",
    ):
        assert shown_there in text


def test_several_cards_and_one_of_the_authors_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    above = '@card(type="own_card", options={"o": 1})\n        @card(id="second", type="blank")'
    cards = _cards(tmp_path, above, "current.card['second'].append(Markdown('_seen_'))", monkeypatch)
    assert [(card.type, card.id) for card in cards] == [("own_card", None), ("blank", "second")]
    assert cards[0].get() == "3 F/r/start/start {'o': 1}"
    assert "<em>seen</em>" in cards[1].get()
    assert [card.id for card in get_cards("F/r/start/-", type="blank")] == ["second"]
    assert len(get_cards("F/r/start/-", id="none")) == 0


def test_a_card_that_fails_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (card,) = _cards(tmp_path, '@card(type="of_nobody")', "pass", monkeypatch)
    assert "there is no card type" in card.get()
    assert "could not be made" in capsys.readouterr().err


@pytest.mark.parametrize(
    "above", ['@card(type="of_nobody", save_errors=False)', '@card(type="slow_card", timeout=0.05, save_errors=False)']
)
def test_without_save_errors_there_is_no_page(above: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from flowc.cards import MetaflowCard

    class Slow(MetaflowCard):
        type = "slow_card"

        def render(self, task: Any) -> str:
            time.sleep(5)
            return ""

    assert _cards(tmp_path, above, "pass", monkeypatch) == []


def test_a_failed_attempt_leaves_no_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(tmp_path, FLOW.format(above="@card", body="raise ValueError"))
    assert stage.do("start").exit_code == 1
    monkeypatch.setenv("FLOWC_STORE", stage.store.url)
    assert list(get_cards("F/r/start/-")) == []


def test_a_component_that_fails_is_told_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        "import flowc.cards as c; current.card.append(c.MetaflowCardComponent()); current.card.append(Markdown('ok'))"
    )
    (card,) = _cards(tmp_path, "@card", body, monkeypatch)
    assert "could not be shown" in card.get()
    assert "<p>ok</p>" in card.get()


def test_tables_of_frames_and_figures() -> None:
    class DataFrame:
        shape = (30, 2)
        columns = ("a", "b<")
        index = tuple(range(30))

        def head(self, count: int) -> DataFrame:
            short = DataFrame()
            short.index = self.index[:count]
            return short

        def __getitem__(self, name: str) -> list[Any]:
            return [1.5] * len(self.index)

        def __len__(self) -> int:
            return len(self.index)

    DataFrame.__module__ = "pandas.core.frame"
    text = part(Table.from_dataframe(DataFrame()).render())
    assert text.count("<tr>") == 22
    assert "b&lt;" in text
    assert part(Table.from_dataframe(DataFrame(), truncate=False).render()).count("<tr>") == 31
    assert "DataFrame of pandas" in part(Table.from_dataframe([1]).render())

    class Figure:
        def savefig(self, out: Any, format: str) -> None:
            out.write(PNG)

    class Axes:
        figure = Figure()

    for plot in (Figure(), Axes()):
        assert 'src="data:image/png;base64,' in part(Image.from_matplotlib(plot).render())
    assert "could not be shown" in part(Image.from_matplotlib(3).render())
