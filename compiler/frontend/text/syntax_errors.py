"""Syntax errors that are right in another Python: which one, in words."""

from __future__ import annotations

import re
import sys

from compiler.slotted_class import record


@record
class _Newer:
    """A form that a later Python brought, by the text of its line or by this Python's words."""

    since: tuple[int, int]
    line: str
    says: str = ""


_NEWER = (
    _Newer((3, 12), r"^\s*type\s+\w+\s*(\[.*\]\s*)?=(?!=)"),
    _Newer((3, 12), r"^\s*(async\s+)?(def|class)\s+\w+\s*\["),
    _Newer((3, 12), r"", "f-string"),
    _Newer((3, 14), r"\b([tT][rR]?|[rR][tT])['\"]"),
    _Newer((3, 14), r"^\s*except\s+[\w.]+\s*,\s*[\w.]+\s*:", "multiple exception types"),
)

_PYTHON_2 = (
    r"^\s*(print|exec)\b\s*[^\s(=.,\[]",
    r"^\s*except\s+[\w.]+\s*,\s*\w+\s*:",
    r"^\s*raise\s+[\w.]+\s*,",
    r"(<>|`|\b0\d|\bur['\"])",
)


def of_another_python(line: str, message: str) -> str:
    """What to add to a message about a line that Python 2 or a later Python than this one may read; else empty."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = [f"that is how Python 2 wrote it, and flowc reads Python {here}"] if _is_old(line) else []
    for form in _NEWER:
        if form.since > sys.version_info[:2] and form.says in message and re.search(form.line, line):
            first, second = form.since
            found.append(f"Python {first}.{second} may read it, and flowc runs on Python {here}")
    return "".join(f"; {each}" for each in found)


def _is_old(line: str) -> bool:
    return any(re.search(form, line) for form in _PYTHON_2)
