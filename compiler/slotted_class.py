"""Slotted classes of fields: what `dataclass(slots=True)` gives, frozen or not, without its cost at import.

The types of the compile path are some eighty classes; with dataclasses they are the larger part of what a cold `create` costs
(0.7 ms a class, and `inspect` behind it): a `check` would take 102 ms, not 57. See docs/decisions/0005-records.md and 0018.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


_MANY = 60
"""So many values of a class, and compiling its `__init__` has paid."""


class _Fresh:
    """A default that is made anew for each value."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], object]) -> None:
        self.make = make


def fresh(*, default_factory: Callable[[], T]) -> T:
    """A field's default that is made anew for each value: `names: list[str] = fresh(default_factory=list)`."""
    made: Any = _Fresh(default_factory)
    return made  # type: ignore[no-any-return]  # the field's type, as type checkers see it


@dataclass_transform(frozen_default=True, field_specifiers=(fresh,))
def record(cls: type[T]) -> type[T]:
    """Make a class of annotated fields frozen, slotted, equal by value, hashable, matchable, pickled by its fields.

    No inheritance of fields. Assignment raises AttributeError. `__init__` is compiled when it has been called often.
    """
    return _made(cls, {"__hash__": _hash, "__setattr__": _frozen, "__delattr__": _frozen, "__reduce__": _reduce})


@dataclass_transform(field_specifiers=(fresh,))
def mutable(cls: type[T]) -> type[T]:
    """Make a class of annotated fields slotted, equal by value and matchable; its fields can be set."""
    return _made(cls, {})


def replaced(value: T, **changes: Any) -> T:
    """A record like `value` with some fields changed."""
    old = {name: getattr(value, name) for name in value.__match_args__}  # type: ignore[attr-defined]  # records have it
    return type(value)(**{**old, **changes})


def _made(cls: type[T], methods: Mapping[str, Callable[..., Any]]) -> type[T]:
    own = vars(cls)
    fields = tuple(name for name, kind in cls.__annotations__.items() if not str(kind).startswith("ClassVar"))
    body = {name: value for name, value in own.items() if name not in (*fields, "__dict__", "__weakref__")}
    body["__slots__"] = body["__match_args__"] = fields
    body["_defaults"] = {name: own[name] for name in fields if name in own}
    body["_few"] = iter(range(_MANY))
    body["_values"] = staticmethod(attrgetter(*fields) if fields else _nothing)
    for name, method in (("__init__", _init), ("__eq__", _eq), ("__repr__", _repr), *methods.items()):
        body.setdefault(name, method)
    made: Any = type(cls.__name__, cls.__bases__, body)
    return made  # type: ignore[no-any-return]  # the same class with slots


def _nothing(_: object) -> tuple[()]:
    return ()


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Set the fields one by one: for the few values that most classes have in a run, compiling would cost more."""
    cls = type(self)
    given = dict(zip(cls.__match_args__, args), **kwargs)  # noqa: B905 - what is too much or too little is seen below
    values = {**cls._defaults, **given}
    fits = len(given) == len(args) + len(kwargs) and values.keys() == set(cls.__match_args__)
    if not fits or next(cls._few, None) is None:
        cls.__init__ = _compiled_init(cls)
        cls.__init__(self, *args, **kwargs)
        return
    for name, value in values.items():
        object.__setattr__(self, name, value.make() if type(value) is _Fresh else value)


def _compiled_init(cls: Any) -> Any:
    names, defaults = cls.__match_args__, cls._defaults
    arguments = ", ".join(f"{name}=_defaults[{name!r}]" if name in defaults else name for name in names)
    lines = [f"    _set_{name}(self, {_value(name, defaults.get(name))})" for name in names] or ["    pass"]
    scope = {f"_set_{name}": vars(cls)[name].__set__ for name in names}
    scope["_defaults"] = defaults
    exec("\n".join([f"def __init__(self, {arguments}):", *lines]), scope)  # the fields' own names, nothing else
    return scope["__init__"]


def _value(name: str, default: object) -> str:
    if not isinstance(default, _Fresh):
        return name
    return f"_defaults[{name!r}].make() if {name} is _defaults[{name!r}] else {name}"


def _eq(self: Any, other: Any) -> Any:
    return self._values(self) == self._values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash((type(self).__name__, self._values(self)))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__name__}({shown})"


def _frozen(self: Any, name: str, *_: object) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: {name!r} stays as it is")


def _reduce(self: Any) -> tuple[Any, ...]:
    return type(self), tuple(getattr(self, name) for name in self.__match_args__)
