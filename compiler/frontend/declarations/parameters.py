"""`Parameter(...)`: its two names, type, default and options."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from compiler.diagnostics import Note, Report, clipped
from compiler.documents import NotParsed, parse_json
from compiler.frontend.findings import fc5xx
from compiler.frontend.findings.suggest import clear, did_you_mean
from compiler.frontend.text.modules import Function, Import
from compiler.frontend.text.respelling import head_respelt
from compiler.frontend.values.classes import Member
from compiler.frontend.values.evaluator import entries, evaluate
from compiler.frontend.values.scope import Scope
from compiler.ir.flow import Dynamic, Flow, Parameter, Span, Value
from compiler.slotted_class import record

OPTIONS = {
    "Parameter": (
        *("name", "default", "type", "help", "required", "show_default"),
        *("separator", "multiple", "is_flag", "hidden", "metavar", "envvar"),
    ),
    "IncludeFile": ("name", "required", "is_text", "encoding", "help", "parser", "default", "show_default", "envvar"),
}
"""What each declaration takes, in the order of its positions."""

BESIDE_PARAMETERS = frozenset(("IncludeFile", "Config"))
"""What has a file or value of its own, which only the text leads to."""

KINDS = frozenset(("Parameter", *BESIDE_PARAMETERS))
"""The declarations of a class that are parameters of some kind."""

_RESERVED = frozenset(
    each.replace("_", "-")
    for each in [
        "params",
        "with",
        "tag",
        "namespace",
        "obj",
        "tags",
        "decospecs",
        "run-id-file",
        "max-num-splits",
        "max-workers",
        "max-log-size",
        "user-namespace",
        "run-id",
        "task-id",
        "runner-attribute-file",
        "help",
        "branch",
        "production",
    ]
)
"""Metaflow's reserved names, with hyphens, and what `python flow.py run` and `Runner` take for options."""

RESERVED_ATTRIBUTES = frozenset(
    ["name", "next", "input", "index", "cmd", "merge_artifacts", "foreach_stack", "script_name"]
)
"""What `self` already has."""

_OURS = "flowc-"
"""What the names begin with under which events travel beside the parameters."""

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_BUILTIN_TYPES = {"str": "str", "int": "int", "float": "float", "bool": "bool", "dict": "json", "list": "json"}
_CLICK_TYPES = {"STRING": "str", "INT": "int", "FLOAT": "float", "BOOL": "bool"}


@record
class Call:
    """The call that makes a parameter, a file or a `Config` (`kind`): its arguments by name."""

    kind: str
    scope: Scope
    node: ast.Call
    attribute: str
    arguments: Mapping[str, ast.expr]
    places: Mapping[str, ast.keyword]
    spread: Mapping[str, Value | Dynamic]

    def span(self, option: str) -> Span:
        """Where an option stands, or the call."""
        return self.scope.module.source.span(self.places.get(option) or self.arguments.get(option) or self.node)

    def text(self, option: str) -> str:
        """An option's source."""
        return self.scope.module.source.segment(self.arguments[option])

    def value(self, option: str) -> Value | Dynamic:
        """An option's value; None where it is not given."""
        if option in self.spread:
            return self.spread[option]
        node = self.arguments.get(option)
        return evaluate(self.scope, node) if node is not None else None


def declares(member: Member) -> str | None:
    """`Parameter`, `IncludeFile` or `Config` where a class member is one of them."""
    if not isinstance(member.node, ast.Call):
        return None
    ours = member.owner.scope.modules.origin(member.owner.module, member.node.func).ours
    return ours if ours in KINDS else None


def read_parameter(member: Member, report: Report) -> Parameter | None:
    """The parameter that a `Parameter(...)` declares; None, with a finding, where it is not one of those that work."""
    call = call_of(member, OPTIONS["Parameter"], "Parameter", report)
    name = name_of(call, report)
    if name is None:
        return None
    return _parameter(call, name, report)


def call_of(member: Member, options: tuple[str, ...], kind: str, report: Report) -> Call:
    """The arguments of a declaration by name; `options` in the order of their positions."""
    node, source = member.node, member.owner.module.source
    assert isinstance(node, ast.Call)
    arguments: dict[str, ast.expr] = dict(zip(options, node.args, strict=False))
    places: dict[str, ast.keyword] = {}
    spread: dict[str, Value | Dynamic] = {}
    for keyword in node.keywords:
        for name, value in _named(member, keyword, kind, spread, report):
            if name in options:
                arguments[name], places[name] = value, keyword
                continue
            hint = did_you_mean(name, options) or "; it takes " + ", ".join(f"`{each}`" for each in sorted(options))
            near, given = clear(name, options), {each.arg for each in node.keywords}
            fix = head_respelt(source, source.span(keyword), name, near) if near not in given else ()
            report.add(fc5xx.PARAMETER_OPTION, source.span(keyword), *fix, kind=kind, option=name, hint=hint)
    return Call(kind, member.owner.scope, node, member.name, arguments, places, spread)


def _named(
    member: Member, keyword: ast.keyword, kind: str, spread: dict[str, Value | Dynamic], report: Report
) -> list[tuple[str, ast.expr]]:
    """The options of one keyword: itself, or the items of `**{...}`, whose values go into `spread`."""
    if keyword.arg is not None:
        return [(keyword.arg, keyword.value)]
    found = entries(member.owner.scope, keyword.value)
    if found is None:
        source = member.owner.module.source
        report.add(fc5xx.DYNAMIC_OPTIONS, source.span(keyword), name=kind, text=source.segment(keyword.value))
        return []
    spread.update({name: value for name, _, value in found})
    return [(name, place) for name, place, _ in found]


def name_of(call: Call, report: Report) -> str | None:
    """The name that a declaration gives; None with a finding where it gives none that works."""
    name = call.value("name")
    if not isinstance(name, str):
        report.add(fc5xx.PARAMETER_NAME_DYNAMIC, call.span("name"), kind=call.kind, attribute=call.attribute)
        return None
    if not re.fullmatch(_NAME, name):
        report.add(fc5xx.PARAMETER_NAME, call.span("name"), name=name)
    elif (flat := name.lower().replace("_", "-")) in _RESERVED or flat.startswith(_OURS):
        report.add(fc5xx.PARAMETER_RESERVED, call.span("name"), name=name)
    elif call.attribute in RESERVED_ATTRIBUTES:
        report.add(fc5xx.PARAMETER_RESERVED, call.span(""), name=call.attribute)
    else:
        return name
    return None


def _parameter(call: Call, name: str, report: Report) -> Parameter | None:
    default = call.value("default")
    multiple = flag_of(call, name, "multiple", report)
    kind, choices = _type(call, default, multiple, report)
    if kind is None:
        return None
    parameter = Parameter(
        attribute=call.attribute,
        name=name,
        type=kind,
        default=_whole(default) if kind == "int" else default,
        has_default="default" in call.arguments,
        required=flag_of(call, name, "required", report),
        help=words_of(call, name, "help", report),
        span=call.scope.module.source.span(call.node),
        multiple=multiple,
        separator=words_of(call, name, "separator", report),
        choices=choices,
        default_is_callable=is_callable(call),
        envvar=variables_of(call, name, report),
    )
    if parameter.separator and kind != "str":
        report.add(fc5xx.SEPARATOR_TYPE, call.span("separator"), name=name, type=kind)
    _check_default(call, parameter, report)
    return parameter


def flag_of(call: Call, name: str, option: str, report: Report) -> bool:
    """Whether an option is True; a finding where it is no flag."""
    value = call.value(option)
    if not (value is None or isinstance(value, bool)):
        report.add(fc5xx.PARAMETER_VALUE, call.span(option), option=option, name=name, want="True or False")
    return value is True


def words_of(call: Call, name: str, option: str, report: Report) -> str | None:
    """An option that is a text; a finding where it is none."""
    value = call.value(option)
    if isinstance(value, str):
        return value
    if value is not None and option != "help":
        report.add(fc5xx.PARAMETER_VALUE, call.span(option), option=option, name=name, want="a text")
    return None


def _whole(default: Value | Dynamic) -> Value | Dynamic:
    """A default that is a whole number, spelled as one: `3` for `3.0`, of which command lines and engines make `int` no more."""
    if isinstance(default, tuple):
        return tuple(int(each) if isinstance(each, float) and each.is_integer() else each for each in default)
    return int(default) if isinstance(default, float) and default.is_integer() else default


def variables_of(call: Call, name: str, report: Report) -> tuple[str, ...]:
    """The variables that `envvar` names: one, or a list of them."""
    value = call.value("envvar")
    names = value if isinstance(value, tuple) else () if value is None else (value,)
    found = tuple(each for each in names if isinstance(each, str) and each)
    if len(found) < len(names):
        want = "the name of a variable, or a list of names"
        report.add(fc5xx.PARAMETER_VALUE, call.span("envvar"), option="envvar", name=name, want=want)
    return found


def is_callable(call: Call) -> bool:
    """A default that Metaflow would call when the flow is deployed."""
    node = call.arguments.get("default")
    if isinstance(node, ast.Lambda):
        return True
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    bound = call.scope.modules.origin(call.scope.module, node).bound
    return isinstance(bound, Function | ast.Lambda)


def _type(call: Call, default: Value | Dynamic, multiple: bool, report: Report) -> tuple[str | None, tuple[str, ...]]:
    """The type's name and its choices; None with a finding where it is not one."""
    node = call.arguments.get("type")
    if call.value("is_flag") is True:
        return "bool", ()
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return _type_of(default[0] if multiple and isinstance(default, tuple) and default else default, multiple), ()
    inner = node.func if isinstance(node, ast.Call) else node
    if isinstance(node, ast.Call) and _click_name(call, inner) == "Choice":
        return _choice(call, node, report)
    name = _named_type(call, inner)
    if name is None:
        report.add(fc5xx.PARAMETER_TYPE, call.span("type"), text=call.text("type"))
    return name, ()


def _named_type(call: Call, inner: ast.expr) -> str | None:
    if call.scope.modules.origin(call.scope.module, inner).ours in ("JSONType", "JSONTypeClass"):
        return "json"
    if isinstance(inner, ast.Name) and inner.id in _BUILTIN_TYPES and inner.id not in call.scope.module.names:
        return _BUILTIN_TYPES[inner.id]
    name = _click_name(call, inner)
    return None if name is None else _CLICK_TYPES.get(name, call.text("type"))


def _click_name(call: Call, inner: ast.expr) -> str | None:
    """The name of a click type, under whatever name click was imported."""
    root = inner.value if isinstance(inner, ast.Attribute) else inner
    bound = call.scope.module.names.get(root.id) if isinstance(root, ast.Name) else None
    if not isinstance(bound, Import) or "click" not in bound.module.split("."):
        return None
    return inner.attr if isinstance(inner, ast.Attribute) else bound.name


def _choice(call: Call, node: ast.Call, report: Report) -> tuple[str | None, tuple[str, ...]]:
    found = evaluate(call.scope, node.args[0]) if node.args else None
    if isinstance(found, tuple) and all(isinstance(each, str) for each in found):
        return "str", tuple(str(each) for each in found)
    report.add(fc5xx.PARAMETER_TYPE, call.span("type"), text=call.text("type"))
    return None, ()


def _type_of(default: Value | Dynamic, multiple: bool) -> str:
    match default:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case tuple() | Mapping():
            return "str" if multiple else "json"
        case None | str() | Dynamic():
            return "str"


def _check_default(call: Call, parameter: Parameter, report: Report) -> None:
    default = parameter.default
    if default is None or isinstance(default, Dynamic):
        return
    items: tuple[Value, ...] = (default,)
    kind = parameter.type
    if parameter.multiple:
        if not isinstance(default, tuple):
            _refuse_default(
                call, parameter, default, f"list of {kind}", "with `multiple=True` the default is a list", report
            )
            return
        items = default
    for item in items:
        cure = _misfit(kind, item)
        if cure:
            _refuse_default(call, parameter, item, kind, cure, report)
            return
        if parameter.choices and item not in parameter.choices:
            choices = ", ".join(f"`{choice}`" for choice in parameter.choices)
            report.add(
                fc5xx.DEFAULT_CHOICE, call.span("default"), found=_shown(item), name=parameter.name, choices=choices
            )
            return


def _refuse_default(call: Call, parameter: Parameter, found: Value, kind: str, cure: str, report: Report) -> None:
    report.add(fc5xx.DEFAULT_TYPE, call.span("default"), found=_shown(found), name=parameter.name, type=kind, cure=cure)


_LONGEST = 40


def _shown(value: Value) -> str:
    return clipped(repr(value), _LONGEST)


_TRUTH = frozenset(["true", "false", "t", "f", "yes", "no", "y", "n", "on", "off", "1", "0"])


def _misfit(kind: str, value: Value) -> str | None:
    """What to do where a default is not of its type; None where it is, by the rules of a command line."""
    if kind == "json":
        return _bad_json(value)
    if kind == "str":
        return None if isinstance(value, str) else f"write it as text, {str(value)!r}, or leave `type` out"
    if kind == "bool":
        fits = isinstance(value, bool) or (isinstance(value, int) and value in (0, 1))
        fits = fits or (isinstance(value, str) and value.strip().lower() in _TRUTH)
        return None if fits else "write `True` or `False`"
    if kind == "int":
        fits = isinstance(value, int) or (isinstance(value, str) and _converts(int, value))
        return None if fits else "write a whole number, or use `type=float`"
    if kind == "float":
        fits = isinstance(value, int | float) or (isinstance(value, str) and _converts(float, value))
        return None if fits else "write a number"
    return None


def _bad_json(value: Value) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        parse_json(value)
    except NotParsed:
        return "give JSON text, or the value itself: `default={'a': 1}`"
    return None


def check_parameters(flow: Flow, report: Report) -> None:
    """What holds between parameters: names that differ, and values where a schedule gives none."""
    seen: dict[str, Parameter] = {}
    scheduled = any(decorator.name == "schedule" for decorator in flow.decorators)
    for parameter in flow.parameters:
        earlier = seen.setdefault(parameter.name.lower().replace("_", "-"), parameter)
        if earlier is not parameter:
            report.add(fc5xx.PARAMETER_TWICE, parameter.span, Note(earlier.span, "the first"), name=parameter.name)
        if scheduled and parameter.required and (not parameter.has_default or parameter.default is None):
            report.add(fc5xx.REQUIRED_SCHEDULED, parameter.span, name=parameter.name)


def _converts(convert: type[int] | type[float], text: str) -> bool:
    try:
        convert(text)
    except ValueError:
        return False
    return True
