"""Literals that look like credentials, where they would stand in the output or in the code archive for everybody to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.diagnostics import Report
from compiler.frontend.findings import fc5xx
from compiler.ir.flow import Decorator, Flow, Span

_SHAPES = (
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # an AWS access key id
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_\w{50,}"
    r"|\bAIza[\w-]{35}\b|\bhf_[A-Za-z0-9]{30,}\b|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgE[\w-]{20,}"
    r"|\bsk-(?:ant|proj|svcacct)-[\w-]{20,}|\bsk-[A-Za-z0-9]{40,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|hooks\.slack\.com/services/T\w+/B\w+/\w{16,}"
    r"|\bglpat-[\w-]{20,}|\bxox[abprs]-[\w-]{10,}|\bsk_live_\w{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"  # a signed JSON web token
    r"|\b[a-z][a-z0-9+.-]*://[^\s/:@]+:(?![{$%<*])[^\s/:@]{6,}@"  # a password in a URL
)
_NAMES = r"(?i)(?:^|[_-])(?:password|passwd|secret|token|api_?key|access_?key|private_?key|credentials?)$"
_SHORTEST = 8
_PLACES = r"^(?:[/~.<{$%]|\w+://|arn:)|\.(?:json|pem|ya?ml|toml|txt|key|ini|env)$|^[a-z]+(?: [a-z]+)+$"
"""Paths, URLs, names of AWS's, placeholders and prose: what says where a credential is, not what it is."""


def check_credentials(flow: Flow, report: Report) -> None:
    """Warn of each literal of the flow that looks like a credential by its shape, or by its name and its length."""
    for what, name, value, span in _literals(flow):
        named = (
            len(value) >= _SHORTEST
            and not value.isdecimal()
            and re.search(_NAMES, name)
            and not re.search(_PLACES, value)
        )
        if re.search(_SHAPES, value) or named:
            report.add(fc5xx.CREDENTIAL, span, what=what, name=name)


def _literals(flow: Flow) -> Iterator[tuple[str, str, str, Span]]:
    for parameter in flow.parameters:
        if isinstance(parameter.default, str):
            yield "the default of", parameter.name, parameter.default, parameter.span
    decorators = (*flow.decorators, *(each for step in flow.steps.values() for each in step.decorators))
    for decorator in decorators:
        yield from _of(decorator)


def _of(decorator: Decorator) -> Iterator[tuple[str, str, str, Span]]:
    for name, value in decorator.arguments:
        span = decorator.span_of(name)
        if isinstance(value, str):
            yield f"an option of `@{decorator.name}`,", name, value, span
        elif decorator.name == "environment" and isinstance(value, Mapping):
            for key, text in value.items():
                if isinstance(text, str):
                    yield "the variable", key, text, span
