"""Comments that silence findings of their line: `# flowc: ignore[FC409, FC405] why that is meant`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from compiler.ir.flow import Span

_COMMENT = r"#\s*flowc:\s*ignore\[([^\]]*)\]"


def comment_on(code: str, span: Span, lines: Sequence[str]) -> Span | None:
    """Where the comment stands, on the line on which a place begins, that names a code. `lines` are those of its file."""
    if not 0 < span.line <= len(lines):
        return None
    said = re.search(_COMMENT, lines[span.line - 1])
    if said is None or code not in [each.strip() for each in said[1].split(",")]:
        return None
    return Span(span.path, span.line, said.start() + 1, span.line, said.end() + 1)
