"""Values as a reader sees them: short, on one line, and not where they are keys or passwords by their name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from compiler.diagnostics import clipped
from compiler.ir.flow import Dynamic, Value
from compiler.ir.text import value_text

LONGEST = 200
"""Letters of a value that are shown."""

HIDDEN = "a value that is not shown"

_SECRET = r"(?i)(^|[^a-z])(pass|passwd|password|pwd|secret|token|credentials?|api_?key|access_?key|private_?key|auth)([^a-z]|s$|$)"


def shown(value: Value | Dynamic) -> str:
    """A value as JSON; what only run time knows as its source between `<` and `>`; nothing as `nothing`."""
    return clipped(whole(value), LONGEST)


def whole(value: Value | Dynamic) -> str:
    """The same in its whole length: what is compared."""
    return "nothing" if value is None else value_text(value)


def hidden(name: str, text: str) -> str:
    """The text, unless what it is the value of holds a secret by its name; then that there is one."""
    return HIDDEN if text != "nothing" and is_secret(name) else clipped(text, LONGEST)


def masked(name: str, value: Value | Dynamic) -> str:
    """A value without what is a key or a password by its name, in tables too."""
    return hidden(name, whole(_masked(value)))


def _masked(value: Value | Dynamic) -> Value | Dynamic:
    if isinstance(value, Mapping):
        return {key: HIDDEN if is_secret(key) else _plain(item) for key, item in value.items()}
    return tuple(_plain(item) for item in value) if isinstance(value, tuple) else value


def _plain(value: Value) -> Value:
    found = _masked(value)
    assert not isinstance(found, Dynamic)
    return found


def is_secret(name: str) -> bool:
    """Whether a name says that its value is a key or a password."""
    return re.search(_SECRET, re.sub(r"([a-z])([A-Z])", r"\1_\2", name)) is not None
