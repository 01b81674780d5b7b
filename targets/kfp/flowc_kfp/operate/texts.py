"""Texts by key in a description, which is all that the server keeps beside a pipeline, a version and a run.

A line each, `flowc/<key>: <JSON>`, behind a sentence for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from compiler.backends.operating import RECORD_PREFIX, Record, as_texts, record_of

TAGS = f"{RECORD_PREFIX}tags"


def description(sentence: str, texts: Mapping[str, object]) -> str:
    """A sentence, and below it the texts."""
    return "\n".join([sentence, *(f"{key}: {json.dumps(value)}" for key, value in texts.items())])


def texts_in(told: object) -> dict[str, Any]:
    """The texts of a description; what is none of ours has none."""
    found: dict[str, Any] = {}
    for line in told.splitlines() if isinstance(told, str) else ():
        key, colon, value = line.partition(": ")
        if colon and key.startswith(RECORD_PREFIX):
            try:
                found[key] = json.loads(value)
            except ValueError:
                continue
    return found


def recorded(record: Record) -> str:
    """The description of what was deployed."""
    return description("Deployed by flowc: change the flow and deploy it again.", as_texts(record))


def record_in(told: object) -> Record | None:
    """The record in a description; None where there is none."""
    return record_of({key: value for key, value in texts_in(told).items() if isinstance(value, str)})


def tags_in(told: object) -> tuple[str, ...]:
    """The tags in the description of a run."""
    found = texts_in(told).get(TAGS)
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()
