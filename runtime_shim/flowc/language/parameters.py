"""Parameters: what a flow declares, and how what is given becomes a value of the declared type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from flowc.artifacts.work import KEY
from flowc.exceptions import CallMistake
from flowc.language.current import username

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_YES = frozenset({"true", "t", "yes", "y", "on", "1"})
_NO = frozenset({"false", "f", "no", "n", "off", "0"})


class JSONTypeClass:
    """The type of parameters whose value is JSON: dicts, lists, and what is in them."""

    name = "JSON"

    def __repr__(self) -> str:
        return "JSON"


JSONType = JSONTypeClass()


class Parameter:
    """A value that is given when a run starts; in steps it is read-only. `type` follows from the default where it is not said."""

    __flowc_parameter__ = True

    def __init__(
        self,
        name: str,
        default: Any = None,
        type: Any = None,
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
        **options: Any,
    ) -> None:
        self.name = name
        self.attribute = name
        self.default = _plain(default)
        self.is_typed = type is not None
        self.type = _type(type, self.default, options)
        self.help = help
        self.required = bool(required)
        self.show_default = show_default
        self.separator: str | None = options.pop("separator", None)
        self.multiple: bool = bool(options.pop("multiple", False))
        self.choices = tuple(options.pop("choices", ()))
        self.options = options
        self.inserted_by: str | None = None
        """The mutator that put it into the flow."""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute

    def __repr__(self) -> str:
        return f"Parameter(name={self.name!r})"

    def __get__(self, flow: Any, owner: Any = None) -> Any:
        if flow is None:
            return self
        work = flow.__dict__.get(KEY)
        if work is None:
            raise AttributeError(f"parameter {self.name!r} has a value in steps only")
        return work.fixed_value(self.attribute, None)

    def __set__(self, flow: Any, value: NoReturn) -> None:
        raise AttributeError(f"self.{self.attribute} is a parameter of the flow: steps cannot set it")

    def __delete__(self, flow: Any) -> None:
        raise AttributeError(f"self.{self.attribute} is a parameter of the flow: steps cannot delete it")

    def of_given(self, value: Any, evaluated: Any) -> Any:
        """The value of what was given; where no type was declared, that of a default that had to be `evaluated` counts."""
        kind = self.type if evaluated is None else _type(None, evaluated, self.options)
        return _converted(self, kind, value)

    def of_default(self, value: Any, folders: tuple[str, ...]) -> Any:
        """The value of a default: one without a declared type is what it is."""
        fits = callable(self.default) and not self.is_typed
        return value if fits else _converted(self, self.type, value)


class DefaultFailed(Exception):
    """Code of the author's that makes a parameter's value has raised `error`."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


def of_author(function: Any, argument: Any) -> Any:
    """What code of the author's gives. Raises DefaultFailed."""
    try:
        return function(argument)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's function may raise anything
        raise DefaultFailed(error) from None


class DeployTimeField:
    """What a callable default is called with."""

    def __init__(self, flow: str, parameter: str) -> None:
        self.flow_name = flow
        self.user_name = username()
        self.parameter_name = parameter
        self.logger = print
        self.ds_type = None

    @property
    def configs(self) -> Any:
        """The flow's `Config`s by their names."""
        from flowc.language.configs import by_name

        return by_name()


def _plain(default: Any) -> Any:
    """The dict behind the value of a Config; any other default as it is."""
    to_dict = getattr(default, "to_dict", None) if isinstance(default, dict) else None
    return to_dict() if to_dict else default


def _type(declared: Any, default: Any, options: Mapping[str, Any]) -> Any:
    """The declared type, else the default's, else text; dicts and lists are JSON."""
    if declared is None and options.get("is_flag"):
        return bool
    if declared is None and options.get("multiple"):
        default = default[0] if isinstance(default, (list, tuple)) and default else ""
    if declared is None:
        declared = str if default is None or callable(default) else type(default)
    return JSONType if declared in (dict, list, tuple) else declared


def values(
    flow: str, declared: list[Parameter], given: Mapping[str, Any], folders: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The value of each parameter by its attribute; `folders` are where its files lie.

    Raises CallMistake, which names the parameter, and DefaultFailed.
    """
    known = {name for parameter in declared for name in (parameter.name, parameter.attribute)}
    unknown = sorted(set(given) - known)
    if unknown:
        names = ", ".join(parameter.name for parameter in declared) or "none"
        raise CallMistake(f"flow {flow} has no parameter {unknown[0]!r}; it has {names}")
    return {parameter.attribute: _value(flow, parameter, given, folders) for parameter in declared}


def _value(flow: str, parameter: Parameter, given: Mapping[str, Any], folders: tuple[str, ...]) -> Any:
    value = given.get(parameter.name, given.get(parameter.attribute, _ABSENT))
    is_given = value is not _ABSENT and (value is not None or parameter.type is JSONType)
    default = parameter.default
    if not is_given and parameter.required:
        raise CallMistake(f"parameter {parameter.name!r} is required: give it when the run starts")
    if callable(default) and not (is_given and parameter.is_typed):
        default = of_author(default, DeployTimeField(flow, parameter.name))
    try:
        if is_given:
            evaluated = None if parameter.is_typed or default is parameter.default else default
            return None if value is None else parameter.of_given(value, evaluated)
        return None if default is None else parameter.of_default(default, folders)
    except (ValueError, TypeError, OverflowError) as error:
        raise CallMistake(f"parameter {parameter.name!r}: {error}") from None


_ABSENT = object()


def _converted(parameter: Parameter, kind: Any, value: Any) -> Any:
    if parameter.multiple:
        return tuple(_single(parameter, kind, item) for item in _several(parameter, value))
    if parameter.separator and isinstance(value, str):
        return [_single(parameter, kind, item) for item in value.split(parameter.separator)]
    if parameter.separator and isinstance(value, (list, tuple)):
        return [_single(parameter, kind, item) for item in value]
    return _single(parameter, kind, value)


def _several(parameter: Parameter, value: Any) -> list[Any]:
    """The values of a parameter that may be given several times: a list, or text that is a JSON list, or one value."""
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            found = json.loads(value)
        except ValueError:
            return [value]
        return found if isinstance(found, list) else [value]
    if isinstance(value, str) and parameter.separator:
        return list(value.split(parameter.separator))
    return [value]


def _single(parameter: Parameter, kind: Any, value: Any) -> Any:
    if kind is JSONType:
        return _json(value)
    if hasattr(kind, "convert"):
        return _by_click(kind, value)
    found = _CONVERSIONS[kind](value) if kind in _CONVERSIONS else kind(value)
    if parameter.choices and found not in parameter.choices:
        raise ValueError(f"{found!r} is none of {', '.join(map(repr, parameter.choices))}")
    return found


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return _lists(value)
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no JSON ({error})") from None


def _lists(value: Any) -> Any:
    """JSON has no tuples: a default's are lists, as they are where a target hands it over."""
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, (list, tuple)) else value


def _by_click(kind: Any, value: Any) -> Any:
    try:
        return kind.convert(value, None, None)
    except Exception as error:  # noqa: BLE001 - click's own errors are of click's types
        raise ValueError(getattr(error, "message", str(error))) from None


def _text(value: Any) -> str:
    if isinstance(value, (dict, list, tuple)):
        raise ValueError(f"{value!r} is no text")
    return value if isinstance(value, str) else str(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(f"{value!r} is no whole number")
    try:
        return int(value)
    except (ValueError, TypeError):
        raise ValueError(f"{value!r} is no whole number") from None


def _number(value: Any) -> float:
    try:
        if not isinstance(value, bool):
            return float(value)
    except (ValueError, TypeError):
        pass
    raise ValueError(f"{value!r} is no number")


def _yes(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(f"{value!r} is neither true nor false")


_CONVERSIONS: dict[Any, Callable[[Any], Any]] = {str: _text, int: _whole, float: _number, bool: _yes}
