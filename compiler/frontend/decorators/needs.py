"""`@secrets`, `@pypi` and `@conda`: sources that name a secret, and requirements that pip and conda can read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from compiler.diagnostics import Report
from compiler.frontend.decorators.language import MANAGERS, VARIABLE
from compiler.frontend.findings import fc5xx
from compiler.frontend.findings.suggest import did_you_mean
from compiler.ir.flow import Decorator, Dynamic, Value
from compiler.ir.needs import KINDS, kind_and_name

_KEYS = ("type", "id", "options", "role")
_OPTIONS = ("json", "env_var_name", "region")
_SECRET = r"[A-Za-z0-9][A-Za-z0-9/_+=.@:!-]*"


def check_secrets(decorator: Decorator, report: Report) -> None:
    """Report sources that name no secret, or hold the secret itself."""
    sources = decorator.get("sources")
    if isinstance(sources, Dynamic):
        return
    if not isinstance(sources, tuple) or not sources:
        facts = {"want": "a list of names", "found": f"`{sources!r}`", "cure": "write `['my-secret']`"}
        report.add(fc5xx.WRONG_TYPE, decorator.span_of("sources"), name="secrets", option="sources", **facts)
        return
    for source in sources:
        _check_source(decorator, source, report)


def _check_source(decorator: Decorator, source: Value, report: Report) -> None:
    kind, name = kind_and_name(source)
    span = decorator.span_of("sources")
    if kind == "inline":
        report.add(fc5xx.SECRET_LITERAL, span)
    elif not isinstance(source, str | Mapping) or kind not in KINDS or not re.fullmatch(_SECRET, name):
        hint = did_you_mean(kind, [each for each in KINDS if each])
        report.add(fc5xx.SECRET_SOURCE, span, text=f"`{source!r}`", hint=hint)
    elif isinstance(source, Mapping):
        _check_table(decorator, source, report)


def _check_table(decorator: Decorator, source: Mapping[str, Value], report: Report) -> None:
    options = source.get("options")
    tables = [(source, _KEYS), (options, _OPTIONS)]
    for table, keys in tables:
        for key in table if isinstance(table, Mapping) else ():
            if key not in keys:
                hint = did_you_mean(key, keys) or f"; there are {', '.join(f'`{each}`' for each in keys)}"
                report.add(fc5xx.UNKNOWN_OPTION, decorator.span_of("sources"), name="secrets", option=key, hint=hint)
    variable = options.get("env_var_name") if isinstance(options, Mapping) else None
    if variable is not None and not (isinstance(variable, str) and re.fullmatch(VARIABLE, variable)):
        report.add(fc5xx.VARIABLE_NAME, decorator.span_of("sources"), text=variable)


_PACKAGE = (
    r"([A-Za-z0-9_-]+::)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\[[A-Za-z0-9_, .-]+\])?( *@ *(git\+|https?:)\S+)?"
    r"|(git\+|https?:)\S+"
)
_VERSION = r"\s*(@\s*\S+|((==|>=|<=|!=|~=|===|=|>|<)?\s*[A-Za-z0-9.*+!_-]+)(\s*,\s*(==|>=|<=|!=|~=|>|<)\s*[A-Za-z0-9.*+!_-]+)*)?\s*"
_PYTHON = r"\s*(===?|=|>=|~=)?\s*3(\.\d+){1,2}(\.\*)?\s*(,\s*<=?\s*3(\.\d+){1,2}\s*)?"
"""One release, all of a release, or from one on: its first version is that of an image that fits."""


def check_packages(decorator: Decorator, report: Report) -> None:
    """Report packages and versions that no line of pip or conda could hold, and Pythons that are no version."""
    if decorator.name not in MANAGERS:
        return
    for option in ("packages", "libraries"):
        packages = decorator.get(option)
        for name, version in packages.items() if isinstance(packages, Mapping) else ():
            if not re.fullmatch(_PACKAGE, name):
                _wrong(decorator, option, name, "package", "write the name as the package index has it", report)
            elif not isinstance(version, str | None) or not re.fullmatch(_VERSION, version or ""):
                cure = "write a version in quotes, `'2.1.0'` or `'>=2,<3'`, or `''` for any"
                _wrong(decorator, option, version, "version", cure, report)
    python = decorator.get("python")
    if isinstance(python, str) and not re.fullmatch(_PYTHON, python):
        _wrong(decorator, "python", python, "version of Python", "write `python='3.11'`", report)


def _wrong(decorator: Decorator, option: str, value: Value, what: str, cure: str, report: Report) -> None:
    report.add(
        fc5xx.PACKAGE_VERSION, decorator.span_of(option), text=f"`{value!r}`", what=what, name=decorator.name, cure=cure
    )
