"""docs/python.md: the public names of `flowc`, each with what its docstring says, and the members of its classes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping

import flowc

from compiler.frontend.decorators.language import FLOW, STEP
from tests.site.markdown import prose, table

_GROUPS: Mapping[str, str] = {
    "Flows": "FlowSpec step Parameter JSONType IncludeFile Config ConfigValue config_expr yaml_parser requirements_txt_parser "
    "pyproject_toml_parser conda_environment_yml_parser",
    "In a running step": "current S3 parallel_map parallel_imap_unordered profile get_cards ArgoEvent namespaced_event_name",
    "Runs, read": "Metaflow Flow Run Step Task DataArtifact namespace get_namespace default_namespace metadata get_metadata "
    "default_metadata",
    "Runs, started here": "Runner NBRunner",
    "Deployments": "Deployer NBDeployer DeployedFlow TriggeredRun list_deployed_flows",
    "Decorators of one's own": "user_step_decorator UserStepDecorator USER_SKIP_STEP StepMutator FlowMutator MutableStep MutableFlow",
}
_ALIASES = {"JSONTypeClass": "JSONType"}
_VALUES = {
    "USER_SKIP_STEP": "What a user step decorator gives back to skip the step, and a dict of the artifacts that it sets instead."
}
"""What a name is that is a plain value, which has no docstring."""


def text() -> str:
    """All names that can be imported from `flowc`: decorators as tables of their options, the others one by one."""
    told = {name for names in _GROUPS.values() for name in names.split()} | {*STEP, *FLOW, *_ALIASES}
    assert told >= set(dir(flowc)), f"tests/site/names.py: put {sorted(set(dir(flowc)) - told)} into a group"
    return "\n".join(
        ("", *_decorators(), *(part for title, names in _GROUPS.items() for part in _group(title, names.split())), "")
    )


def _decorators() -> Iterator[str]:
    for title, taken in (("Decorators of steps", STEP), ("Decorators of flows", FLOW)):
        yield f"### {title}\n"
        public = {name: options for name, options in taken.items() if name in dir(flowc)}
        yield table(("decorator", "options"), ((f"`@{name}`", _code(options)) for name, options in public.items()))


def _code(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _group(title: str, names: list[str]) -> Iterator[str]:
    yield f"### {title}\n"
    for name in names:
        value = getattr(flowc, name)
        kind = value if inspect.isclass(value) or inspect.isroutine(value) else type(value)
        if name in _VALUES:
            yield f"#### {name}\n\n{_VALUES[name]}\n"
            continue
        yield f"#### {name}\n\n{_signature(name, value)}{_doc(kind)}\n"
        members = list(_members(kind)) if inspect.isclass(kind) else []
        if members:
            yield table(("", ""), members)


def _signature(name: str, value: object) -> str:
    if not callable(value) or name == "current":
        return ""
    try:
        found = inspect.signature(value)
    except ValueError:
        return ""
    shown = [each for each in found.parameters.values() if not each.name.startswith("_")]
    words = str(found.replace(parameters=shown))
    return f"```python\n{name}{re.sub(chr(39), '', words)}\n```\n\n"


def _members(kind: type) -> Iterator[tuple[str, str]]:
    """The public members that have a docstring of their own, those of bases of ours first."""
    seen: dict[str, tuple[str, str]] = {}
    for base in reversed(kind.__mro__):
        for name, member in vars(base).items() if base.__module__.startswith("flowc") else ():
            plain = member.__func__ if isinstance(member, classmethod | staticmethod) else member
            is_method = inspect.isfunction(plain)
            if name.startswith("_") or not (is_method or isinstance(plain, property)) or not plain.__doc__:
                continue
            seen[name] = (f"`{name}{'()' if is_method else ''}`", prose(_first(plain.__doc__)))
    yield from seen.values()


def _doc(kind: object) -> str:
    return prose(inspect.getdoc(kind) or "")


def _first(doc: str) -> str:
    """The first paragraph, as one line."""
    return " ".join(inspect.cleandoc(doc).split("\n\n")[0].split())
