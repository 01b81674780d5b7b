"""Maestro's two languages: string interpolation (`LiteralEvaluator`) and SEL (`netflix-sel`), as much of it as flowc writes.

What SEL has and is not known here raises: a definition that grows beyond this has to be looked up in Maestro's sources first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

MOST_EXPRESSION = 10_000
"""`length-limit`: an expression must be shorter."""
MOST_ITEMS = 25_001
"""`array-limit`."""


class EvaluationError(Exception):
    """Maestro cannot evaluate a parameter."""


_UNESCAPED = r"(?:(?<=\$\$)|(?<=[^$])|(?<![\s\S]))"
_VARIABLE = r"\$(?:\{([a-zA-Z][\-_./a-zA-Z0-9]*)\}|([a-zA-Z][_a-zA-Z0-9]*))"
_ESCAPED = r"(?:(\$\{[a-zA-Z][\-_./a-zA-Z0-9]*\})|(\$[a-zA-Z][_a-zA-Z0-9]*))"
_REFERENCE = re.compile(_UNESCAPED + _VARIABLE)
_PATTERN = re.compile(rf"(?:{_UNESCAPED}{_VARIABLE})|(?:{_UNESCAPED}\${_ESCAPED})|(\$\$)")


def referenced(text: str) -> list[str]:
    """The parameters that `LiteralEvaluator.getReferencedParamNames` finds: all of them must be there."""
    return [match[1] or match[2] for match in _REFERENCE.finditer(text)]


def interpolated(text: str, value: Callable[[str], Any]) -> str:
    """The text with references and escapes replaced, in one pass."""
    for name in referenced(text):
        value(name)

    def replaced(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return as_text(value(name)) if name else match[3] or match[4] or "$"

    return _PATTERN.sub(replaced, text)


def as_text(value: Any) -> str:
    """A value inside of text: JSON where it is no plain one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_TOKEN = re.compile(r"""\s*(?:
    (?P<number>\d+) | (?P<text>'(?:[^'\\\n\r]|\\[ntbrf\\'"])*') | (?P<name>[A-Za-z_$][\w$]*) | (?P<sign>\|\||&&|==|!=|[-+().,?:;<>])
)""", re.VERBOSE)  # fmt: skip
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", "r": "\r", "f": "\f"}
_WORDS = frozenset({"return", "new", "true", "false", "params", "Util", "Long", "System", "DateTime", "DateTimeZone"})


def evaluated(source: str, value: Callable[[str], Any], params: Callable[..., Any]) -> Any:
    """What an expression is worth. `value` gives a parameter, `params` answers methods of `params`. Raises EvaluationError."""
    if len(source) >= MOST_EXPRESSION:
        raise EvaluationError(f"an expression of {len(source)} characters")
    tokens = _tokens(source)
    for before, token in zip([("", ""), *tokens], tokens, strict=False):
        if token[0] == "name" and token[1] not in _WORDS and before[1] != ".":
            value(token[1])
    return _Parser(tokens, value, params).statement()


def _tokens(source: str) -> list[tuple[str, str]]:
    # JavaCC's JAVA_UNICODE_ESCAPE: before all else, behind an even number of backslashes
    units = re.sub(r"(?<!\\)((?:\\\\)*)\\u([0-9a-fA-F]{4})", lambda found: found[1] + chr(int(found[2], 16)), source)
    text = units.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass").strip()
    text += "" if text.endswith(";") else ";"  # `ExprEvaluator.sanitize`
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match or not match.lastgroup:
            raise EvaluationError(f"no token of SEL at {text[at : at + 20]!r} of {source!r}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    """A parser that evaluates; both sides of a condition are, as SEL's are not, so what is not taken must not fail either."""

    def __init__(self, tokens: list[tuple[str, str]], value: Callable[[str], Any], params: Callable[..., Any]) -> None:
        self._tokens, self._at, self._value, self._params = tokens, 0, value, params

    def statement(self) -> Any:
        self._take("return")
        found = self._ternary()
        if not self._take(";") or self._at != len(self._tokens):
            raise EvaluationError(f"more than one statement: {self._tokens}")
        return found

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _take(self, sign: str) -> bool:
        taken = self._peek()[1] == sign and self._peek()[0] != "text"
        self._at += taken
        return taken

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise EvaluationError(f"{sign!r} expected at {self._peek()}")

    def _ternary(self) -> Any:
        found = self._or()
        if not self._take("?"):
            return found
        first = self._ternary()
        self._need(":")
        second = self._ternary()
        return first if found else second

    def _or(self) -> Any:
        found = self._equal()
        while self._take("||"):
            other = self._equal()
            found = found or other
        return found

    def _equal(self) -> Any:
        found = self._sum()
        if self._take("=="):
            other = self._sum()
            if type(found) is not type(other) or isinstance(found, str):
                raise EvaluationError(f"`==` between {found!r} and {other!r}")
            return found == other
        return found

    def _sum(self) -> Any:
        found = self._postfix()
        while self._peek()[1] in ("+", "-") and self._peek()[0] == "sign":
            is_plus = self._take("+") or not self._take("-")
            other = self._postfix()
            if is_plus and (isinstance(found, str) or isinstance(other, str)):
                found = as_text(found) + as_text(other)
            else:
                found = found + other if is_plus else found - other
        return found

    def _postfix(self) -> Any:
        found = self._primary()
        while self._take("."):
            kind, name = self._peek()
            if kind != "name":
                raise EvaluationError(f"a method expected, not {name!r}")
            self._at += 1
            if not self._take("("):
                found = f"{found}.{name}"
                continue
            arguments = [] if self._take(")") else self._arguments()
            found = self._called(found, name, arguments)
        return found

    def _arguments(self) -> list[Any]:
        found = [self._ternary()]
        while self._take(","):
            found.append(self._ternary())
        self._need(")")
        return found

    def _primary(self) -> Any:
        kind, text = self._peek()
        self._at += 1
        if kind == "number":
            return int(text)
        if kind == "text":
            return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1], flags=re.DOTALL)
        if text == "(":
            found = self._ternary()
            self._need(")")
            return found
        if text == "new":
            name = self._peek()[1]
            self._at += 1
            self._need("(")
            if name != "DateTime":
                raise EvaluationError(f"new {name}")
            (millis,) = self._arguments()
            return datetime.fromtimestamp(millis / 1000, UTC)
        if text in ("true", "false"):
            return text == "true"
        if kind != "name":
            raise EvaluationError(f"{text!r} begins no expression")
        return _Class(text) if text in _WORDS else self._value(text)

    def _called(self, owner: Any, method: str, arguments: list[Any]) -> Any:
        if isinstance(owner, _Class):
            return self._params(method, *arguments) if owner.name == "params" else owner.call(method, arguments)
        match owner, method, arguments:
            case str(), "replace", [str(old), str(new)]:
                return owner.replace(old, new)
            case str(), "equals", [other]:
                return owner == other
            case datetime(), "withZone", ["DateTimeZone.UTC"]:
                return owner
            case datetime(), "toString", []:
                return owner.strftime("%Y-%m-%dT%H:%M:%S.") + f"{owner.microsecond // 1000:03d}Z"
        raise EvaluationError(f"{owner!r} has no method {method} here")


class _Class:
    """A name that is no parameter."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name

    def call(self, method: str, arguments: list[Any]) -> Any:
        match self.name, method, arguments:
            case "Long", "valueOf", [found]:
                return _long(found)
            case "Util", "intsBetween", [first, end, step]:
                found = list(range(_long(first), _long(end), _long(step)))
                if len(found) > MOST_ITEMS:
                    raise EvaluationError(f"an array of {len(found)}")
                return found
            case "System", "currentTimeMillis", []:
                return int(datetime.now(UTC).timestamp() * 1000)
        raise EvaluationError(f"{self.name} has no method {method} here")


def _long(value: Any) -> int:
    if isinstance(value, str) and not re.fullmatch(r"[-+]?\d+", value, re.ASCII):
        raise EvaluationError(f'For input string: "{value}"')
    return int(value)


def literal(text: str) -> str:
    """Text that a person gives a run where it holds a dollar: an expression that is the text, as the documentation has it."""
    known = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    units = text.encode("utf-16-be", "surrogatepass")
    chars = [chr(int.from_bytes(units[at : at + 2], "big")) for at in range(0, len(units), 2)]
    return (
        "'"
        + "".join(known.get(char) or (char if 32 <= ord(char) < 127 else f"\\u{ord(char):04x}") for char in chars)
        + "'"
    )


Lookup = Callable[[str], Any]
Known = Mapping[str, Any]
