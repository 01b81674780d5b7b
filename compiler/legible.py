"""Text that somebody else wrote, as a terminal may get it: what would be obeyed is spelled out."""

from __future__ import annotations

import re

_OBEYED = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # marks that turn, hide or break lines
    "\ud800-\udfff\U000e0000-\U000e007f]"  # halves of pairs, and tags, which nothing shows
)


def legible(text: str) -> str:
    """The text with each character that a terminal obeys, or hides, as its escape: `\\x1b`. Tabs and newlines stay."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_OBEYED, _escape, text)


def dedented(doc: str) -> str:
    """A docstring without the indentation of its code and empty lines around it, as `inspect.cleandoc`, whose import takes 4 ms, has it."""
    first, *rest = doc.expandtabs().split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    lines = [first.lstrip(), *(line[margin:] for line in rest)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines)


def one_line(text: str) -> str:
    """The same on one line: a name."""
    return legible(text).replace("\n", "\\n").replace("\t", "\\t")


def legible_json(text: str) -> str:
    """JSON that stays the same JSON, with such characters escaped as JSON has it."""
    return re.sub(_OBEYED, _json_escape, text)


def mermaid_text(text: str, most: int) -> str:
    """Text as mermaid shows it, of at most so many characters: everything that it could read otherwise is the number of its character."""
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    return re.sub(r"[^A-Za-z0-9_ .,\-]", lambda found: f"#{ord(found[0])};", short)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def _json_escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code <= _PLANE else f"\\u{0xD7C0 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


_PLANE = 0xFFFF
