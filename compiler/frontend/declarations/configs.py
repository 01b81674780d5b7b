"""`Config(...)`: its value, read before everything else of a flow, for other expressions use it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from compiler.diagnostics import Report, Rule
from compiler.documents import NotParsed
from compiler.frontend.declarations.config_text import KNOWN, NAMES, parse_text
from compiler.frontend.declarations.parameters import Call, call_of, declares, name_of
from compiler.frontend.findings import fc2xx, fc5xx, fc6xx
from compiler.frontend.text.modules import Import
from compiler.frontend.values.classes import Class, Lineage, Member, members
from compiler.frontend.values.config_values import Configs, Given, Unparsed, thawed
from compiler.frontend.values.evaluator import dotted, evaluate_call, evaluate_path
from compiler.frontend.values.functions import Context
from compiler.ir.flow import Config, Dynamic, Span, Value
from compiler.reading import TEXT, is_there, is_within, read_file, reason
from compiler.slotted_class import record

_OPTIONS = ("name", "default", "default_value", "help", "required", "parser", "plain")


def read_configs(lineage: Lineage, folders: tuple[Path, ...], report: Report) -> tuple[Config, ...]:
    """The `Config`s of a class, their values put where the evaluator finds them."""
    configs, flow = lineage.classes[0].scope.reading.configs, lineage.classes[0].node.name
    configs.begin()
    found: list[Config] = []
    for member in members(lineage).values():
        if declares(member) == "Config":
            config = _read(member, flow, folders, report)
            if config:
                found.append(config)
                assert member.node is not None
                assert isinstance(member.node, ast.expr)
                configs.names[config.attribute] = configs.names[config.name] = member.node
    return tuple(found)


_FOLLOWS = (fc5xx.DYNAMIC_VALUE, fc5xx.DYNAMIC_OPTIONS, fc2xx.SWITCH_KEY)
"""What is said of a value that the text does not tell."""


def check_uses(configs: Configs, report: Report) -> None:
    """Report keys that no `Config` has, and values that only the author's own parser makes, in place of what follows from them."""
    places = {**dict.fromkeys(configs.missing), **dict.fromkeys(configs.waiting)}
    for found in [each for each in report.diagnostics if each.rule in _FOLLOWS]:
        inside = next((place for place in places if _holds(found.span, place)), None)
        if inside is None:
            continue
        report.diagnostics.remove(found)
        if inside in configs.waiting:
            text, config = configs.waiting[inside]
            report.add(fc6xx.CONFIG_OWN_PARSER, found.span, text=text, parser=config.parser, name=config.name)
    for span, (text, key, there) in configs.missing.items():
        report.add(fc6xx.CONFIG_NO_KEY, span, text=text, key=key, there=there)


def _holds(outer: Span, inner: Span) -> bool:
    first = (outer.line, outer.col) <= (inner.line, inner.col)
    return outer.path == inner.path and first and (inner.end_line, inner.end_col) <= (outer.end_line, outer.end_col)


def _read(member: Member, flow: str, folders: tuple[Path, ...], report: Report) -> Config | None:
    assert isinstance(member.node, ast.Call)
    call = call_of(member, _OPTIONS, "Config", report)
    name = name_of(call, report)
    if name is None:
        return None
    declared = _Declared(call, name, flow, member.owner, folders, report)
    source = declared.read()
    if source is None:
        return None
    value = _value_of(source) if source.text is None else declared.parsed_by_own(source.text)
    settled = Unparsed(name, _shown(call)) if isinstance(value, Dynamic) else thawed(value)
    call.scope.reading.configs.values[id(member.node)] = settled
    return source


def _value_of(config: Config) -> Value:
    assert not isinstance(config.value, Dynamic)
    return config.value


def _shown(call: Call) -> str:
    return call.text("parser") if "parser" in call.arguments else "json.loads"


@record
class _Declared:
    """One declaration, on its way to a value."""

    call: Call
    name: str
    flow: str
    owner: Class
    folders: tuple[Path, ...]
    report: Report

    def read(self) -> Config | None:
        """Its value, or the text that its own parser reads; None with a finding where there is neither."""
        call = self.call
        if {"default", "default_value"} <= call.arguments.keys() and call.value("default") is not None:
            self._add(fc6xx.CONFIG_TWO_DEFAULTS, call.span("default_value"))
            return None
        given = call.scope.reading.configs.given.get(self.name) or self._default()
        if given is None:
            return None
        if given.text is None:
            return self._settled(given.value, given)
        kind = "plain" if "parser" not in call.arguments and self._is_plain else _format(call)
        if kind is None:
            return self._config(Dynamic(call.text("parser"), call.span("parser")), given.text)
        return self._parsed(kind, given, given.text)

    @property
    def _told(self) -> Mapping[str, Value]:
        """What importing the module told of it."""
        return self.call.scope.reading.configs.told.get(f"{self.owner.node.name}.{self.name}", {})

    def parsed_by_own(self, text: str) -> Value | Dynamic:
        """What the author's own parser makes of a text, where that is pure text or the module was imported."""
        node = self.call.arguments["parser"]
        told = self._told.get("value", Dynamic(self.call.text("parser"), self.call.span("parser")))
        value = evaluate_call(self.call.scope, node, text) if isinstance(told, Dynamic) else told
        if not isinstance(value, Dynamic | Mapping) and value is not None and not self._is_plain:
            self._add(fc6xx.CONFIG_NOT_MAPPING, self.call.span("parser"), place="what its parser returns", kind="none")
        return value

    def _parsed(self, kind: str, given: Given, text: str) -> Config | None:
        try:
            value = text if kind == "plain" else parse_text(kind, text)
        except NotParsed as error:
            span = self._place
            if given.place and Path(given.place).is_file() and error.line:
                span = Span(given.place, error.line, error.column, error.line, error.column + 1)
            what = f"`{given.place}`" if given.place else f"the value of `{self.name}`"
            self.report.add(fc6xx.CONFIG_NOT_PARSED, span, place=what, format=NAMES[kind], reason=error, name=self.name)
            return None
        return self._settled(value, given)

    def _settled(self, value: Value, given: Given) -> Config | None:
        if value is not None and not self._is_plain and not isinstance(value, Mapping):
            kind = {bool: "true or false", str: "a text", tuple: "a list"}.get(type(value), "a number")
            self._add(fc6xx.CONFIG_NOT_MAPPING, self._place, place=given.place or "it", kind=kind)
            return None
        return self._config(value, None)

    def _config(self, value: Value | Dynamic, text: str | None) -> Config:
        span = self.call.scope.module.source.span(self.call.node)
        return Config(self.call.attribute, self.name, self.owner.node.name, value, span, text)

    def _default(self) -> Given | None:
        """What the source itself says; None with a finding where that is nothing to go on."""
        for option in ("default", "default_value"):
            path = self._path() if option == "default" else None
            value = self.call.value(option) if path is None else path
            if isinstance(value, Dynamic):
                value = self._computed(option, value)
            if isinstance(value, Dynamic):
                self._add(fc6xx.CONFIG_DEFAULT_DYNAMIC, self.call.span(option), option=option, text=value.text)
                return None
            if value is None:
                continue
            if option == "default_value":
                return Given("", text=value) if isinstance(value, str) else Given("", value=value)
            return self._file(value)
        if self.call.value("required") is True:
            self._add(fc6xx.CONFIG_REQUIRED, self.call.span(""))
            return None
        return Given("")

    def _computed(self, option: str, value: Dynamic) -> Value | Dynamic:
        """What a function gives as a default, or importing the module has told."""
        node = self.call.arguments.get(option)
        if node is None or "default" in self._told:
            return self._told.get("default", value)
        return evaluate_call(self.call.scope, node, Context(self.flow, self.name))

    def _path(self) -> str | Dynamic | None:
        """The `default` as a path, also one that begins where the module lies; None where it is none."""
        node = self.call.arguments.get("default")
        return None if node is None else evaluate_path(self.call.scope, node)

    def _file(self, path: Value) -> Given | None:
        if not isinstance(path, str):
            self._add(fc6xx.CONFIG_DEFAULT_DYNAMIC, self.call.span("default"), option="default", text=repr(path))
            return None
        for folder in (*self.folders, self.owner.module.source.file.parent):
            file = folder / path
            if is_there(file):
                return self._text_of(file, path)
        self._add(fc6xx.CONFIG_FILE_MISSING, self.call.span("default"), path=path)
        return None

    def _text_of(self, file: Path, path: str) -> Given | None:
        root = self.call.scope.modules.root
        if not is_within(file, root):
            self._add(fc6xx.CONFIG_FILE_OUTSIDE, self.call.span("default"), path=path, root=root.resolve().as_posix())
            return None
        try:
            return Given(file.as_posix(), text=read_file(file, TEXT).decode("utf-8-sig"))
        except (OSError, UnicodeError) as error:
            facts = {"place": f"`{file.as_posix()}`", "format": "text in UTF-8", "reason": reason(error)}
            self._add(fc6xx.CONFIG_NOT_PARSED, self.call.span("default"), **facts)
            return None

    @property
    def _place(self) -> Span:
        """The default that counts, or the declaration."""
        return self.call.span("default" if self.call.value("default") is not None else "default_value")

    @property
    def _is_plain(self) -> bool:
        return self.call.value("plain") is True

    def _add(self, rule: Rule, span: Span, **facts: object) -> None:
        self.report.add(rule, span, name=self.name, **facts)


def _format(call: Call) -> str | None:
    """What the parser of a `Config` reads; None where it is code of the author's own."""
    node = call.arguments.get("parser")
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return "json"
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return KNOWN.get(node.value) or KNOWN.get(node.value.rpartition(".")[2] if node.value.startswith(".") else "")
    return _by_node(call, node)


def _by_node(call: Call, node: ast.expr) -> str | None:
    if isinstance(node, ast.Lambda):
        return _by_result(call, node.args, node.body, {})
    origin = call.scope.modules.origin(call.scope.module, node)
    if origin.ours is not None:
        return KNOWN.get(origin.ours)
    if isinstance(origin.bound, ast.FunctionDef) and not origin.bound.decorator_list and origin.module:
        *before, last = origin.bound.body
        rest = [each for each in before if not isinstance(each, ast.Expr) or not isinstance(each.value, ast.Constant)]
        imports = [each for each in rest if isinstance(each, ast.Import | ast.ImportFrom)]
        if isinstance(last, ast.Return) and last.value and len(imports) == len(rest):
            names = {**origin.module.names, **dict(_imported(imports))}
            return _by_result(call, origin.bound.args, last.value, names)
        return None
    return KNOWN.get(dotted(call.scope, node) or "")


def _imported(statements: list[ast.Import | ast.ImportFrom]) -> Iterator[tuple[str, Import]]:
    for statement in statements:
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                yield alias.asname or alias.name, Import(alias.name, None, 0)
            else:
                yield alias.asname or alias.name, Import(statement.module or "", alias.name, statement.level)


def _by_result(call: Call, arguments: ast.arguments, result: ast.expr, names: Mapping[str, object]) -> str | None:
    """`lambda text: yaml.safe_load(text)`, or a function that is no more: as good as what it calls."""
    taken = [each.arg for each in arguments.args]
    if not (isinstance(result, ast.Call) and len(taken) == 1 and len(result.args) == 1):
        return None
    given = result.args[0]
    if not (isinstance(given, ast.Name) and given.id == taken[0]):
        return None
    known = dotted(call.scope, result.func, names or None)
    if known == "yaml.load":
        return "yaml" if any("Safe" in ast.dump(each.value) for each in result.keywords) else None
    return KNOWN.get(known or "") if not result.keywords else None
