"""The decorators of the language: which there are, where they belong, and what stands in their parentheses."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from compiler.diagnostics import Drop, Fix, Replace, Report
from compiler.frontend.decorators.aliases import chosen, meant_by
from compiler.frontend.decorators.carried import carried
from compiler.frontend.decorators.extensions import BY_IMAGE, EXTENSIONS, is_gang
from compiler.frontend.findings import fc5xx, fc6xx
from compiler.frontend.findings.suggest import clear, did_you_mean
from compiler.frontend.text.modules import Import, Origin
from compiler.frontend.text.respelling import head_respelt, imported, renamed_import, tail_respelt
from compiler.frontend.values.evaluator import entries, evaluate
from compiler.frontend.values.scope import Scope
from compiler.ir.flow import WRAPPER, Decorator, Dynamic, Span, Value
from compiler.slotted_class import record

if TYPE_CHECKING:
    from compiler.frontend.decorators.author_decorators import Others, Own

MANAGERS = ("pypi", "pypi_base", "conda", "conda_base")
"""The decorators that name packages."""

TRIGGERS = {"trigger": ("event", "events"), "trigger_on_finish": ("flow", "flows")}
"""The decorators of what starts a run, each with its options for one and for many."""

VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
"""The name of an environment variable, as a shell and every target take it."""

STEP: dict[str, tuple[str, ...]] = {
    "retry": ("times", "minutes_between_retries", "only_system"),
    "catch": ("var", "print_exception"),
    "timeout": ("seconds", "minutes", "hours"),
    "resources": ("cpu", "gpu", "memory", "disk", "shared_memory"),
    "environment": ("vars",),
    "kubernetes": (
        "cpu",
        "memory",
        "disk",
        "image",
        "image_pull_policy",
        "image_pull_secrets",
        "service_account",
        "secrets",
        "node_selector",
        "namespace",
        "gpu",
        "gpu_vendor",
        "tolerations",
        "labels",
        "annotations",
        "use_tmpfs",
        "tmpfs_tempdir",
        "tmpfs_size",
        "tmpfs_path",
        "persistent_volume_claims",
        "shared_memory",
        "port",
        "compute_pool",
        "executable",
        "hostname_resolution_timeout",
        "qos",
        "extended_resources",
        "security_context",
        "priority_class",
        "affinity",
        "ephemeral_volume_claims",
    ),
    "batch": (
        "cpu",
        "gpu",
        "memory",
        "image",
        "queue",
        "iam_role",
        "execution_role",
        "shared_memory",
        "max_swap",
        "swappiness",
        "inferentia",
        "trainium",
        "efa",
        "host_volumes",
        "efs_volumes",
        "use_tmpfs",
        "aws_batch_tags",
        "tmpfs_tempdir",
        "tmpfs_size",
        "tmpfs_path",
        "ephemeral_storage",
        "log_driver",
        "log_options",
        "executable",
        "privileged",
    ),
    "secrets": ("sources", "role", "allow_override"),
    "card": ("type", "options", "scope", "rank", "timeout", "id", "save_errors", "customize", "refresh_interval"),
    "parallel": (),
    "conda": ("packages", "libraries", "python", "disabled"),
    "pypi": ("packages", "python", "disabled"),
}
"""The step decorators and their options."""

FLOW: dict[str, tuple[str, ...]] = {
    "schedule": ("cron", "weekly", "daily", "hourly", "timezone"),
    "project": ("name", "branch", "production"),
    "trigger": ("event", "events", "options"),
    "trigger_on_finish": ("flow", "flows", "options"),
    "exit_hook": ("on_success", "on_error", "options"),
    "conda_base": ("packages", "libraries", "python", "disabled"),
    "pypi_base": ("packages", "python", "disabled"),
    "airflow_external_task_sensor": (
        "timeout",
        "poke_interval",
        "mode",
        "exponential_backoff",
        "pool",
        "soft_fail",
        "name",
        "description",
        "external_dag_id",
        "external_task_ids",
        "allowed_states",
        "failed_states",
        "execution_delta",
        "check_existence",
    ),
    "airflow_s3_key_sensor": (
        "timeout",
        "poke_interval",
        "mode",
        "exponential_backoff",
        "pool",
        "soft_fail",
        "name",
        "description",
        "bucket_key",
        "bucket_name",
        "wildcard_match",
        "aws_conn_id",
        "verify",
    ),
}
"""The flow decorators and their options."""

LANGUAGE = frozenset((*STEP, *FLOW))
"""All of them."""

REPEATABLE = frozenset(
    ("user_step_decorator", "card", "secrets", "exit_hook", "airflow_external_task_sensor", "airflow_s3_key_sensor")
)

GANG_DECORATORS = frozenset(("parallel",))
"""Decorators that make a step one for `num_parallel`."""

MUTATORS = {"step mutator": "a step mutator", "flow mutator": "a flow mutator"}


@record
class Found:
    """What stood above a method or class: the language's decorators in order, the names of others, and whether they wrap it."""

    decorators: tuple[Decorator, ...]
    wrapped: bool
    others: Others = ()
    unclear: tuple[Span, ...] = ()
    """Those of which only importing the module tells what they put on."""


def read_decorators(scope: Scope, nodes: list[ast.expr], table: str, report: Report) -> Found:
    """Read decorators from the outermost in; `table` says where they stand: `step` or `flow`."""
    found: list[Decorator] = []
    others: list[tuple[str, Span]] = []
    unclear: list[Span] = []
    wrapped = False
    for at, node in enumerate(nodes):
        decorator = _read(scope, node, table, unclear, report)
        wrapped = wrapped or decorator is None or decorator.name == WRAPPER
        if decorator is None:
            others.append((_last_name(node), scope.module.source.span(node)))
            continue
        if any(each.name == decorator.name for each in found) and decorator.name not in REPEATABLE:
            fix = (Drop(decorator.span),) if ast.dump(node) in map(ast.dump, nodes[:at]) else ()
            report.add(fc5xx.DUPLICATE_DECORATOR, decorator.span, *fix, name=decorator.name)
        else:
            found.append(decorator)
    return Found(tuple(found), wrapped, tuple(others), tuple(unclear))


def _last_name(node: ast.expr) -> str:
    """The last part of a decorator's name."""
    root = node.func if isinstance(node, ast.Call) else node
    return root.attr if isinstance(root, ast.Attribute) else root.id if isinstance(root, ast.Name) else ""


def check_no_step(scope: Scope, name: str, nodes: list[ast.expr], report: Report) -> None:
    """Report the decorators of a method that is no step, where only a step can have them."""
    for node in nodes:
        origin = origin_of(scope, node)
        own = _own(scope, origin, node) if origin.ours is None else None
        if origin.ours in STEP or (own and own.kind in ("wrapper", "step mutator")):
            span = scope.module.source.span(node)
            report.add(fc6xx.WITHOUT_STEP, span, name=_last_name(node), method=name)


def is_of_steps(name: str | None) -> bool:
    """Whether a name of the flow language is a decorator of steps."""
    return name in STEP


def origin_of(scope: Scope, node: ast.expr) -> Origin:
    """Where a decorator comes from, called or not."""
    return scope.modules.origin(scope.module, node.func if isinstance(node, ast.Call) else node)


def _read(scope: Scope, node: ast.expr, table: str, unclear: list[Span], report: Report) -> Decorator | None:
    name, meant = meant_by(scope, node)
    if name:
        return _ours(scope, node, name, meant, table, report)
    around, inner = chosen(scope, node)
    origin, span = origin_of(around, inner), scope.module.source.span(node)
    own = _own(scope, origin, inner) if origin.bound is not None else None
    if own is not None and own.kind in _WRAPPERS:
        if own.kind in MUTATORS:
            unclear.append(span)
        return _wrapper(scope, own, span, table, report)
    applied = carried(around, inner, LANGUAGE)
    if applied:
        unclear.append(span)
        if not scope.reading.has_imported:
            report.add(fc6xx.COMPOSES, span, name=_words(scope, node), applied=applied)
    elif own is not None and own.kind == "hider":
        if table == "step":
            report.add(fc6xx.HIDES_STEP, span, name=own.name)
    elif origin.bound is None or isinstance(origin.bound, Import):
        _check_defined(scope, node, table, report)
    return None


def _words(scope: Scope, node: ast.expr) -> str:
    """How a decorator is called where it is told of: its name, else its text."""
    return _last_name(node) or scope.module.source.segment(node)


def _ours(
    scope: Scope, node: ast.expr, name: str, meant: tuple[Scope, ast.expr], table: str, report: Report
) -> Decorator | None:
    here, there = (STEP, FLOW) if table == "step" else (FLOW, STEP)
    span = scope.module.source.span(node)
    if name in scope.reading.passthrough and name not in (*here, *there):
        return Decorator("parallel", (), span) if is_gang(name) and table == "step" else None
    if name in here:
        return _arguments(*meant, name, span, here[name], report)
    if name in there:
        kind = ("flow", "class") if table == "step" else ("step", "method of a step")
        report.add(fc5xx.MISPLACED_DECORATOR, span, name=name, kind=kind[0], place=kind[1])
    elif name in EXTENSIONS:
        report.add(fc5xx.EXTENSION_DECORATOR, span, name=name, cure=EXTENSIONS[name])
    else:
        fix = _respelt(scope, node, name, clear(name, [*here, *there, "step"]))
        hint = did_you_mean(name, [*here, *there, "step"]) or f"; {BY_IMAGE}"
        report.add(fc5xx.UNKNOWN_DECORATOR, span, *fix, name=name, hint=hint)
    return None


def _respelt(scope: Scope, node: ast.expr, name: str, near: str | None) -> Fix:
    """A decorator's name put right where it stands, and where it is imported."""
    root = node.func if isinstance(node, ast.Call) else node
    if near is None:
        return ()
    if isinstance(root, ast.Name):
        return renamed_import(scope.module, name, near) if root.id == name else ()
    return tail_respelt(scope.module.source, scope.module.source.span(root), name, near)


def _own(scope: Scope, origin: Origin, node: ast.expr) -> Own | None:
    """What a decorator is that is none of the language's."""
    from compiler.frontend.decorators.author_decorators import own_decorator  # noqa: PLC0415 - most flows have none

    return own_decorator(scope.modules, origin, node)


def _wrapper(scope: Scope, own: Own, span: Span, table: str, report: Report) -> Decorator | None:
    """A decorator of the author's own that is one of the language's wrappers or mutators."""
    if (own.kind == "flow mutator") != (table == "flow"):
        kind, place = _PLACES[own.kind]
        report.add(fc5xx.MISPLACED_DECORATOR, span, name=own.name, kind=kind, place=place)
    elif own.kind == "wrapper":
        if own.problem:
            report.add(fc6xx.USER_STEP_DECORATOR, span, name=own.name, problem=own.problem[0], cure=own.problem[1])
        return Decorator(WRAPPER, (("name", own.name),), span)
    elif not scope.reading.has_imported:
        report.add(fc6xx.MUTATOR, span, name=own.name, kind=MUTATORS[own.kind])
    return None


_WRAPPERS = ("wrapper", *MUTATORS)
_PLACES = {
    "wrapper": ("step", "method of a step"),
    "step mutator": ("step", "method of a step"),
    "flow mutator": ("flow", "class"),
}


def _check_defined(scope: Scope, node: ast.expr, table: str, report: Report) -> None:
    """A plain name that the file never binds would be a NameError where the step runs."""
    root = node.func if isinstance(node, ast.Call) else node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name) or root.id in scope.module.names or root.id in scope.names:
        return
    if root.id in _BUILTIN or not all(star.ours for star in scope.module.stars) or _is_method(scope, root.id):
        return
    known = root.id in STEP or root.id in FLOW or root.id == "step"
    hint = f"import it: `from metaflow import {root.id}`" if known else "define or import it"
    near = did_you_mean(root.id, [*scope.module.names, *STEP, *FLOW]) if not known else ""
    span, fix = scope.module.source.span(root), imported(scope.module, root.id) if known else ()
    if not known and root is (node.func if isinstance(node, ast.Call) else node):
        meant = clear(root.id, [*scope.module.names, *(STEP if table == "step" else FLOW)])
        fix = (Replace(span, meant), *_language_import(scope, meant)) if meant else ()
    report.add(fc5xx.UNDEFINED_DECORATOR, span, *fix, name=root.id, hint=hint + near)


def _is_method(scope: Scope, name: str) -> bool:
    """Whether a function of that name stands in a class body: what comes below it there may be decorated with it."""
    classes = (node for node in ast.walk(scope.module.tree) if isinstance(node, ast.ClassDef))
    functions = (each for node in classes for each in node.body if isinstance(each, ast.FunctionDef))
    return any(each.name == name for each in functions)


def _language_import(scope: Scope, name: str) -> Fix:
    return imported(scope.module, name) if name in LANGUAGE else ()


_BUILTIN = frozenset(("staticmethod", "classmethod", "property"))


def _arguments(
    scope: Scope, node: ast.expr, name: str, span: Span, options: tuple[str, ...], report: Report
) -> Decorator:
    if not isinstance(node, ast.Call):
        return Decorator(name, (), span)
    for argument in node.args:
        want = f"`{options[0]}=...`" if options else "none"
        place = scope.module.source.span(argument)
        alone = len(node.args) == 1 and name in _ONE_MAIN and options[0] not in {each.arg for each in node.keywords}
        start = Span(place.path, place.line, place.col, place.line, place.col)
        fix: Fix = (Replace(start, f"{options[0]}="),) if alone and not isinstance(argument, ast.Starred) else ()
        report.add(fc5xx.POSITIONAL_ARGUMENT, place, *fix, name=name, want=want)
    values: dict[str, Value | Dynamic] = {}
    places: dict[str, Span] = {}
    for option, place, value in _keywords(scope, node, name, report):
        if option not in options:
            hint = did_you_mean(option, options)
            near, given = clear(option, options), {each.arg for each in node.keywords}
            fix = head_respelt(scope.module.source, place, option, near) if near not in given else ()
            report.add(fc5xx.UNKNOWN_OPTION, place, *fix, name=name, option=option, hint=hint or _listed(options))
        else:
            values[option], places[option] = value, place
    return Decorator(name, tuple(values.items()), span, tuple(places.items()))


_ONE_MAIN = frozenset(
    ("retry", "catch", "environment", "secrets", "project", "trigger", "trigger_on_finish", "card", "pypi", "pypi_base")
)
"""Decorators of which a lone argument without a name can only be the first option."""


def _listed(options: tuple[str, ...]) -> str:
    return f"; it takes {', '.join(f'`{each}`' for each in options)}" if options else "; it takes nothing"


def _keywords(scope: Scope, node: ast.Call, name: str, report: Report) -> list[tuple[str, Span, Value | Dynamic]]:
    source = scope.module.source
    found: list[tuple[str, Span, Value | Dynamic]] = []
    for keyword in node.keywords:
        if keyword.arg is not None:
            found.append((keyword.arg, source.span(keyword), _option(scope, name, keyword, report)))
            continue
        more = entries(scope, keyword.value)
        if more is None and not scope.reading.has_imported:
            report.add(fc5xx.DYNAMIC_OPTIONS, source.span(keyword), name=name, text=source.segment(keyword.value))
        else:
            found.extend((option, source.span(keyword), value) for option, _, value in more or ())
    return found


def _option(scope: Scope, name: str, keyword: ast.keyword, report: Report) -> Value | Dynamic:
    if name == "environment":
        return _variables(scope, keyword.value, report)
    if name == "exit_hook" and keyword.arg in ("on_success", "on_error"):
        from compiler.frontend.decorators.hooks import functions  # noqa: PLC0415 - few flows have hooks

        return functions(scope, keyword.value, report)
    return evaluate(scope, keyword.value)


def _variables(scope: Scope, node: ast.expr, report: Report) -> Value | Dynamic:
    """The literal variables of `@environment`, numbers as their text; those that only run time knows are left to the container."""
    found = entries(scope, node)
    if found is None:
        for name in filter(None, node.keys) if isinstance(node, ast.Dict) else ():
            if not isinstance(evaluate(scope, name), str | Dynamic):
                report.add(fc5xx.VARIABLE_NAME, scope.module.source.span(name), text=scope.module.source.segment(name))
        return evaluate(scope, node)
    literals: dict[str, Value] = {}
    for key, place, value in found:
        span = scope.module.source.span(place)
        if not re.fullmatch(VARIABLE, key):
            report.add(fc5xx.VARIABLE_NAME, span, text=key)
        if isinstance(value, str | bool | int | float):
            literals[key] = str(value)
        elif not isinstance(value, Dynamic):
            facts = {"want": f"a text for `{key}`", "found": f"`{value!r}`", "cure": f"write `{str(value)!r}`"}
            report.add(fc5xx.WRONG_TYPE, span, name="environment", option="vars", **facts)
    return literals
