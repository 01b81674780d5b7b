"""How what we have deployed is known in AWS: a record as tags of the machine, a sentence in what takes no tags.

A tag's value has at most 256 characters, of a few kinds. What a tag does not take is `=XX` of its UTF-8 bytes, as quoted-printable
writes it (`=` is allowed, `%` is not); what is longer goes on under `….1`, `….2`. So every record comes back as it was.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from compiler.backends.operating import RECORD_PREFIX, Record, RefusedError, as_texts, record_of

_LONGEST, _MOST = 256, 6
"""Characters of a value, and the tags that one text may take: AWS has 50 for each machine."""

_PLAIN = re.compile(rb"[A-Za-z0-9_.:/+@-]")

SUSPENDED = f"{RECORD_PREFIX}suspended"
BUS = f"{RECORD_PREFIX}event-bus"
STATE = f"{RECORD_PREFIX}as-deployed"
"""The digest of the machine as the last deployment left it: what differs from it was changed by hand."""

MACHINE = f"{RECORD_PREFIX}machine"
"""The tag of a job definition: the machine whose steps it is for."""


def as_tags(texts: Mapping[str, str]) -> dict[str, str]:
    """Texts by key as tags. Raises RefusedError for one that is longer than the tags that it may take."""
    tags: dict[str, str] = {}
    for key, text in texts.items():
        spelled = "".join(chr(byte) if _PLAIN.match(bytes([byte])) else f"={byte:02X}" for byte in _bytes(text))
        pieces = [spelled[at : at + _LONGEST] for at in range(0, len(spelled), _LONGEST)] or [""]
        if len(pieces) > _MOST:
            raise RefusedError(
                f"the tags of a state machine cannot hold `{key}`, of {len(spelled)} characters: shorten it"
            )
        tags.update({key if not at else f"{key}.{at}": piece for at, piece in enumerate(pieces)})
    return tags


def texts_of(tags: Mapping[str, str]) -> dict[str, str]:
    """The texts that `as_tags` has spelled; a tag of others stays as it is."""
    found: dict[str, str] = {}
    for key, value in tags.items():
        base, _, number = key.rpartition(".")
        if number.isdigit() and base in tags:
            continue
        rest = (tags.get(f"{key}.{at}") for at in range(1, _MOST))
        found[key] = _text(value + "".join(piece for piece in rest if piece))
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(spelled: str) -> str:
    plain = re.sub(rb"=([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), _bytes(spelled))
    return plain.decode("utf-8", "replace")


def tags_of_record(record: Record) -> dict[str, str]:
    """A record as tags."""
    return as_tags(as_texts(record))


def record_in(tags: Mapping[str, str]) -> Record | None:
    """The record in tags; None where they are not ours."""
    return record_of(texts_of(tags))


def digest(value: object) -> str:
    """Sixteen digits of a value that JSON can hold, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def sentence(name: str, value: object) -> str:
    """The description of a schedule or a rule: whose it is, and the digest of it as it was deployed."""
    return f"flowc deploys this for {name} ({digest(value)}). Change the flow, not this."


def sentence_of(description: str) -> tuple[str, str] | None:
    """The deployment and the digest that a description tells; None where it is not ours."""
    found = re.match(r"flowc deploys this for (\S+) \(([0-9a-f]{16})\)\.", description)
    return (found[1], found[2]) if found else None
