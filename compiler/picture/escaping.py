"""What authors have written, as each form may hold it: data, and nothing that the form would read as its own."""

from __future__ import annotations

import re

from compiler.legible import legible, mermaid_text, one_line

_NO_XML = "[\ufffe\uffff]"
"""What XML cannot hold beside what no terminal may get."""

_XML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def plain(text: str) -> str:
    """Text that every form can hold: control characters, halves of pairs and what XML does not know are spelled out."""
    return re.sub(_NO_XML, lambda found: f"\\u{ord(found[0]):04x}", legible(text))


def xml(text: str) -> str:
    """Text between tags or in an attribute, of XML and of HTML."""
    return re.sub("[&<>\"']", lambda found: _XML[found[0]], plain(text))


def mermaid(text: str, most: int = 60) -> str:
    """A label of mermaid, on one line."""
    return mermaid_text(plain(one_line(text)), most)


def dot(text: str) -> str:
    """A quoted string of dot, whose lines are centred."""
    return '"' + plain(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", " ") + '"'


def script(text: str) -> str:
    """JSON in an element `script`: the same JSON, in which no tag and no comment begins or ends."""
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
