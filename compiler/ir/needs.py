"""`@secrets`, `@pypi`, `@conda` and their `_base` as decisions: what a step's process must find where it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from compiler.ir.flow import Decorator, Dynamic, Flow, Step, Value
from compiler.ir.plan import Packages, Secret

KINDS: Mapping[str, Literal["", "kubernetes", "aws-secrets-manager"]] = {
    "": "",
    "kubernetes": "kubernetes",
    "aws-secrets-manager": "aws-secrets-manager",
}
"""Where a secret may lie; nothing stands for where the target keeps its own."""


def secrets(step: Step) -> tuple[Secret, ...]:
    """The sources of every `@secrets`, in the author's order."""
    return tuple(
        _secret(decorator, source)
        for decorator in step.decorators
        if decorator.name == "secrets"
        for source in sources(decorator)
    )


def sources(decorator: Decorator) -> tuple[Value, ...]:
    """What `sources` lists."""
    found = decorator.get("sources")
    return found if isinstance(found, tuple) else ()


def kind_and_name(source: Value) -> tuple[str, str]:
    """`("aws-secrets-manager", "db")` of `aws-secrets-manager.db` or the dict that says the same; an empty kind where none is said."""
    if isinstance(source, Mapping):
        return str(source.get("type") or ""), str(source.get("id") or "")
    kind, dot, name = str(source).partition(".")
    return (kind, name) if dot else ("", kind)


def _secret(decorator: Decorator, source: Value) -> Secret:
    kind, name = kind_and_name(source)
    said = source if isinstance(source, Mapping) else {}
    options = said.get("options")
    more = options if isinstance(options, Mapping) else {}
    return Secret(
        kind=KINDS[kind],
        name=name,
        role=_text(said.get("role")) or _text(decorator.get("role")),
        override=decorator.get("allow_override") is True,
        as_text=more.get("json") is False,
        variable=_text(more.get("env_var_name")),
        region=_text(more.get("region")),
        span=decorator.span_of("sources"),
    )


def _text(value: Value | Dynamic) -> str | None:
    return value if isinstance(value, str) and value else None


_MANAGERS = ("pypi", "conda")


def flow_packages(flow: Flow) -> Packages | None:
    """What the flow's own image holds."""
    return _packages(flow, ())


def step_packages(flow: Flow, step: Step) -> Packages | None:
    """What the step's interpreter holds: its own over the flow's, package by package; `disabled` leaves one of the two kinds out."""
    return _packages(flow, step.decorators)


def has_own_packages(flow: Flow) -> bool:
    """Whether any step says itself what its interpreter holds."""
    return any(decorator.name in _MANAGERS for step in flow.steps.values() for decorator in step.decorators)


def _packages(flow: Flow, own: tuple[Decorator, ...]) -> Packages | None:
    found: dict[str, tuple[str, ...]] = {}
    python: str | None = None
    for manager in _MANAGERS:
        said = [*_named(flow.decorators, f"{manager}_base"), *_named(own, manager)]
        switched = [value for each in said if isinstance(value := each.get("disabled"), bool)]
        if switched and switched[-1]:
            said = []
        wanted: dict[str, str] = {}
        for each in said:
            wanted |= dict(_wanted(each))
            python = _text(each.get("python")) or python
        found[manager] = tuple(_requirement(name, version) for name, version in wanted.items())
    if not any(found.values()) and python is None:
        return None
    return Packages(found["pypi"], found["conda"], python)


def _named(decorators: tuple[Decorator, ...], name: str) -> Iterator[Decorator]:
    return (each for each in decorators if each.name == name)


def _wanted(decorator: Decorator) -> Iterator[tuple[str, str]]:
    for option in ("libraries", "packages"):
        value = decorator.get(option)
        if isinstance(value, Mapping):
            yield from ((name, "" if version is None else str(version)) for name, version in value.items())


def _requirement(name: str, version: str) -> str:
    """`pandas==2.1.0` of a bare version; `pandas>=2` and `pandas @ git+https://…` as they are written."""
    bound = version.strip()
    if not bound:
        return name
    if bound[0] == "@":
        return f"{name} {bound}"
    return f"{name}{bound}" if bound[0] in "=<>!~" else f"{name}=={bound}"
