"""What modules take of `typing`, without loading it: that and its named tuples would be a third of what a short step costs."""

from __future__ import annotations

from operator import itemgetter

__all__ = ["TYPE_CHECKING", "NamedTuple"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    _FIELDS = tuple(property(itemgetter(place)) for place in range(16))

    class _Named(type):
        """Makes the annotated names of a class the names of its places."""

        def __new__(cls, name, bases, body):
            names = tuple(body.get("__annotations__", ()))
            assert len(names) <= len(_FIELDS), name
            body["_field_defaults"] = {field: body[field] for field in names if field in body}
            body.update(zip(names, _FIELDS))
            body["_fields"] = body["__match_args__"] = names
            body["__slots__"] = ()
            return super().__new__(cls, name, bases, body)

    class NamedTuple(tuple, metaclass=_Named):
        """A tuple with named places, as `typing.NamedTuple` makes it."""

        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                values = _completed(cls, values, named)
            return tuple.__new__(cls, values)

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

        def _asdict(self):
            return dict(zip(self._fields, self))

        def _replace(self, **changes):
            return type(self)(**{**self._asdict(), **changes})

    def _completed(cls, values, named):
        """All values in their order. Raises TypeError where one is missing, unknown or given twice."""
        given = dict(zip(cls._fields, values))
        found = {**cls._field_defaults, **given, **named}
        if len(values) > len(cls._fields) or given.keys() & named.keys() or found.keys() != set(cls._fields):
            raise TypeError(f"{cls.__name__} has the fields {', '.join(cls._fields)}, not {values!r} and {named!r}")
        return tuple(found[name] for name in cls._fields)
