"""What importing a module has told of a flow, and how that goes together with what its text says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from compiler.frontend.decorators.author_decorators import Others
from compiler.ir.flow import WRAPPER, Config, Decorator, Dynamic, Parameter, Span, Value
from compiler.slotted_class import fresh, record, replaced


@record
class Opaque:
    """A value that the output has no kind for; `text` is how it looks."""

    text: str


@record
class DeclaredDecorator:
    """A decorator with the arguments that were given; `by` names the mutator that added it."""

    name: str
    arguments: tuple[tuple[str, Value | Opaque], ...]
    by: str | None


@record
class DeclaredParameter:
    """A parameter; `by` names the mutator that added it."""

    attribute: str
    name: str
    type: str
    default: Value | Opaque
    is_callable: bool
    required: bool
    help: str | None
    multiple: bool
    separator: str | None
    choices: tuple[str, ...]
    by: str | None


@record
class DeclaredFlow:
    """The decorators of a flow and, by name, of its steps, the outermost first; its parameters; whether mutators acted.

    `configs` has for each `Config`, as `Owner.name`, what its `default` gives and the `value` that its parser makes.
    """

    decorators: tuple[DeclaredDecorator, ...]
    steps: Mapping[str, tuple[DeclaredDecorator, ...]]
    parameters: tuple[DeclaredParameter, ...]
    mutated: bool
    configs: Mapping[str, Mapping[str, Value]] = fresh(default_factory=dict)


@record
class ImportFailure:
    """Why the module could not be imported; `frames` are the files and lines of the author's traceback, the innermost last."""

    problem: str
    frames: tuple[tuple[str, int], ...] = ()


Importer = Callable[[str, tuple[Config, ...]], DeclaredFlow | ImportFailure]
"""Imports the module of a flow, by the flow's name and with its `Config`s, somewhere else; see `compiler.importing`."""


def merged(
    written: tuple[Decorator, ...], declared: tuple[DeclaredDecorator, ...], others: Others, place: Span
) -> tuple[Decorator, ...]:
    """The declared decorators with the places of the text.

    What the text knows stays as it is; what it does not is as declared. What only code adds stands where the decorator does that adds it,
    else at `place`.
    """
    left = list(written)
    return tuple(_merged(each, left, others, place) for each in declared)


def _merged(declared: DeclaredDecorator, left: list[Decorator], others: Others, place: Span) -> Decorator:
    text = None if declared.by else next((each for each in left if _is_same(each, declared)), None)
    if text is None:
        span = _added_at(declared.by, others, place)
        return Decorator(declared.name, tuple(_arguments(declared, span)), span)
    left.remove(text)
    if text.name in ("environment", WRAPPER):
        # What only run time knows of an environment is the container's, not this machine's.
        return text
    known = dict(text.arguments)
    arguments = tuple((name, _known(known, name, value)) for name, value in _arguments(declared, text.span))
    return replaced(text, arguments=arguments)


def _known(text: Mapping[str, Value | Dynamic], name: str, value: Value | Dynamic) -> Value | Dynamic:
    """What the text knows goes first; of what neither knows, the text's words."""
    said = text.get(name, value)
    return value if isinstance(said, Dynamic) and not isinstance(value, Dynamic) else said


def _is_same(text: Decorator, declared: DeclaredDecorator) -> bool:
    return text.name == declared.name and (text.name != WRAPPER or text.arguments == declared.arguments)


def _added_at(by: str | None, others: Others, place: Span) -> Span:
    return next((span for name, span in others if name == by), others[0][1] if others else place)


def _arguments(declared: DeclaredDecorator, span: Span) -> Iterator[tuple[str, Value | Dynamic]]:
    for name, value in declared.arguments:
        if declared.name == "environment" and isinstance(value, Mapping):
            yield name, {key: _word(item) for key, item in value.items() if item is not None}
        else:
            yield name, Dynamic(value.text, span) if isinstance(value, Opaque) else value


def _word(value: Value) -> str:
    """A variable's value as the shim sets it."""
    return value if isinstance(value, str) else str(value)


def merged_parameters(
    written: list[Parameter], declared: tuple[DeclaredParameter, ...], others: Others, place: Span
) -> list[Parameter]:
    """The declared parameters, in their order, with what the text says of each."""
    by_attribute = {each.attribute: each for each in written}
    found = [_parameter(by_attribute.get(each.attribute), each, others, place) for each in declared]
    names = {each.attribute for each in declared}
    return [*found, *(each for each in written if each.type == "file" and each.attribute not in names)]


def _parameter(text: Parameter | None, declared: DeclaredParameter, others: Others, place: Span) -> Parameter:
    if text is not None and declared.by is None:
        unclear = isinstance(text.default, Dynamic) and text.type == "str"
        return replaced(text, type=declared.type) if unclear else text
    span = _added_at(declared.by, others, place)
    default = Dynamic(declared.default.text, span) if isinstance(declared.default, Opaque) else declared.default
    return Parameter(
        attribute=declared.attribute,
        name=declared.name,
        type=declared.type,
        default=default,
        has_default=default is not None,
        required=declared.required,
        help=declared.help,
        span=span,
        multiple=declared.multiple,
        separator=declared.separator,
        choices=declared.choices,
        default_is_callable=declared.is_callable,
    )
