"""Findings as SARIF 2.1.0, which code scanning reads (OASIS, sarif-v2.1.0-os)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from compiler.diagnostics import Diagnostic, Note, Replace, Report, Rule, Severity
from compiler.ir.flow import Span
from compiler.legible import legible_json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "note": "note"}


def sarif(report: Report) -> str:
    """One log with one run: each rule that was broken once, and each finding with its places, by place.

    Paths are relative URIs where the finding's path is relative. Columns count Unicode characters, as in `Span`.
    """
    rules = {found.rule.code: found.rule for found in report}
    order = {code: at for at, code in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "flowc", "rules": [_rule(rule) for rule in rules.values()]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found, order[found.rule.code]) for found in report],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return legible_json(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    return {"id": rule.code, "name": rule.name, "defaultConfiguration": {"level": _LEVELS[rule.severity]}}


def _result(found: Diagnostic, rule: int) -> dict[str, object]:
    text = f"{found.message}\n{found.help}" if found.help else found.message
    result: dict[str, object] = {
        "ruleId": found.rule.code,
        "ruleIndex": rule,
        "level": _LEVELS[found.rule.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": _place(found.span)}],
    }
    if found.notes:
        result["relatedLocations"] = [_related(note) for note in found.notes]
    changes = [edit for edit in found.fix if isinstance(edit, Replace)]
    if changes and len(changes) == len(found.fix):
        result["fixes"] = [{"description": {"text": found.rule.fix}, "artifactChanges": _changes(changes)}]
    return result


def _changes(edits: Sequence[Replace]) -> list[dict[str, object]]:
    """What a fix that only replaces texts changes in each file."""
    by_path: dict[str, list[dict[str, object]]] = {}
    for edit in edits:
        change = {"deletedRegion": _place(edit.span)["region"], "insertedContent": {"text": edit.text}}
        by_path.setdefault(edit.span.path, []).append(change)
    return [{"artifactLocation": {"uri": quote(path)}, "replacements": each} for path, each in by_path.items()]


def _related(note: Note) -> dict[str, object]:
    return {"physicalLocation": _place(note.span), "message": {"text": note.text}}


def _place(span: Span) -> dict[str, object]:
    return {
        "artifactLocation": {"uri": quote(span.path, errors="surrogateescape")},
        "region": {
            "startLine": span.line,
            "startColumn": span.col,
            "endLine": span.end_line,
            "endColumn": span.end_col,
        },
    }
