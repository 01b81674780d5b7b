"""The two expression languages of Argo's controller, as far as emitted manifests use them: expr-lang and govaluate.

expr-lang stands in `{{=…}}`, `depends` and `valueFrom.expression`; govaluate in `when`. Both raise `ExpressionError`
for whatever is not known here, so that nothing passes by luck.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal


class ExpressionError(Exception):
    """The controller could not compile or run the expression, or this module does not know a part of it."""


class UnknownFunctionError(ExpressionError):
    """The expression can be read, and calls what nobody knows."""


class Missing:
    """What expr-lang calls nil."""


NIL = Missing()

Kind = Literal["number", "string", "name", "operator", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression; `value` is decoded, `text` as written."""

    kind: Kind
    text: str
    value: object = None


_WORD_OPERATORS = frozenset(
    {"not", "in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let", "if", "else"}
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?![\w.]))|(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)|(?P<operator>\?\?|\?\.|\*\*|&&|\|\||==|!=|<=|>=|[-+*/%!<>().,?:\[\]]))"""
)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of expr-lang; an unknown character is an error."""
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise ExpressionError(f"unexpected {text[at:]!r} in {text!r}")
        at = match.end()
        yield _token(match)
    yield Token("end", "")


def _token(match: re.Match[str]) -> Token:
    if number := match["number"]:
        return Token("number", number, float(number) if "." in number else int(number))
    if string := match["string"]:
        return Token("string", string, _unquoted(string))
    if name := match["name"]:
        return Token("operator" if name in _WORD_OPERATORS else "name", name)
    return Token("operator", match["operator"])


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


def _unquoted(literal: str) -> str:
    def decoded(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise ExpressionError(f"unknown escape in {literal}")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", decoded, literal[1:-1], flags=re.DOTALL)


Evaluate = Callable[[Mapping[str, object]], object]


@dataclass(slots=True)
class Expression:
    """A compiled expr-lang expression; `paths` are the dotted names that it must find, without those that `??` guards."""

    run: Evaluate
    paths: set[str] = field(default_factory=set)


def compile_expression(text: str) -> Expression:
    """Parse expr-lang; raises `ExpressionError`."""
    parser = _Parser(text)
    run = parser.expression(0)
    parser.expect("end", "")
    return Expression(run, parser.paths)


def evaluate(text: str, env: Mapping[str, object]) -> object:
    """The value of an expr-lang expression."""
    return compile_expression(text).run(env)


_BINARY = {
    "??": 2, "||": 10, "or": 10, "&&": 15, "and": 15, "==": 20, "!=": 20, "<": 20, ">": 20, "<=": 20, ">=": 20,
    "+": 30, "-": 30, "*": 60, "/": 60, "%": 60,
}  # fmt: skip


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokens(text))
        self.at = 0
        self.paths: set[str] = set()
        self.guarded = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.current
        self.at += 1
        return token

    def is_operator(self, *texts: str) -> bool:
        return self.current.kind == "operator" and self.current.text in texts

    def expect(self, kind: Kind, text: str) -> None:
        if self.current.kind != kind or self.current.text != text:
            raise ExpressionError(f"unexpected {self.current.text!r} in {self.text!r}")
        self.at += 1

    def expression(self, precedence: int) -> Evaluate:
        start, before = self.at, set(self.paths)
        left = self.unary()
        while self.current.kind == "operator" and _BINARY.get(self.current.text, -1) > precedence:
            operator = self.take().text
            if operator == "??":
                self.paths = before | {path for path in self.paths - before if "." not in path}
            right = self.expression(_BINARY[operator])
            left = _binary(operator, left, right, self.text)
        if precedence == 0 and self.is_operator("?"):
            return self.ternary(left)
        assert self.at > start
        return left

    def ternary(self, test: Evaluate) -> Evaluate:
        self.take()
        yes = self.expression(0)
        self.expect("operator", ":")
        no = self.expression(0)
        return lambda env: yes(env) if _bool(test(env), self.text) else no(env)

    def unary(self) -> Evaluate:
        if self.is_operator("!", "not"):
            self.take()
            inner = self.expression(50)
            return lambda env: not _bool(inner(env), self.text)
        if self.is_operator("-"):
            self.take()
            inner = self.expression(90)
            return lambda env: -_number(inner(env), self.text)
        return self.primary()

    def primary(self) -> Evaluate:
        token = self.take()
        if token.kind in ("number", "string"):
            value = token.value
            return lambda _env: value
        if token.kind == "operator" and token.text == "(":
            inner = self.expression(0)
            self.expect("operator", ")")
            return inner
        if token.kind == "name":
            return self.named(token.text)
        raise ExpressionError(f"unexpected {token.text!r} in {self.text!r}")

    def named(self, name: str) -> Evaluate:
        literal: object = {"true": True, "false": False, "nil": NIL}.get(name, Missing)
        if literal is not Missing:
            if self.is_operator(".", "["):
                raise ExpressionError(f"{name} has no members in {self.text!r}")
            return lambda _env: literal
        parts = [name]
        while self.is_operator(".", "["):
            parts.append(self.member())
        if self.is_operator("("):
            return self.call(".".join(parts))
        self.paths.update(".".join(parts[: i + 1]) for i in range(len(parts)))
        return lambda env: lookup(env, parts)

    def member(self) -> str:
        bracket = self.take().text == "["
        token = self.take()
        if bracket:
            self.expect("operator", "]")
        if token.kind != ("string" if bracket else "name") and not (token.text in _WORD_OPERATORS and not bracket):
            raise ExpressionError(f"unexpected {token.text!r} in {self.text!r}")
        return str(token.value) if bracket else token.text

    def call(self, name: str) -> Evaluate:
        if name not in FUNCTIONS:
            raise UnknownFunctionError(f"unknown function {name} in {self.text!r}")
        self.take()
        arguments: list[Evaluate] = []
        while not self.is_operator(")"):
            arguments.append(self.expression(0))
            if self.is_operator(","):
                self.take()
            elif not self.is_operator(")"):
                raise ExpressionError(f"unexpected {self.current.text!r} in {self.text!r}")
        self.take()
        return lambda env: FUNCTIONS[name](*(argument(env) for argument in arguments))


def lookup(env: Mapping[str, object], parts: list[str]) -> object:
    """A member of nested maps; NIL where the last part is not there, an error where a parent is not."""
    value: object = env
    for i, part in enumerate(parts):
        if not isinstance(value, Mapping):
            raise ExpressionError(f"cannot fetch {part} from {'.'.join(parts[:i])}")
        value = value.get(part, NIL)
    return value


def _bool(value: object, text: str) -> bool:
    if not isinstance(value, bool):
        raise ExpressionError(f"not a bool in {text!r}: {value!r}")
    return value


def _number(value: object, text: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionError(f"not a number in {text!r}: {value!r}")
    return value


def _binary(operator: str, left: Evaluate, right: Evaluate, text: str) -> Evaluate:
    if operator == "??":
        return lambda env: right(env) if left(env) is NIL else left(env)
    if operator in ("||", "or"):
        return lambda env: _bool(left(env), text) or _bool(right(env), text)
    if operator in ("&&", "and"):
        return lambda env: _bool(left(env), text) and _bool(right(env), text)
    if operator in ("==", "!="):
        return lambda env: _equal(left(env), right(env), text) == (operator == "==")
    if operator == "+":
        return lambda env: _plus(left(env), right(env), text)
    return lambda env: _ARITHMETIC[operator](_number(left(env), text), _number(right(env), text))


def _equal(left: object, right: object, text: str) -> bool:
    if NIL in (left, right):
        return left is right
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if type(left) is not type(right) and (not numbers or isinstance(left, bool) or isinstance(right, bool)):
        raise ExpressionError(f"mismatched types in {text!r}: {left!r} and {right!r}")
    return left == right


def _plus(left: object, right: object, text: str) -> object:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return _number(left, text) + _number(right, text)


def _modulo(left: float, right: float) -> float:
    return left - right * int(left / right)


_ARITHMETIC: Mapping[str, Callable[[float, float], object]] = {
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": _modulo,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def go_json(value: object) -> str:
    """Go's `json.Marshal`: compact, keys sorted, `<`, `>`, `&` and the two line separators escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _to_json(value: object) -> str:
    return "null" if value is NIL else go_json(value)


def _to_raw_json(value: object) -> str:
    text = "null" if value is NIL else json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _base64(value: object) -> str:
    if not isinstance(value, str):
        raise ExpressionError("b64enc takes a string")
    return base64.b64encode(value.encode()).decode()


def _omit(value: object, *keys: object) -> object:
    if not isinstance(value, Mapping):
        raise ExpressionError("omit takes a map")
    return {key: item for key, item in value.items() if key not in keys}


def _integer(value: object) -> int:
    if not isinstance(value, int | float) and not (isinstance(value, str) and re.fullmatch(r"[-+]?\d+", value)):
        raise ExpressionError(f"invalid operation: int({value!r})")
    return int(value)


def _dig(*words: object) -> object:
    *keys, default, value = words
    for key in keys:
        if not isinstance(value, Mapping):
            raise ExpressionError(f"dig takes maps, not {value!r}")
        if key not in value:
            return default
        value = value[key]
    return value


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "asInt": _integer,
    "int": _integer,
    "toJson": _to_json,
    "sprig.b64enc": _base64,
    "sprig.dig": _dig,
    "sprig.omit": _omit,
    "sprig.toRawJson": _to_raw_json,
}
"""What emitted expressions may call."""


def should_execute(when: str) -> bool:
    """What the controller makes of a `when` after substitution: govaluate, in which bare words are strings."""
    if not when:
        return True
    value = _When(when).value()
    if not isinstance(value, bool):
        raise ExpressionError(f"Expected boolean evaluation for {when!r}. Got {value!r}")
    return value


_WHEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<operator>&&|\|\||==|!=|<=|>=|[-+*/%!<>()]))"""
)


class _When:
    """A small part of govaluate: numbers are floats, `foo-bar` is a subtraction, two operands in a row are an error."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, object]] = []
        at = 0
        while text[at:].strip():
            match = _WHEN.match(text, at)
            if not match:
                raise ExpressionError(f"Invalid 'when' expression {text!r}")
            at = match.end()
            self.tokens.append(self._token(match))
        self.at = 0

    def _token(self, match: re.Match[str]) -> tuple[str, object]:
        if match["number"]:
            return "value", float(match["number"])
        if match["string"]:
            return "value", re.sub(r"\\(.)", r"\1", match["string"][1:-1])
        if name := match["name"]:
            return ("value", name == "true") if name in ("true", "false") else ("value", name)
        return "operator", match["operator"]

    def value(self) -> object:
        value = self._or()
        if self.at < len(self.tokens):
            raise ExpressionError(f"Invalid 'when' expression {self.text!r}: two operands without an operator")
        return value

    def _next(self, *operators: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at] in [("operator", o) for o in operators]:
            self.at += 1
            return str(self.tokens[self.at - 1][1])
        return None

    def _or(self) -> object:
        value = self._and()
        while self._next("||"):
            other = self._and()
            value = _bool(value, self.text) | _bool(other, self.text)
        return value

    def _and(self) -> object:
        value = self._compare()
        while self._next("&&"):
            other = self._compare()
            value = _bool(value, self.text) & _bool(other, self.text)
        return value

    def _compare(self) -> object:
        value = self._sum()
        while operator := self._next("==", "!=", "<", ">", "<=", ">="):
            other = self._sum()
            if operator in ("==", "!="):
                value = ((type(value), value) == (type(other), other)) == (operator == "==")
            else:
                value = _ARITHMETIC[operator](_number(value, self.text), _number(other, self.text))
        return value

    def _sum(self) -> object:
        value = self._unary()
        while operator := self._next("+", "-", "*", "/", "%"):
            other = self._unary()
            if operator == "+":
                value = _plus(value, other, self.text)
            else:
                value = _ARITHMETIC[operator](_number(value, self.text), _number(other, self.text))
        return value

    def _unary(self) -> object:
        if self._next("!"):
            return not _bool(self._unary(), self.text)
        if self._next("-"):
            return -_number(self._unary(), self.text)
        if self._next("("):
            value = self._or()
            if not self._next(")"):
                raise ExpressionError(f"Invalid 'when' expression {self.text!r}: unbalanced parenthesis")
            return value
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != "value":
            raise ExpressionError(f"Invalid 'when' expression {self.text!r}")
        self.at += 1
        return self.tokens[self.at - 1][1]
