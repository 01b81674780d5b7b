"""Parameters: from what an engine gives, text or JSON, to a value of the declared type."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import click
import pytest
from flowc.exceptions import CallMistake
from flowc.language.parameters import JSONType, Parameter, values
from hypothesis import given
from hypothesis import strategies as st

from tests.stages.container import contain, write

_NOT_GIVEN = object()


def _value(parameter: Parameter, given: Any = _NOT_GIVEN) -> Any:
    parameter.attribute = "attribute"
    return values("F", [parameter], {} if given is _NOT_GIVEN else {parameter.name: given})["attribute"]


def _p(**declared: Any) -> Parameter:
    return Parameter("name", **declared)


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ({}, _NOT_GIVEN, None),
        ({}, "", ""),
        ({}, "text", "text"),
        ({}, 5, "5"),
        ({"default": "x"}, _NOT_GIVEN, "x"),
        ({"default": "x"}, None, "x"),
        ({"type": str, "default": None}, None, None),
        ({"default": 1}, _NOT_GIVEN, 1),
        ({"default": 1}, "2", 2),
        ({"default": 1}, " 2 ", 2),
        ({"default": 1}, 2, 2),
        ({"default": 1}, 2.0, 2),
        ({"type": int, "default": "7"}, _NOT_GIVEN, 7),
        ({"default": 1.5}, "2", 2.0),
        ({"default": 1.5}, 2, 2.0),
        ({"type": float, "default": 1}, _NOT_GIVEN, 1.0),
        ({"default": 1.5}, "1e3", 1000.0),
        ({"default": False}, "true", True),
        ({"default": False}, "Yes", True),
        ({"default": False}, "1", True),
        ({"default": True}, "False", False),
        ({"default": True}, "0", False),
        ({"default": True}, False, False),
        ({"is_flag": True}, "true", True),
        ({"type": JSONType}, '{"a": [1, null]}', {"a": [1, None]}),
        ({"type": JSONType}, {"a": 1}, {"a": 1}),
        ({"type": JSONType}, "null", None),
        ({"type": JSONType, "default": {"a": 1}}, _NOT_GIVEN, {"a": 1}),
        ({"default": {"a": (1, [(2,)])}}, _NOT_GIVEN, {"a": [1, [[2]]]}),
        ({"default": (1, 2)}, _NOT_GIVEN, [1, 2]),
        ({"type": JSONType, "default": '{"a": 1}'}, _NOT_GIVEN, {"a": 1}),
        ({"type": JSONType, "default": [1]}, None, None),
        ({"default": {"a": 1}}, '{"b": 2}', {"b": 2}),
        ({"type": dict}, '{"b": 2}', {"b": 2}),
        ({"default": [1, 2]}, "[3]", [3]),
        ({"multiple": True}, ["a", "b, c"], ("a", "b, c")),
        ({"multiple": True}, '["a", "b"]', ("a", "b")),
        ({"multiple": True}, "a", ("a",)),
        ({"multiple": True}, "[not json", ("[not json",)),
        ({"multiple": True, "default": ("x", "y")}, _NOT_GIVEN, ("x", "y")),
        ({"multiple": True, "default": [1, 2]}, '["3"]', (3,)),
        ({"multiple": True, "type": int}, "[1, 2]", (1, 2)),
        ({"multiple": True}, _NOT_GIVEN, None),
        ({"separator": ","}, "a,b", ["a", "b"]),
        ({"separator": ",", "default": "x,y"}, _NOT_GIVEN, ["x", "y"]),
        ({"choices": ("a", "b")}, "a", "a"),
        ({"type": click.Choice(["a", "b"])}, "b", "b"),
        ({"type": click.IntRange(0, 5)}, "5", 5),
        ({"type": click.INT}, "5", 5),
        ({"default": lambda context: f"{context.flow_name}.{context.parameter_name}"}, _NOT_GIVEN, "F.name"),
        ({"default": "x", "required": True}, "y", "y"),
    ],
)
def test_what_is_given_becomes_the_declared_type(declared: dict[str, Any], given: Any, expected: Any) -> None:
    found = _value(_p(**declared), given)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    ("declared", "given", "text"),
    [
        ({"default": 1}, "x", "no whole number"),
        ({"default": 1}, "1.5", "no whole number"),
        ({"default": 1}, 1.5, "no whole number"),
        ({"default": 1}, True, "no whole number"),
        ({"default": 1}, [1], "no whole number"),
        ({"default": 1.5}, "x", "no number"),
        ({"default": 1.5}, True, "no number"),
        ({"default": False}, "maybe", "neither true nor false"),
        ({"type": JSONType}, "{", "no JSON"),
        ({"type": str}, {"a": 1}, "no text"),
        ({"choices": ("a", "b")}, "c", "'a', 'b'"),
        ({"type": click.Choice(["a", "b"])}, "c", "'c'"),
        ({"type": click.IntRange(0, 5)}, "6", "6"),
        ({"required": True}, _NOT_GIVEN, "required"),
        ({"required": True}, None, "required"),
        ({"multiple": True, "type": int}, '["x"]', "no whole number"),
    ],
)
def test_what_does_not_fit_is_a_mistake_that_names_the_parameter(
    declared: dict[str, Any], given: Any, text: str
) -> None:
    with pytest.raises(CallMistake, match="'name'") as caught:
        _value(_p(**declared), given)
    assert text in str(caught.value)


@given(st.text())
def test_text_is_kept_byte_for_byte(text: str) -> None:
    assert _value(_p(), text) == text


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON.filter(lambda value: not isinstance(value, str)))
def test_json_is_the_same_as_text_and_as_a_value(value: Any) -> None:
    assert _value(_p(type=JSONType), json.dumps(value)) == _value(_p(type=JSONType), value) == value


def test_a_parameter_is_given_by_its_name_or_its_attribute() -> None:
    parameter = Parameter("max-depth", default=1)
    parameter.attribute = "depth"
    for name in ("max-depth", "depth"):
        assert values("F", [parameter], {name: "3"}) == {"depth": 3}
    with pytest.raises(CallMistake, match="max-depth"):
        values("F", [parameter], {"max_depth": "3"})


FLOW = """
from flowc import FlowSpec, JSONType, Parameter, step
class F(FlowSpec):
    text = Parameter("text", default="")
    number = Parameter("a-number", default=1)
    @step
    def start(self):
        self.seen = [self.text, self.number]
        print(self.seen)
"""
HOSTILE = 'it\'s "q" $HOME $(X) $$ `id` %s {{ 1 }} {% raw %} ${R} \\n\n| é 漢 🎬 \t '


@pytest.mark.parametrize("way", ["json", "base64", "url"])
def test_parameters_come_as_json_as_base64_or_as_a_url(tmp_path: Path, way: str) -> None:
    write(tmp_path, FLOW)
    text = json.dumps({"text": HOSTILE, "a-number": "7"})
    (tmp_path / "given.json").write_text(text)
    given = {"json": text, "base64": base64.b64encode(text.encode()).decode(), "url": f"file:{tmp_path}/given.json"}[
        way
    ]
    ended = contain(tmp_path, "start", parameters=given)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"{[HOSTILE, 7]}\n"
