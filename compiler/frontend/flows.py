"""One class to one flow: its members sorted, each read, the whole checked."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.diagnostics import Note, Report
from compiler.frontend.dataflow.artifacts import Attributes, check_artifacts
from compiler.frontend.declarations.configs import check_uses, read_configs
from compiler.frontend.declarations.credentials import check_credentials
from compiler.frontend.declarations.parameters import (
    BESIDE_PARAMETERS,
    KINDS,
    check_parameters,
    declares,
    read_parameter,
)
from compiler.frontend.decorators.carried import check_applied
from compiler.frontend.decorators.language import LANGUAGE, check_no_step, read_decorators
from compiler.frontend.decorators.options import check_options, with_numbers
from compiler.frontend.findings import fc2xx, fc5xx
from compiler.frontend.shape.outline import Drawing
from compiler.frontend.shape.topology import check_shape
from compiler.frontend.steps.bodies import Body, read_body
from compiler.frontend.steps.methods import Method, read_ends, read_method, read_steps, step_decorator
from compiler.frontend.steps.undecorated import Plain, check_left_out
from compiler.frontend.text.import_path import own_folder
from compiler.frontend.text.modules import Import, Module, Modules
from compiler.frontend.text.source import doc_of
from compiler.frontend.values.classes import Lineage, Member, members, own_members
from compiler.frontend.values.scope import Scope
from compiler.ir.flow import Config, Decorator, Flow, Parameter, Span
from compiler.slotted_class import record

if TYPE_CHECKING:
    from compiler.frontend.declarations.import_result import DeclaredFlow
    from compiler.frontend.decorators.author_decorators import Others

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class _Parts:
    """The members of a flow by what they are."""

    __slots__ = ("bodies", "constants", "declared", "methods", "parameters", "plain")

    def __init__(self) -> None:
        self.methods: dict[str, Method] = {}
        self.parameters: list[Parameter] = []
        self.bodies: dict[str, Body] = {}
        self.plain: dict[str, Member] = {}
        self.constants: list[str] = []
        self.declared: set[str] = set()


@record
class Origin:
    """The file of a flow, also relative to the root of the code, and the root; `folders` are where its files are looked up.

    `search` are more folders of the root where imports are looked for.
    """

    file: Path
    path: str
    root: str
    search: tuple[str, ...] = ()

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where files that the flow names are looked up."""
        return tuple(dict.fromkeys((own_folder(self.file), Path(self.root))))


def has_steps(lineage: Lineage) -> bool:
    """Whether a class has any step, of its own or inherited."""
    return any(step_decorator(member) is not None for member in members(lineage).values())


def read_flow(lineage: Lineage, origin: Origin, report: Report) -> Flow | None:
    """The flow that a class is; None, with findings, where it is not right."""
    found = Report(notes=report.notes)
    flow = _read(lineage, origin, found)
    report.take(found)
    return None if found.failed else flow


def _read(lineage: Lineage, origin: Origin, report: Report) -> Flow | None:
    own = lineage.classes[0]
    name, source = own.node.name, own.module.source
    span = source.name_span(own.node)
    for each in lineage.classes:
        _check_twice(each.node.name, list(own_members(each)), report)
    known = _configs(lineage, origin, span, report)
    if known is None:
        return None
    configs, declared = known
    decorators, wrapped, others, unclear = _flow_decorators(lineage, report)
    check_applied(lineage, LANGUAGE, report)
    parts = _sort(members(lineage), origin, declared, others, report)
    if declared is not None:
        decorators = _with_declared(name, decorators, parts, declared, others, unclear, span, report)
    drawing = _draw(name, span, parts, report)
    is_right = not any(fc2xx.is_of_shape(each.rule) for each in report.diagnostics)
    flow = Flow(
        name=name,
        path=origin.path,
        root=origin.root,
        start=drawing.start or "",
        end=drawing.end or "",
        steps=drawing.steps,
        parameters=tuple(parts.parameters),
        decorators=with_numbers(decorators),
        constants=tuple(parts.constants),
        doc=doc_of(own.node),
        span=span,
        mutated=declared is not None and declared.mutated,
        configs=configs,
        search=origin.search,
    )
    check_options(flow, report)
    check_parameters(flow, report)
    check_credentials(flow, report)
    unknown = wrapped or lineage.stranger is not None
    check_artifacts(flow, _attributes(lineage, parts, unknown), is_right, report)
    check_uses(lineage.classes[0].scope.reading.configs, report)
    return flow


def _with_declared(
    name: str,
    decorators: tuple[Decorator, ...],
    parts: _Parts,
    declared: DeclaredFlow,
    others: Others,
    unclear: tuple[Span, ...],
    span: Span,
    report: Report,
) -> tuple[Decorator, ...]:
    """The flow's decorators as importing the module has told them, and among its parts the parameters."""
    from compiler.frontend.declarations.import_result import merged, merged_parameters  # noqa: PLC0415 - few flows are imported
    from compiler.frontend.declarations.module_import import tell  # noqa: PLC0415 - as above

    found = merged(decorators, declared.decorators, others, span)
    tell(name, decorators, found, unclear, span, report)
    parts.parameters = merged_parameters(parts.parameters, declared.parameters, others, span)
    return found


def _configs(
    lineage: Lineage, origin: Origin, span: Span, report: Report
) -> tuple[tuple[Config, ...], DeclaredFlow | None] | None:
    """The `Config`s, and what importing the module tells, which goes first where the author's own code makes their values.

    None where it could not be imported.
    """
    own = lineage.classes[0]
    if not own.scope.reading.has_imported:
        return read_configs(lineage, origin.folders, report), None
    from compiler.frontend.declarations.import_result import ImportFailure  # noqa: PLC0415 - few flows are imported
    from compiler.frontend.declarations.module_import import read_declared  # noqa: PLC0415 - as above

    own.scope.reading.configs.told = {}
    declared = read_declared(own, read_configs(lineage, origin.folders, Report()), span, report)
    if declared is not None and not isinstance(declared, ImportFailure):
        own.scope.reading.configs.told = declared.configs
    configs = read_configs(lineage, origin.folders, report)
    return None if isinstance(declared, ImportFailure) else (configs, declared)


def _draw(name: str, span: Span, parts: _Parts, report: Report) -> Drawing:
    """The graph of the steps, checked."""
    plain = Plain(parts.plain, parts.bodies)
    ends = read_ends(name, span, parts.methods, plain, report)
    read = read_steps(name, parts.methods, ends, plain, report)
    check_left_out(plain, report)
    drawing = Drawing(name, read.steps, ends.start, ends.end, frozenset(read.vague), read.places)
    check_shape(drawing, report)
    return drawing


def _attributes(lineage: Lineage, parts: _Parts, unknown: bool) -> Attributes:
    return Attributes(
        classes=[each.node for each in lineage.classes],
        methods=parts.methods,
        bodies=parts.bodies,
        parameters=frozenset(parameter.attribute for parameter in parts.parameters) | parts.declared,
        constants=frozenset(parts.constants),
        unknown=unknown,
    )


def _check_twice(flow: str, found: list[Member], report: Report) -> None:
    """A step or parameter whose name the same class body binds again."""
    first: dict[str, Member] = {}
    for member in found:
        earlier = first.setdefault(member.name, member)
        if earlier is not member and (_counts(earlier) or _counts(member)) and not (earlier.block and member.block):
            report.add(
                fc2xx.DUPLICATE_NAME, _span(member), Note(_span(earlier), "the first"), name=member.name, flow=flow
            )


def _counts(member: Member) -> bool:
    return step_decorator(member) is not None or declares(member) is not None


def _span(member: Member) -> Span:
    source = member.owner.module.source
    if isinstance(member.statement, _FUNCTIONS):
        return source.name_span(member.statement)
    return source.span(member.statement)


def _sort(
    found: Mapping[str, Member], origin: Origin, declared: DeclaredFlow | None, others: Others, report: Report
) -> _Parts:
    parts = _Parts()
    makers: dict[int, tuple[str, ...] | None] = {}
    for name, member in found.items():
        at = step_decorator(member)
        scope = member.owner.scope
        if id(scope.module) not in makers:
            makers[id(scope.module)] = _makers(scope)
        _check_inside(member, makers[id(scope.module)], report)
        if at is not None:
            parts.methods[name] = read_method(member, at, declared, others, report)
        elif isinstance(member.node, _FUNCTIONS):
            parts.bodies[name], parts.plain[name] = read_body(member.node), member
            check_no_step(member.owner.scope, name, member.node.decorator_list, report)
        elif declares(member):
            parts.declared.add(name)
            parameter = _parameter(member, origin, report)
            if parameter:
                parts.parameters.append(parameter)
        elif not name.startswith("__"):
            _check_hidden(member, report)
            parts.constants.append(name)
    return parts


def _check_inside(member: Member, makers: tuple[str, ...] | None, report: Report) -> None:
    """A parameter that a step or another method makes: nobody could give it a value."""
    scope, source = member.owner.scope, member.owner.module.source
    if not isinstance(member.node, _FUNCTIONS) or not _may_make(member.node, scope, makers):
        return
    for node in ast.walk(member.node):
        if not isinstance(node, ast.Call):
            continue
        kind = scope.modules.origin(scope.module, node.func).ours
        if kind in KINDS:
            report.add(fc5xx.PARAMETER_INSIDE, source.span(node), kind=kind, name=member.name)


def _may_make(node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, makers: tuple[str, ...] | None) -> bool:
    """Whether the lines of a function name what makes a parameter: a walk of its tree costs as much as all else that is read of it."""
    first = min((node.lineno, *(each.lineno for each in node.decorator_list)))
    text = "\n".join(scope.module.source.lines[first - 1 : node.end_lineno])
    return makers is None or any(name in text for name in (*KINDS, *makers))


def _makers(scope: Scope) -> tuple[str, ...] | None:
    """Other names of a module for what makes a parameter, or for a module that may; None where it has all names of another."""
    module, modules = scope.module, scope.modules
    if any(not star.ours for star in module.stars):
        return None
    imports = {name: bound for name, bound in module.names.items() if isinstance(bound, Import)}
    return tuple(name for name in imports if _is_maker(module, name, modules))


def _is_maker(module: Module, name: str, modules: Modules) -> bool:
    found = modules.named(module, name)
    if isinstance(found.bound, Import):
        return found.module is not None and modules.imported(found.module, found.bound) is not None
    return found.ours in KINDS


def _check_hidden(member: Member, report: Report) -> None:
    """A parameter that only running the class makes; the output would not know it."""
    from compiler.frontend.declarations.indirect_parameters import hidden_kind  # noqa: PLC0415 - most classes hold steps alone

    known = member.owner.scope.reading.has_imported
    kind = hidden_kind(member, BESIDE_PARAMETERS if known else KINDS)
    if kind:
        cure = "" if kind in BESIDE_PARAMETERS else fc5xx.BY_IMPORT
        report.add(fc5xx.HIDDEN_PARAMETER, _span(member), name=member.name, kind=kind, cure=cure)


def _parameter(member: Member, origin: Origin, report: Report) -> Parameter | None:
    kind = declares(member)
    if kind == "IncludeFile":
        from compiler.frontend.declarations.include_files import read_include_file  # noqa: PLC0415 - few flows have one

        return read_include_file(member, origin.file, Path(origin.root), report)
    return read_parameter(member, report) if kind == "Parameter" else None


def _flow_decorators(lineage: Lineage, report: Report) -> tuple[tuple[Decorator, ...], bool, Others, tuple[Span, ...]]:
    """The flow's decorators, the nearest class's of each name, whether others wrap it, those, and what the text does not tell."""
    found: dict[str, Decorator] = {}
    extra: list[Decorator] = []
    others: list[tuple[str, Span]] = []
    unclear: list[Span] = []
    wrapped = False
    for each in lineage.classes:
        read = read_decorators(each.scope, each.node.decorator_list, "flow", report)
        wrapped = wrapped or read.wrapped
        others += read.others
        unclear += read.unclear
        above = set(found)
        for decorator in read.decorators:
            if decorator.name not in found:
                found[decorator.name] = decorator
            elif decorator.name not in above:
                extra.append(decorator)
    return (*found.values(), *extra), wrapped, tuple(others), tuple(unclear)
