"""`typing.NamedTuple` without the import of `typing`, which would add 9 ms to a step (docs/decisions/0018)."""

from __future__ import annotations

from collections import namedtuple

__all__ = ["NamedTuple"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Fields(type):
        """Makes a named tuple of a class, its annotated names the fields."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = list(body.get("__annotations__", ()))
            defaults = [body.pop(field) for field in fields if field in body]
            return type(
                name,
                (namedtuple(name, fields, defaults=defaults, module=body["__module__"]),),
                {**body, "__slots__": ()},
            )

    class NamedTuple(metaclass=_Fields):
        """A tuple with named places, as `typing.NamedTuple` makes it."""
