"""Names over a target's limit: shortened by one rule, so that whoever derives the same name finds the same thing."""

from __future__ import annotations

from compiler.reading import digest_of

_DIGEST = 12
"""Hexadecimal digits, 48 bits: among a million long names two are the same with a chance of 1 in 500."""


def spelled(name: str, others: str, most: int) -> str:
    """A name of letters and digits of ASCII and of `others`: every other character is a `-`, and it is `within` `most`."""
    safe = "".join(char if char.isascii() and (char.isalnum() or char in others) else "-" for char in name)
    return within(safe, most, whole=name)


def within(name: str, most: int, *, whole: str | None = None, joint: str = "-") -> str:
    """The name where it has at most `most` characters; else its beginning, `joint` and a digest of all of it.

    `whole` is what the digest is of where a target's spelling has already lost a part of the name.
    """
    if len(name) <= most:
        return name
    digest = digest_of((whole or name).encode("utf-8", "surrogatepass"))[:_DIGEST]
    return name[: most - len(joint) - _DIGEST].rstrip("-._ ") + joint + digest
