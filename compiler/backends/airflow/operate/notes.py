"""What a run's note says for us, a line each; the lines of people stay."""

from __future__ import annotations

import json

from compiler.backends.operating import RefusedError

TAGS = "flowc tags: "
"""How the line of a run's tags begins; a JSON list follows."""
MOST = 1000
"""Characters that Airflow keeps of a note."""


def with_line(note: str, line: str) -> str:
    """The note with a line of ours. Raises RefusedError where it would be too long for Airflow."""
    found = "\n".join(filter(None, (without(note, line), line)))
    if len(found) > MOST:
        raise RefusedError(
            f"Airflow keeps {MOST} characters beside a run, and these would be {len(found)}: give fewer or shorter tags"
        )
    return found


def without(note: str, line: str) -> str:
    """The note without a line of ours."""
    return "\n".join(each for each in note.split("\n") if each != line)


def tags_in(note: str) -> tuple[str, ...]:
    """The tags of a run; none where somebody has made the line unreadable."""
    for line in note.split("\n"):
        if line.startswith(TAGS):
            try:
                found = json.loads(line[len(TAGS) :])
            except ValueError:
                return ()
            return tuple(map(str, found)) if isinstance(found, list) else ()
    return ()
