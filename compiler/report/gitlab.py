"""Findings as a Code Quality report, which GitLab shows in a merge request (GitLab's documentation, "Code Quality report format")."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from posixpath import normpath

from compiler.diagnostics import Diagnostic, Report, Severity
from compiler.legible import legible_json

_LEVELS: Mapping[Severity, str] = {"error": "major", "warning": "minor", "note": "info"}


def gitlab(report: Report) -> str:
    """One list of findings, by place; paths are as given, without `./`.

    A fingerprint stays the same where only the line changes: GitLab tells by it what a merge request brings and cures.
    """
    seen = Counter[tuple[str, str, str]]()
    found = []
    for each in report:
        key = (each.rule.code, normpath(each.span.path), each.message)
        found.append(_object(each, f"{key}{seen[key]}"))
        seen[key] += 1
    return legible_json(json.dumps(found, indent=2, ensure_ascii=False)) + "\n"


def _object(found: Diagnostic, identity: str) -> dict[str, object]:
    words = f"{found.rule.code}: {found.message}" + (f"; help: {found.help}" if found.help else "")
    return {
        "description": words,
        "check_name": f"{found.rule.code} {found.rule.name}",
        "fingerprint": hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest(),
        "severity": _LEVELS[found.rule.severity],
        "location": {
            "path": normpath(found.span.path),
            "lines": {"begin": found.span.line, "end": found.span.end_line},
        },
    }
