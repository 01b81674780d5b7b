"""What a run is started with: texts as the DAG's own schemas want them, and what is refused before Airflow hears of it."""

from __future__ import annotations

import pytest

from compiler.backends.airflow.operate.values import conf
from compiler.backends.operating import RefusedError

PARAMS = {
    "count": {"value": 3, "schema": {"type": "integer"}},
    "share": {"value": None, "schema": {"type": ["number", "null"]}},
    "flag": {"value": False, "schema": {"type": "boolean"}},
    "word": {"value": "x", "schema": {"type": "string"}},
    "colour": {"value": "red", "schema": {"type": "string", "enum": ["red", "blue"]}},
    "many": {"value": None, "schema": {"type": ["array", "null"]}},
    "shape": {"value": {}, "schema": {"type": ["object", "array", "string", "number", "boolean"]}},
}
HOSTILE = "'\"{{ ti }} ${HOME} $(id) `id` \\ é 雪 \n\t %s"


@pytest.mark.parametrize(
    ("name", "given", "sent"),
    [
        ("count", "7", 7),
        ("count", "-7", -7),
        ("count", 7, 7),
        ("share", "0.5", 0.5),
        ("share", "2", 2.0),
        ("share", None, None),
        ("flag", "yes", True),
        ("flag", "0", False),
        ("flag", True, True),
        ("word", "7", "7"),
        ("word", HOSTILE, HOSTILE),
        ("word", HOSTILE * 1200, HOSTILE * 1200),
        ("colour", "blue", "blue"),
        ("many", "[1, 2]", [1, 2]),
        ("many", "one", ["one"]),
        ("many", "[no json", ["[no json"]),
        ("many", ["a"], ["a"]),
        ("shape", '{"a": 1}', '{"a": 1}'),
        ("shape", {"a": 1}, {"a": 1}),
    ],
)
def test_a_value_becomes_what_its_schema_says(name: str, given: object, sent: object) -> None:
    found = conf(PARAMS, {name: given})[name]
    assert found == sent
    assert type(found) is type(sent)


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("count", "many", 'the parameter `count` is "many", and must be a whole number'),
        ("count", 1.5, "the parameter `count` is 1.5, and must be a whole number"),
        ("count", True, "the parameter `count` is true, and must be a whole number"),
        ("share", "nan", 'the parameter `share` is "nan", and must be a number'),
        ("flag", "perhaps", 'the parameter `flag` is "perhaps", and must be true or false'),
        ("word", 7, "the parameter `word` is 7, and must be a text"),
        ("colour", "green", 'the parameter `colour` is "green", and must be one of "red", "blue"'),
        ("nobody", "x", "there is no parameter `nobody`: a run takes count, share, flag, word, colour, many, shape"),
    ],
)
def test_what_is_none_of_its_types_is_refused(name: str, given: object, says: str) -> None:
    with pytest.raises(RefusedError) as refused:
        conf(PARAMS, {name: given})
    assert str(refused.value) == says


def test_what_is_needed_and_lacks_is_named() -> None:
    with pytest.raises(RefusedError, match="`day` is needed: give it by `--day VALUE`"):
        conf({"day": {"value": None, "schema": {"type": "string"}}}, {})
    assert conf({"day": {"value": None, "schema": {"type": ["string", "null"]}}}, {}) == {}
