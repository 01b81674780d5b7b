"""Tag substitution as Argo's controller does it: in every string of an object, values being templates again in the next pass.

The controller works on the object's JSON; here each string is walked by itself. The difference is an unclosed `{{`, which
there may be closed by braces of the JSON: here it is always an error.
"""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from tests.engines.argo_expressions import NIL, ExpressionError, UnknownFunctionError, compile_expression, go_json

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Values = Mapping[str, str | None]
"""Variables by their dotted name; None is an absent optional: the output of a skipped or omitted task without a default."""

Strict = Callable[[str], bool]

ABSENT = "__argo__internal__absent-optional"
LATE = re.compile(r"^(item(\..*)?|retries|lastRetry\..*|workflow\.(status|failures))$")


class TagError(Exception):
    """The controller could not substitute."""


def substitute(obj: Json, values: Values, strict: Strict | None = None) -> Json:
    """A copy of an object with the tags of its strings replaced, one pass.

    Tags for which `strict` holds must be known; without it, an expression that fails stays as it is, for a later pass.
    """
    if isinstance(obj, str):
        return substitute_text(obj, values, strict)
    if isinstance(obj, list):
        return [substitute(item, values, strict) for item in obj]
    if isinstance(obj, dict):
        return {key: substitute(item, values, strict) for key, item in obj.items()}
    return obj


def substitute_text(text: str, values: Values, strict: Strict | None = None) -> str:
    """One string, one pass."""
    if "{{" not in text:
        return text
    return "".join(part if kind == "text" else _replaced(part, values, strict) for kind, part in pieces(text))


def check_start(spec: Mapping[str, Json]) -> None:
    """What the controller does before anything starts: the spec without its templates, arguments and all, as one text of JSON.

    An expression that can be read and not be computed is left for later. Raises TagError where the text cannot be read:
    the workflow then has no phase for ever, and only the controller's log tells why.
    """
    first = {name: spec[name] for name in ("entrypoint", "arguments") if name in spec}
    rest = {name: value for name, value in spec.items() if name not in (*first, "templates")}
    for kind, tag in pieces(json.dumps({**first, **rest}, ensure_ascii=False, separators=(",", ":"))):
        if kind == "tag" and tag.startswith("="):
            try:
                text = json.loads(f'"{tag[1:]}"')
            except ValueError as error:
                raise TagError(f"failed to unmarshall JSON expression: {error}") from error
            try:
                with contextlib.suppress(UnknownFunctionError):
                    compile_expression(text)
            except ExpressionError as error:
                raise TagError(f"failed to evaluate expression: {error}") from error


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """`("text", …)` and `("tag", …)` in order; an unclosed tag is an error."""
    while "{{" in text:
        before, _, rest = text.partition("{{")
        if "}}" not in rest:
            raise TagError(f"Cannot find end tag='}}}}' in {text!r}")
        tag, _, text = rest.partition("}}")
        yield "text", before
        yield "tag", tag
    yield "text", text


def tags(obj: Json) -> Iterator[str]:
    """Every tag in the strings of an object."""
    if isinstance(obj, str):
        yield from (part for kind, part in pieces(obj) if kind == "tag")
    elif isinstance(obj, list):
        for item in obj:
            yield from tags(item)
    elif isinstance(obj, dict):
        for item in obj.values():
            yield from tags(item)


def _replaced(tag: str, values: Values, strict: Strict | None) -> str:
    if tag.startswith("="):
        return _expression(tag[1:], values, strict)
    name = tag.strip()
    if name not in values:
        return _unresolved(tag, values, strict)
    value = values[name]
    if value is None:
        raise TagError(f"unable to substitute {{{{{tag}}}}}: output is an absent optional")
    return survives_quoting(value)


def _unresolved(tag: str, values: Values, strict: Strict | None) -> str:
    prefix, nested, inner = tag.rpartition("{{")
    if nested and prefix and inner in values:
        value = values[inner]
        if value is None:
            raise TagError(f"unable to substitute nested tag {{{{{tag}}}}}")
        return "{{" + prefix + survives_quoting(value)
    if strict and strict(tag.strip()):
        raise TagError(f"failed to resolve {{{{{tag}}}}}")
    return "{{" + tag + "}}"


def survives_quoting(value: str) -> str:
    """The value, if Go's `strconv.Quote` of it is also JSON: other control characters make the replacement invalid."""
    for char in value:
        if char.isprintable() or char in "\b\f\n\r\t":
            continue
        if char < " " or char == "\x7f" or (char > "\uffff" and unicodedata.category(char)[0] in "CZ"):
            raise TagError(f"the result of the replacement is invalid JSON: {char!r}")
    return value


def _expression(text: str, values: Values, strict: Strict | None) -> str:
    try:
        expression = compile_expression(text)
    except ExpressionError as error:
        raise TagError(f"failed to evaluate expression: {error}") from error
    env = nested(values)
    missing = [path for path in expression.paths if not _has(env, path)]
    if strict and any(strict(path) for path in missing):
        raise TagError(f"failed to evaluate expression: {sorted(missing)} is missing")
    if any(LATE.match(path) for path in missing):
        return "{{=" + text + "}}"
    try:
        result = expression.run(env)
    except ExpressionError as error:
        return _tolerated(text, bool(missing) or strict is None, str(error))
    if result is NIL:
        return _tolerated(text, bool(missing) or strict is None, "nil")
    return result if isinstance(result, str) else survives_quoting(go_json(result))


def _tolerated(text: str, later: bool, reason: str) -> str:
    if later:
        return "{{=" + text + "}}"
    raise TagError(f"failed to evaluate expression {text!r}: {reason}")


def nested(values: Values) -> dict[str, object]:
    """Dotted names as nested maps, as expressions see them; where `a` and `a.b` are both given, `a` is dropped."""
    names = sorted(values)
    root: dict[str, object] = {}
    for name, following in zip(names, [*names[1:], ""], strict=True):
        if following.startswith(name + "."):
            continue
        *parents, last = name.split(".")
        level = root
        for part in parents:
            inner = level.setdefault(part, {})
            if not isinstance(inner, dict):
                raise TagError(f"{name} is below a value")
            level = inner
        value = values[name]
        level[last] = NIL if value is None else value
    return root


def _has(env: Mapping[str, object], path: str) -> bool:
    value: object = env
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return False
        value = value[part]
    return True
