"""A flow's parameters as a command line: what follows the flow in `flowc run FLOW --alpha 0.5`."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping, Sequence

import click

from compiler.call.options import WithHelp
from compiler.documents import NotParsed, parse_json
from compiler.ir.flow import Parameter
from compiler.ir.plan import Plan
from compiler.ir.text import value_text
from compiler.mistakes import CallError, joined


def parse_parameters(
    plan: Plan, called: str, words: Sequence[str], ours: Container[str], *, values: str = "{}", resumed: bool = False
) -> dict[str, object]:
    """What the words give, by attribute, as text: the first step converts it, as it does on every engine.

    Text that does not fit its declared type is refused here already. `ours` are flowc's own options, which do not go here.
    `values` is a JSON object of more, by name or attribute, or the URL of one. What neither gives, a parameter's variables may: those of
    its `envvar`, then `METAFLOW_RUN_<NAME>`. The path of an `IncludeFile` becomes a URL.

    A run that is `resumed` has the parameters of its origin, and takes none.
    Raises CallError, and click's Exit after `--help`.
    """
    already = _by_attribute(plan, values)
    command = WithHelp(
        called,
        params=[_option(parameter, parameter.attribute in already) for parameter in plan.parameters],
        help=plan.flow.doc,
        context_settings={"help_option_names": ["--help"], "max_content_width": 110},
    )
    if resumed:
        given_anew = [word for word in words[:1] if word != "--help"] or list(already)
        if given_anew:
            raise CallError(
                f"a resumed run has the parameters of the run that it goes on from: `{given_anew[0]}` has no place"
            )
        command.params = []
    try:
        with command.make_context(called, list(words)) as context:
            by_variable = {name for name in context.params if context.get_parameter_source(name) is _VARIABLE}
            given = {
                name: value for name, value in context.params.items() if not (name in by_variable and name in already)
            }
    except click.UsageError as error:
        raise CallError(joined(_mistake(error, called, words, ours), _list(command))) from error
    found = already | {
        name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if _is_given(value)
    }
    return found if resumed else _with_files(plan, found)


_VARIABLE = click.core.ParameterSource.ENVIRONMENT


def _with_files(plan: Plan, given: dict[str, object]) -> dict[str, object]:
    """The values with a URL for each path of an `IncludeFile`. Raises CallError where there is no file, also none at a default."""
    for parameter in plan.parameters:
        value = given.get(parameter.attribute)
        if parameter.type == "file" and isinstance(value, str):
            given[parameter.attribute] = _url_of(parameter.name, value)
        elif parameter.absent is not None and not parameter.required and value is None:
            place = f"{parameter.span.path}:{parameter.span.line}"
            raise CallError(
                f"there is no file {parameter.absent}, the default of {parameter.name!r} ({place}): give one, --{parameter.name} PATH"
            )
    return given


def _url_of(name: str, path: str) -> str:
    from flowc.store import KINDS  # noqa: PLC0415 - rarely needed

    if path.startswith(KINDS):
        return path
    place = os.path.abspath(os.path.expanduser(path))
    if not os.path.isfile(place):
        what = "is a folder" if os.path.isdir(place) else "is not there"
        raise CallError(f"--{name} wants a file, and {path} {what}")
    return f"file:{place}"


def _by_attribute(plan: Plan, values: str) -> dict[str, object]:
    """The values of `--parameters`. Raises CallError."""
    try:
        given = parse_json(_text_at(values))
    except NotParsed as error:
        raise CallError(f"--parameters is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise CallError("--parameters wants a JSON object: the parameters' names and values")
    attributes = {parameter.attribute: parameter.attribute for parameter in plan.parameters}
    names = {parameter.name: parameter.attribute for parameter in plan.parameters}
    known = {name.replace("-", "_"): attribute for name, attribute in names.items()} | attributes | names
    unknown = [name for name in given if name not in known]
    if unknown:
        raise CallError(f"the flow has no parameter {unknown[0]!r}: it has {', '.join(names) or 'none'}")
    return {known[name]: value for name, value in given.items() if value is not None}


def _text_at(values: str) -> str:
    """The text itself, or that of the object whose URL it is, for values that no command line takes. Raises CallError."""
    from flowc.store import KINDS  # noqa: PLC0415 - rarely needed

    if not values.startswith(KINDS):
        return values
    from flowc.container.beside_parameters import read_text  # noqa: PLC0415 - rarely needed
    from flowc.exceptions import CallMistake  # noqa: PLC0415 - rarely needed

    try:
        return read_text(values)
    except CallMistake as mistake:
        raise CallError(str(mistake)) from None


def _mistake(error: click.UsageError, called: str, words: Sequence[str], ours: Container[str]) -> str:
    if list(words[:1]) == ["resume"]:
        return f"`resume` is an option here: `{called} --resume` goes on from the newest run"
    if isinstance(error, click.NoSuchOption) and error.option_name in ours:
        return own_option(error.option_name, called)
    if isinstance(error, click.NoSuchOption):
        near = f"; did you mean {' or '.join(sorted(error.possibilities))}?" if error.possibilities else ""
        return f"the flow has no parameter {error.option_name}{near}"
    said = error.format_message().rstrip(".")
    return f"{said[:1].lower()}{said[1:]}" if said.startswith("Got unexpected extra argument") else said


def own_option(name: str, called: str) -> str:
    """What is said of an option of flowc's own behind the flow: where it goes. `called` are the words of the call up to the flow."""
    words = called.split(" ")
    before = 3 if words[2:3] == ["trigger"] else 2  # `flowc argo trigger`, `flowc run`
    call, flow = " ".join(words[:before]), " ".join(words[before:])
    return f"{name} is an option of flowc's own, which go before {flow}: `{call} {name} … {flow}`"


def _list(command: click.Command) -> str:
    """The parameters of a flow, as a mistake in one of them shows them."""
    options = [f"{each.opts[0]} {each.type.name.upper()}" for each in command.params]
    return f"the flow's parameters: {', '.join(options)}" if options else "the flow has no parameters"


def _is_given(value: object) -> bool:
    return value is not None and value != ()


def _option(parameter: Parameter, is_given: bool) -> click.Option:
    default = f"[default: {value_text(parameter.default)}]" if parameter.has_default else ""
    return click.Option(
        [f"--{parameter.name}", parameter.attribute],
        type=_Checked(parameter),
        multiple=parameter.multiple,
        required=parameter.required and not parameter.has_default and not is_given,
        envvar=[*parameter.envvar, f"METAFLOW_RUN_{parameter.name.replace('-', '_').upper()}"],
        help=" ".join(filter(None, [parameter.help, default])),
    )


class _Checked(click.ParamType):  # type: ignore[type-arg] # generic in newer versions of click only
    """Text that fits the declared type; it stays text."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        self.name = "|".join(parameter.choices) or _NAMES.get(parameter.type, "text")

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text itself, once it is known to fit."""
        text = str(value)
        parts = text.split(self.parameter.separator) if self.parameter.separator else [text]
        for part in parts:
            self._check(part, param, ctx)
        return text

    def _check(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> None:
        if self.parameter.choices:
            click.Choice(self.parameter.choices).convert(text, param, ctx)
        elif self.parameter.type == "json":
            try:
                parse_json(text)
            except NotParsed as error:
                self.fail(f"{text!r} is no JSON: {error}", param, ctx)
        elif self.parameter.type in _TYPES:
            _TYPES[self.parameter.type].convert(text, param, ctx)


_TYPES: Mapping[str, click.ParamType] = {"int": click.INT, "float": click.FLOAT, "bool": click.BOOL}  # type: ignore[type-arg] # as above
_NAMES = {"int": "integer", "float": "number", "bool": "true|false", "json": "json", "file": "path"}
