"""Parameters and `Config`s of two flows: which came, went, or are others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from compiler.difference.changes import (
    ConfigAdded,
    ConfigChanged,
    ConfigRemoved,
    ParameterAdded,
    ParameterAttributeRenamed,
    ParameterChange,
    ParameterChoicesGained,
    ParameterChoicesLost,
    ParameterDefaultChanged,
    ParameterHelpChanged,
    ParameterListChanged,
    ParameterMadeOptional,
    ParameterMadeRequired,
    ParameterRemoved,
    ParameterRenamed,
    ParametersReordered,
    ParameterTypeChanged,
    ParameterVariablesChanged,
    RequiredParameterAdded,
)
from compiler.difference.matching import mutual
from compiler.difference.values import hidden, masked, whole
from compiler.ir.flow import Config, Dynamic, Flow, Parameter

NONE = ("nothing",)


def parameter_changes(old: Flow, new: Flow) -> Iterator[ParameterChange]:
    """The changes in the order of the new flow's text, then what is gone."""
    same = _same(old.parameters, new.parameters)
    for parameter in new.parameters:
        before = same.get(parameter.name)
        if before is None:
            yield _added(parameter)
        else:
            yield from _changed(before, parameter)
    kept = {before.name for before in same.values()}
    yield from (ParameterRemoved(each.name) for each in old.parameters if each.name not in kept)
    orders = (
        [each.name for each in old.parameters if each.name in kept],
        [same[n.name].name for n in new.parameters if n.name in same],
    )
    if orders[0] != orders[1]:
        yield ParametersReordered(tuple(orders[0]), tuple(orders[1]))
    yield from _configs(old.configs, new.configs)


def _same(old: tuple[Parameter, ...], new: tuple[Parameter, ...]) -> dict[str, Parameter]:
    """By the name of today: the parameter as it was. Those of one name, then of one artifact, then of equal facts."""
    known = {each.name: each for each in old}
    found = {each.name: known[each.name] for each in new if each.name in known}
    left = [each for each in old if each.name not in found]
    right = [each for each in new if each.name not in found]
    for pair in (
        mutual(left, right, lambda one, other: one.attribute == other.attribute),
        mutual(left, right, lambda one, other: bool(one.help or one.default) and _facts(one) == _facts(other)),
    ):
        for before, now in pair.items():
            if now.name not in found and before not in found.values():
                found[now.name] = before
    return found


def _facts(parameter: Parameter) -> tuple[object, ...]:
    return (
        parameter.type,
        _whole_default(parameter),
        parameter.required,
        parameter.help,
        _takes(parameter),
        parameter.choices,
    )


def _added(parameter: Parameter) -> ParameterChange:
    if parameter.required:
        return RequiredParameterAdded(parameter.name)
    return ParameterAdded(parameter.name, _default(parameter))


def _changed(old: Parameter, new: Parameter) -> Iterator[ParameterChange]:
    name = new.name
    if old.name != name:
        yield ParameterRenamed(old.name, name)
    elif old.attribute != new.attribute:
        yield ParameterAttributeRenamed(name, old.attribute, new.attribute)
    if old.type != new.type:
        yield ParameterTypeChanged(name, old.type, new.type)
    yield from _defaults(old, new)
    if _takes(old) != _takes(new):
        yield ParameterListChanged(name, _takes(old), _takes(new))
    if old.choices != new.choices:
        yield from _choices(name, old.choices, new.choices)
    if old.envvar != new.envvar:
        yield ParameterVariablesChanged(name, old.envvar or NONE, new.envvar or NONE)
    if old.help != new.help:
        yield ParameterHelpChanged(name)


def _defaults(old: Parameter, new: Parameter) -> Iterator[ParameterChange]:
    if old.required != new.required:
        made: ParameterChange = (
            ParameterMadeRequired(new.name, _default(old))
            if new.required
            else ParameterMadeOptional(new.name, _default(new))
        )
        yield made
    elif _whole_default(old) != _whole_default(new):
        yield ParameterDefaultChanged(new.name, _default(old), _default(new))


def _choices(name: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[ParameterChange]:
    lost = tuple(each for each in old if each not in new) if new else ()
    gained = tuple(each for each in new if each not in old) if old else ()
    if not old or lost:
        yield ParameterChoicesLost(name, lost if old else (f"anything but {', '.join(new)}",))
    if not new or gained:
        yield ParameterChoicesGained(name, gained if new else ("anything",))


def _takes(parameter: Parameter) -> str:
    many = "several values" if parameter.multiple else "one value"
    return f"{many} separated by {json.dumps(parameter.separator)}" if parameter.separator else many


def _default(parameter: Parameter) -> str:
    if parameter.file is not None:
        return f"the file {parameter.file}"
    if parameter.absent is not None:
        return f"the file {parameter.absent}, which is not there"
    return masked(parameter.name, parameter.default) if parameter.has_default else "nothing"


def _whole_default(parameter: Parameter) -> tuple[str | None, str | None, str]:
    return parameter.file, parameter.absent, whole(parameter.default) if parameter.has_default else "nothing"


def _configs(old: tuple[Config, ...], new: tuple[Config, ...]) -> Iterator[ParameterChange]:
    before, now = ({each.name: each for each in side} for side in (old, new))
    for name, config in now.items():
        if name not in before:
            yield ConfigAdded(name)
        else:
            yield from _config(before[name], config)
    yield from (ConfigRemoved(name) for name in before if name not in now)


def _config(old: Config, new: Config) -> Iterator[ParameterChange]:
    if old.text != new.text:
        yield ConfigChanged(new.name, "", "another text", "a text that its own parser reads")
    elif (old.attribute, old.owner) != (new.attribute, new.owner):
        yield ConfigChanged(new.name, "", f"{old.owner}.{old.attribute}", f"{new.owner}.{new.attribute}")
    before, now = _flat(old.value, ""), _flat(new.value, "")
    for key in {**before, **now}:
        pair = before.get(key, "nothing"), now.get(key, "nothing")
        if pair[0] != pair[1]:
            yield ConfigChanged(new.name, key, hidden(key, pair[0]), hidden(key, pair[1]))


def _flat(value: object, key: str) -> dict[str, str]:
    """The leaves of a value, by their keys with dots between."""
    if isinstance(value, Mapping) and value:
        found: dict[str, str] = {}
        for name, item in value.items():
            found |= _flat(item, f"{key}.{name}" if key else str(name))
        return found
    assert value is None or isinstance(value, (bool, int, float, str, tuple, Mapping, Dynamic))
    return {key: whole(value)}
