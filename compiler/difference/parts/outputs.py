"""What the targets get of two states of a flow: settings, the code's archive, and which files change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff

from compiler.backends import Options, OutputFile
from compiler.difference.part_changes import (
    HelpersChanged,
    OnlyCodeChanged,
    OutputAdded,
    OutputChange,
    OutputChanged,
    OutputRemoved,
    OutputRenamed,
    PackageFilesChanged,
    SettingChanged,
    TargetRefuses,
    TargetTakes,
)
from compiler.difference.sides import Emitted, State
from compiler.difference.values import hidden, whole
from compiler.ir.flow import Value


def output_changes(old: State, new: State) -> Iterator[OutputChange]:
    """What differs beside the plan."""
    before, now = old.code.helpers, new.code.helpers
    if names := tuple(name for name in {**now, **before} if before.get(name) != now.get(name)):
        yield HelpersChanged(names)
    if files := tuple(_files(old, new)):
        yield PackageFilesChanged(files)
    for target in {**new.emitted, **old.emitted}:
        made, makes = old.emitted.get(target), new.emitted.get(target)
        if made and makes:
            yield from (SettingChanged(target, *each) for each in setting_changes(made.options, makes.options))
        yield from _target(target, made, makes)


def _files(old: State, new: State) -> Iterator[str]:
    """The files of the archives that differ, each with its sign; the flow's own file is told by its parts."""
    own = {old.path, new.path}
    for path in sorted({*old.archive, *new.archive} - own):
        if path not in old.archive:
            yield f"+{path}"
        elif path not in new.archive:
            yield f"-{path}"
        elif not new.archive[path].is_as(old.archive[path]):
            yield f"~{path}"


def setting_changes(old: Options, new: Options) -> Iterator[tuple[str, str, str]]:
    """The settings of a target that are others: key, value before, value now."""
    before, now = _settings(old), _settings(new)
    for key in {**now, **before}:
        pair = before.get(key, "nothing"), now.get(key, "nothing")
        if pair[0] != pair[1]:
            yield key, hidden(key, pair[0]), hidden(key, pair[1])


def _settings(options: Options) -> dict[str, str]:
    """Each setting that somebody gave, tables by their keys with dots between."""
    names = ("image", "store", "code", "namespace", "name", "max_workers", "same_code")
    given: dict[str, Value] = {name: getattr(options, name) for name in names}
    found = {name: whole(value) for name, value in given.items() if value is not None and value is not False}
    for table, values in (("images.", options.images), ("mlflow.", options.mlflow), ("", options.target)):
        found |= dict(_leaves(table, values))
    return found


def _leaves(prefix: str, values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", whole(value)


def _target(target: str, old: Emitted | None, new: Emitted | None) -> Iterator[OutputChange]:
    refused = tuple(f"{each.rule.code}: {each.message}" for each in new.refused) if new else ()
    refused_before = tuple(f"{each.rule.code}: {each.message}" for each in old.refused) if old else ()
    if refused and not refused_before and old:
        yield TargetRefuses(target, "; ".join(refused))
    if refused_before and not refused and new:
        yield TargetTakes(target, "; ".join(refused_before))
    made, makes = dict(_named(old)), dict(_named(new))
    for (role, before), (other, now) in _pairs(made, makes):
        if before is None and now is not None:
            yield OutputAdded(target, other)
        elif now is None and before is not None:
            yield OutputRemoved(target, role)
        elif before is not None and now is not None:
            yield from _file(target, before, now)


_File = tuple[OutputFile, str]
"""A file, and its text without the code's digest."""


def _named(emitted: Emitted | None) -> Iterator[tuple[str, _File]]:
    if emitted:
        yield from ((file.name, (file, text)) for file, text in zip(emitted.files, emitted.neutral, strict=True))


def _pairs(
    old: Mapping[str, _File], new: Mapping[str, _File]
) -> Iterator[tuple[tuple[str, _File | None], tuple[str, _File | None]]]:
    """The files of both sides, those of one name together; of those that are left the one of the same kind: `X.jobs.json`."""
    left = {_kind(name): name for name in old if name not in new}
    for name, file in new.items():
        before = name if name in old else left.pop(_kind(name), None)
        yield (before or name, old[before] if before else None), (name, file)
    yield from (((name, old[name]), (name, None)) for name in left.values())


def _kind(name: str) -> str:
    """The endings of a file: what it is for its target, whatever the deployment is called."""
    return name.partition(".")[2]


def _file(target: str, old: _File, new: _File) -> Iterator[OutputChange]:
    (before, neutral_before), (now, neutral_now) = old, new
    if before.name != now.name:
        yield OutputRenamed(target, before.name, now.name)
    if before.text == now.text:
        return
    if neutral_before == neutral_now:
        yield OnlyCodeChanged(target, now.name)
        return
    lines = list(unified_diff(neutral_before.split("\n"), neutral_now.split("\n"), lineterm="", n=0))[2:]
    yield OutputChanged(
        target, now.name, sum(each.startswith("+") for each in lines), sum(each.startswith("-") for each in lines)
    )
