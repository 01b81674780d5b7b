"""The JSON of a comparison, and the schema that is published of it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from compiler.difference.changes import TELLING
from compiler.difference.telling.document import schema, to_json
from tests.difference.telling.every import every


@pytest.mark.parametrize("text", ["x", "`|@a\n<b>\x1b[1m\u202e"])
def test_every_kind_of_change_is_by_the_schema(text: str, tmp_path: Path) -> None:
    found = json.loads(json.dumps(to_json(every(tmp_path, text))))
    jsonschema.Draft202012Validator(schema()).validate(found)
    told = found["flows"][0]["changes"]
    assert len({each["kind"] for each in told}) == len(TELLING)
    assert found["against"] == text


def test_what_is_no_comparison_is_refused(tmp_path: Path) -> None:
    found = json.loads(json.dumps(to_json(every(tmp_path, "x"))))
    found["flows"][0]["changes"][0]["kind"] = "step-vanished"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(found)
