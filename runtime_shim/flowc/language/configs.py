"""`Config`: values that were settled when the flow was compiled; they come with the container, in `FLOWC_CONFIG`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping

from flowc.exceptions import CallMistake, MetaflowException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, NoReturn

VARIABLE = "FLOWC_CONFIG"
DECLARED = "__flowc_configs__"
"""Where a class keeps its configs by their names."""


TOLD: dict[str, dict[str, Any]] = {}
"""What was found while the module was declared to the compiler: for each `Owner.name` its `default` and its `value`."""

DECLARING: list[Callable[[str], Any]] = []
"""What gives a `Config`'s function its argument, by the name; it is there only while a flow is declared to the compiler."""


class ConfigValue(dict):  # type: ignore[type-arg]  # any keys, as JSON and YAML have them
    """A dict that cannot be changed and whose keys are attributes, too."""

    def __init__(self, data: Mapping[Any, Any]) -> None:
        super().__init__({key: _wrapped(value) for key, value in data.items()})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            there = ", ".join(map(repr, self)) or "none"
            raise AttributeError(f"the Config has no key {name!r} here; it has {there}") from None

    def to_dict(self) -> dict[Any, Any]:
        """The same as plain dicts, which can be changed."""
        return {key: _unwrapped(value) for key, value in self.items()}

    def copy(self) -> ConfigValue:
        """Itself once more."""
        return ConfigValue(self)

    @classmethod
    def fromkeys(cls, keys: Any, value: Any = None) -> ConfigValue:
        """One value under each of the keys."""
        return cls(dict.fromkeys(keys, value))

    def __reduce__(self) -> Any:
        return ConfigValue, (self.to_dict(),)

    def __deepcopy__(self, memo: Any) -> ConfigValue:
        return ConfigValue(self)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a Config cannot be changed; `.to_dict()` gives a copy that can")

    __setitem__ = __delitem__ = __setattr__ = __delattr__ = __ior__ = _refuse
    update: Any = _refuse
    setdefault: Any = _refuse
    clear = pop = popitem = _refuse


def _wrapped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value if isinstance(value, ConfigValue) else ConfigValue(value)
    if isinstance(value, (list, tuple, set)):
        return type(value)(_wrapped(item) for item in value)
    return value


def _unwrapped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _unwrapped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(_unwrapped(item) for item in value)
    return value


class Unsettled:
    """Stands for a value that this process does not have: it imports the flow to read it, not to run it."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, name: str) -> Unsettled:
        if name[:2] == "__":
            raise AttributeError(name)
        return Unsettled(f"{self.__dict__['_name']}.{name}")

    def __getitem__(self, key: Any) -> Unsettled:
        if isinstance(key, int):  # else iterating would never end
            raise IndexError(key)
        return Unsettled(f"{self.__dict__['_name']}[{key!r}]")

    def __call__(self, *_: Any, **__: Any) -> Unsettled:
        return self

    def keys(self) -> tuple[str, ...]:
        """None: `**` of it adds nothing."""
        return ()

    def __repr__(self) -> str:
        return f"<{self.__dict__['_name']}: not settled here>"


class Config:
    """The settled value: a `ConfigValue`, whatever the parser gave with `plain=True`, or None where there is none."""

    def __new__(
        cls,
        name: str,
        default: Any = None,
        default_value: Any = None,
        help: str | None = None,
        required: bool | None = None,
        parser: Any = None,
        plain: bool = False,
        **options: Any,
    ) -> Any:
        """What stands in the class is the value itself."""
        around = sys._getframe(1)
        value = cls._value(around, name, default, default_value, parser, plain)
        if "__qualname__" in around.f_locals:  # the body of a class: that is its namespace
            around.f_locals.setdefault(DECLARED, {})[name] = value
        return value

    @staticmethod
    def _value(around: FrameType, name: str, default: Any, default_value: Any, parser: Any, plain: bool) -> Any:
        owner = around.f_locals.get("__qualname__", "").rpartition(".")[2]
        settled = _settled().get(f"{owner}.{name}")
        if settled is None and DECLARING:
            default, default_value = _of_functions(f"{owner}.{name}", name, default, default_value)
        if settled is None:
            settled = _from_source(around.f_globals.get("__file__"), default, default_value)
            if settled is None:
                return Unsettled(name)
        value = settled["value"] if "text" not in settled else _parsed(name, parser, plain, settled["text"])
        if DECLARING:
            TOLD.setdefault(f"{owner}.{name}", {})["value"] = value
        if plain or value is None:
            return value
        if not isinstance(value, Mapping):
            raise MetaflowException(f"the Config {name!r} must hold keys, not {type(value).__name__}: say plain=True")
        return ConfigValue(value)


def _of_functions(key: str, name: str, default: Any, default_value: Any) -> tuple[Any, Any]:
    """The two defaults, what functions give in their place."""
    context = DECLARING[0](name)
    default, default_value = (each(context) if callable(each) else each for each in (default, default_value))
    default = os.fspath(default) if hasattr(default, "__fspath__") else default
    if default is not None or default_value is not None:
        TOLD[key] = {"default": default if default is not None else default_value}
    return default, default_value


def _settled() -> dict[str, Any]:
    """What the compiler settled, by class and name: `value`, or the `text` for a parser of the author's own."""
    try:
        found: dict[str, Any] = json.loads(os.environ.get(VARIABLE) or "{}")
    except ValueError as error:
        raise CallMistake(f"the variable {VARIABLE} is no JSON: {error}") from None
    return found


def by_name() -> ConfigValue:
    """Every settled value by its `Config`'s name."""
    return ConfigValue({key.rpartition(".")[2]: one["value"] for key, one in _settled().items() if "value" in one})


def _from_source(module: str | None, default: Any, default_value: Any) -> dict[str, Any] | None:
    """What the source says, for a process that is not a step's; None where it does not say, or the file is not here."""
    if isinstance(default_value, str):
        return {"text": default_value}
    if isinstance(default_value, Mapping):
        return {"value": default_value}
    if isinstance(default, str):
        for folder in (os.path.dirname(os.path.abspath(module)) if module else ".", "."):
            path = os.path.join(folder, default)
            if os.path.isfile(path):
                with open(path, encoding="utf-8-sig") as file:
                    return {"text": file.read()}
    return None


def _parsed(name: str, parser: Any, plain: bool, text: str) -> Any:
    if parser is None:
        return text if plain else json.loads(text)
    function = located(parser) if isinstance(parser, str) else parser
    if not callable(function):
        raise MetaflowException(f"the parser {parser!r} of the Config {name!r} is no function")
    return function(text)


def located(name: str) -> Callable[[str], Any]:
    """The function of a whole name; one that begins with a dot is the language's own."""
    from importlib import import_module

    module, _, function = name.rpartition(".")
    home = "flowc.language.config_parsers" if name.startswith(".") else module
    found: Callable[[str], Any] = getattr(import_module(home), function)
    return found


def config_expr(expression: str) -> Any:
    """The value of an expression over the names of the flow's `Config`s, and over the names around it."""
    around = sys._getframe(1)
    names = dict(around.f_locals)
    for name, value in by_name().items():
        names.setdefault(name, value)
    try:
        return eval(expression, around.f_globals, names)
    except NameError:  # a flow of the same file that is not the one that runs, or a process that runs none
        return Unsettled(expression)
