"""The flow's parameters as arguments of the workflow, and how the first step gets them byte for byte."""

from __future__ import annotations

from compiler.backends.argo.events import trigger_arguments
from compiler.backends.command import given_text, legible
from compiler.backends.yaml_text import Comment, Tree
from compiler.ir.flow import Parameter
from compiler.ir.plan import Plan

MOST_DEFAULT = 4096
RESERVED = "json"
"""Argo puts all parameters once more under this name."""

SUBMITTED = f"{{{{=sprig.b64enc(sprig.toRawJson(sprig.omit(workflow.parameters, '{RESERVED}')))}}}}"
"""The submitted values as base64 of JSON. A plain `{{workflow.parameters.x}}` would expand what the value holds."""


def has_input(plan: Plan) -> bool:
    """Whether a run can be given anything."""
    return bool(plan.parameters or plan.triggers or plan.schedule)


def arguments(plan: Plan) -> dict[str, Tree]:
    """`spec.arguments`: a parameter with its default, or without a value where one must be given.

    What is not here has its default from the code: None, values that run time computes, and text that Argo would rewrite.
    """
    listed: list[Tree] = []
    unlisted: list[str] = []
    for parameter in plan.parameters:
        text = default_text(parameter)
        if text is None and not parameter.required:
            unlisted.append(parameter.name)
        else:
            listed.append(_argument(parameter, text))
    tree: dict[str, Tree] = {}
    if unlisted:
        tree[Comment(f"{_CODE_HAS}{', '.join(unlisted)}{_GIVES_ANOTHER}")] = ""
    listed += trigger_arguments(plan)
    if listed:
        tree["arguments"] = {"parameters": listed}
    return tree


_CODE_HAS, _GIVES_ANOTHER = "the code has the defaults of ", "; -p NAME=VALUE gives another"


def unlisted(manifest: str) -> tuple[str, ...]:
    """The parameters that `arguments` only tells of in the comment of a manifest."""
    _, found, after = manifest.partition(f"# {_CODE_HAS}")
    line, is_whole, _ = after.partition(_GIVES_ANOTHER)
    return tuple(line.split(", ")) if found and is_whole and "\n" not in line else ()


def default_text(parameter: Parameter) -> str | None:
    """The default as one would write it on a command line; None where it is left to the code."""
    text = given_text(parameter)
    if text is None or "{{" in text or not _printable(text) or len(text.encode()) > MOST_DEFAULT:
        return None
    return text


def _printable(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)


def _argument(parameter: Parameter, text: str | None) -> Tree:
    argument: dict[str, Tree] = {"name": parameter.name}
    if text is not None:
        argument["value"] = text
    if parameter.help:
        argument["description"] = inert(parameter.help)
    if parameter.choices and all("{{" not in choice and _printable(choice) for choice in parameter.choices):
        argument["enum"] = list(parameter.choices)
    return argument


def inert(prose: str) -> str:
    """Prose for people in which no tag begins."""
    lines = (line.rstrip() for line in legible(prose).replace("\t", "    ").strip().splitlines())
    return "\n".join(lines).replace("{{", "{ {")
