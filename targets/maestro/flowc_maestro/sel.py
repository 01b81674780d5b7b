"""Maestro's two languages, string interpolation and SEL, and how text stands in them so that neither finds anything of its own."""

from __future__ import annotations

from compiler.ir.plan import Edge

MOST_EXPRESSION = 9_999
"""Characters of an expression: Maestro's `length-limit` is 10,000, which it must be below."""

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

Json = dict[str, object]


def text_param(text: str) -> Json:
    """A STRING parameter that is this text, byte for byte.

    As a value, Maestro would interpolate `$name` and `${name}` in it, and its escape `$$` has no way to write `$$name`; a literal of SEL is
    not looked at.
    """
    return {"type": "STRING", "value": text} if "$" not in text else expression("STRING", f"return {literal(text)};")


def expression(kind: str, source: str) -> Json:
    """A parameter that SEL computes."""
    return {"type": kind, "expression": source}


def literal(text: str) -> str:
    """The text as a literal of SEL, whose lexer reads `\\uXXXX` before all else and has no octal escapes that work."""
    units = text.encode("utf-16-be", "surrogatepass")
    chars = (chr(int.from_bytes(units[at : at + 2])) for at in range(0, len(units), 2))
    told = (_ESCAPES.get(char) or (char if " " <= char <= "~" else f"\\u{ord(char):04x}") for char in chars)
    return f"'{''.join(told)}'"


def condition(edge: Edge, case: str) -> str:
    """The condition of a transition: always, or that the switch took one of the cases; a step that reported none fails here."""
    return " || ".join(f"Long.valueOf({case}) == {number}" for number in edge.cases) or "true"
