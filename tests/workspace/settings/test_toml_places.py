"""Where a key stands: held against what tomllib makes of the same text, on texts that try to look like something else."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.documents import NotParsed, parse_toml
from compiler.workspace.settings.toml_places import KeyPath, Place, places

BARE = st.text("abcXYZ019_-", min_size=1, max_size=4)
HOSTILE = st.sampled_from(
    [
        "[tool.flowc]",
        "a = 1",
        "#",
        '"',
        "'",
        "\\",
        "]",
        "}",
        "=",
        ".",
        ",",
        "\n",
        "\t",
        "é",
        "\U0001f40d",
        '"""',
        "'''",
        " ",
        "{",
        "x",
    ]
)
TEXT = st.lists(HOSTILE, max_size=6).map("".join)


def _basic(text: str) -> str:
    """A basic string of a text, every other letter as an escape."""
    plain = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
    return '"' + "".join(plain.get(each, each) for each in text) + '"'


def _multi(text: str) -> str:
    return '"""\n' + text.replace("\\", "\\\\").replace('"""', '""\\"').rstrip('"') + '"""'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "").replace("\n", "") + "'"


def _multi_literal(text: str) -> str:
    return "'''" + text.replace("'''", "").rstrip("'") + "''\n'''"


KEY = st.one_of(BARE, TEXT.map(_basic), TEXT.map(_literal), BARE.map(lambda each: f'"\\u{ord(each[0]):04x}{each[1:]}"'))
SPACE = st.sampled_from(["", " ", "\t", "  "])
BREAK = st.sampled_from(["", " ", "\n", '\n  # ] } [tool.flowc] = "\n', "#\n"])
SCALAR = st.one_of(
    TEXT.map(_basic),
    TEXT.map(_multi),
    TEXT.map(_literal),
    TEXT.map(_multi_literal),
    st.sampled_from(["1", "-0.5e3", "true", "1979-05-27 07:32:00Z", "07:32:00", "inf", "0xff", "1_000"]),
)


@st.composite
def _dotted(draw: st.DrawFn) -> str:
    parts = draw(st.lists(KEY, min_size=1, max_size=3))
    return draw(SPACE) + f"{draw(SPACE)}.{draw(SPACE)}".join(parts) + draw(SPACE)


@st.composite
def _array(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    items = draw(st.lists(inner, max_size=3))
    end = draw(st.sampled_from(["", ","])) if items else ""
    return "[" + ",".join(draw(BREAK) + item + draw(BREAK) for item in items) + end + draw(BREAK) + "]"


@st.composite
def _inline(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    pairs = draw(st.lists(st.tuples(_dotted(), inner), max_size=3))
    return "{" + ",".join(f"{key}={draw(SPACE)}{value}{draw(SPACE)}" for key, value in pairs) + "}"


VALUE = st.recursive(SCALAR, lambda inner: st.one_of(_array(inner), _inline(inner)), max_leaves=5)


@st.composite
def _line(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["pair", "pair", "pair", "table", "item", "comment", "blank"]))
    end = draw(st.sampled_from(["", "  ", " # [tool.flowc] x = '"]))
    match kind:
        case "pair":
            return f"{draw(_dotted())}={draw(SPACE)}{draw(VALUE)}{end}"
        case "table":
            return f"{draw(SPACE)}[{draw(_dotted())}]{end}"
        case "item":
            return f"[[{draw(_dotted())}]]{end}"
        case "comment":
            return "# [tool.flowc]"
    return ""


@settings(max_examples=150, deadline=None)
@given(st.lists(_line(), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_every_key_has_its_place_and_its_value(lines: list[str], end: str) -> None:
    text = ""
    for line in lines:  # those that do not go together stay out
        try:
            parse_toml(text + line.replace("\n", end) + end)
        except NotParsed:
            continue
        text += line.replace("\n", end) + end
    _agree(text)


def _agree(text: str) -> None:
    document = tomllib.loads(text)
    plain = text.replace("\r\n", "\n")
    found = places(plain)
    assert set(found) == set(_paths(document, (), found))
    for path, place in found.items():
        value = _at(document, path)
        named = [part for part in path if isinstance(part, str)][-1]
        assert list(tomllib.loads(f"{plain[place.start : place.end]} = 0")) == [named]
        if place.value_end:
            assert tomllib.loads(f"v = {plain[place.value_start : place.value_end]}") == {"v": value}


def _paths(value: object, path: KeyPath, found: Mapping[KeyPath, Place]) -> Iterator[KeyPath]:
    """Every key of the tables; the items of an array are followed where it is no value, so that it was spelled `[[…]]`."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key), found)
    elif isinstance(value, list) and path in found and not found[path].value_end:
        for number, inner in enumerate(value):
            yield from _paths(inner, (*path, number), found)


CASES = {
    "a table in a text": 'a = """\n[tool.flowc]\nstore = 1\n"""\n[tool.flowc]\nstore = 2\n',
    "quotes at the end of a text": "a = \"\"\"x\"\"\"\"\"\nb = '''y'''''\nc = 1\n",
    "dotted keys": "tool.flowc.store = 's'\ntool . flowc . image = 'i'\n",
    "quoted keys": "[\"tool\".'flowc']\n\"st\\u006fre\" = 1\n'a.b'.c = 2\n",
    "inline tables": "tool = {flowc = {store = 's', argo.labels = {a = '}'}}}\n",
    "tables that come late": "[tool.flowc.argo]\nx = 1\n[tool.flowc]\ny = 2\n[tool]\nz = 3\n",
    "brackets in an array": "a = [ # ]\n  ']', [\"[\", {}], # [b]\n]\n[b]\nc = 1\n",
    "nothing": "",
    "comments alone": "# [tool.flowc]",
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_looks_like_a_key_and_is_none(name: str, end: str) -> None:
    _agree(CASES[name].replace("\n", end))


ITEMS = "[[a.b]]\nc = 1\n[[a.b]]\n[a.b.d]\ne = 2\n[[a.b.f]]\ng.h = 3\n[[a.b.f]]\ng.h = 4\n[[a.b]]\nc = 5\n"


def test_items_of_arrays_of_tables_are_counted() -> None:
    found = places(ITEMS)
    values = {path: ITEMS[place.value_start : place.value_end] for path, place in found.items() if place.value_end}
    assert values == {
        ("a", "b", 0, "c"): "1",
        ("a", "b", 1, "d", "e"): "2",
        ("a", "b", 1, "f", 0, "g", "h"): "3",
        ("a", "b", 1, "f", 1, "g", "h"): "4",
        ("a", "b", 2, "c"): "5",
    }


def _at(document: object, path: KeyPath) -> object:
    for part in path:
        document = document[part]  # type: ignore[index] # the path is one of the document's
    return document
