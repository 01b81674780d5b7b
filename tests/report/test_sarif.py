"""The SARIF of findings is what the standard allows: section numbers are those of OASIS SARIF 2.1.0."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from compiler.diagnostics import Report
from compiler.report.render import render
from tests.diagnostics import marked
from tests.diagnostics.tables import CASES

_WHOLE = {"type": "integer", "minimum": 1}


def _object(required: tuple[str, ...], **properties: object) -> dict[str, object]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


_TEXT = _object(("text",), text={"type": "string", "minLength": 1})
_REGION = _object(
    ("startLine",), startLine=_WHOLE, startColumn=_WHOLE, endLine=_WHOLE, endColumn=_WHOLE
)  # 3.30: what our regions may have of it
_URI = {"type": "string", "pattern": r"^[A-Za-z0-9._~/%-]+$"}  # RFC 3986, a relative reference of unreserved letters
_PHYSICAL = _object(("artifactLocation",), artifactLocation=_object(("uri",), uri=_URI), region=_REGION)
_REPLACEMENT = _object(("deletedRegion",), deletedRegion=_REGION, insertedContent={"type": "object"})  # 3.57
_CHANGE = _object(  # 3.56
    ("artifactLocation", "replacements"),
    artifactLocation=_object(("uri",), uri=_URI),
    replacements={"type": "array", "minItems": 1, "items": _REPLACEMENT},
)
_FIX = _object(  # 3.55
    ("artifactChanges",), description=_TEXT, artifactChanges={"type": "array", "minItems": 1, "items": _CHANGE}
)
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
SCHEMA = _object(
    ("version", "runs"),
    **{
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": _object(
                ("tool", "results"),
                columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                tool=_object(
                    ("driver",),
                    driver=_object(
                        ("name",),
                        name={"type": "string"},
                        rules={
                            "type": "array",
                            "uniqueItems": True,
                            "items": _object(
                                ("id",),
                                id={"type": "string"},
                                name={"type": "string"},
                                defaultConfiguration=_object((), level=_LEVEL),
                            ),
                        },
                    ),
                ),
                results={
                    "type": "array",
                    "items": _object(
                        ("message",),
                        ruleId={"type": "string"},
                        ruleIndex={"type": "integer", "minimum": 0},
                        level=_LEVEL,
                        message=_TEXT,
                        locations={"type": "array", "items": _object((), physicalLocation=_PHYSICAL)},
                        relatedLocations={
                            "type": "array",
                            "items": _object((), physicalLocation=_PHYSICAL, message=_TEXT),
                        },
                        fixes={"type": "array", "items": _FIX},
                    ),
                },
            ),
        },
    },
)

jsonschema.Draft202012Validator.check_schema(SCHEMA)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_every_finding_is_sarif(text: str, tmp_path: Path) -> None:
    """Each names its rule, by its place among the rules too, and stands where the text output says."""
    case = marked.unmark(text)
    report = marked.read(tmp_path, case.source, notes=case.notes)[1]
    log = json.loads(render(report, {}, "sarif"))
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    found = [(each["ruleId"], rules[each["ruleIndex"]], _place(each)) for each in run["results"]]
    wanted = [
        (each.rule.code, (each.span.line, each.span.col, each.span.end_line, each.span.end_col)) for each in report
    ]
    assert found == [(code, code, place) for code, place in wanted]


def _place(result: dict[str, list[dict[str, dict[str, dict[str, int]]]]]) -> tuple[int, ...]:
    region = result["locations"][0]["physicalLocation"]["region"]
    return region["startLine"], region["startColumn"], region["endLine"], region["endColumn"]


def test_nothing_found_is_a_log_too() -> None:
    """A scanner wants a run without results, to close what it had found before."""
    log = json.loads(render(Report(), {}, "sarif"))
    VALIDATOR.validate(log)
    assert [run["results"] for run in log["runs"]] == [[]]
