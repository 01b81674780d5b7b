"""The settings of a workspace: its pyproject.toml found, read with the files that it extends, checked, and laid in layers."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from compiler.diagnostics import Report
from compiler.documents import NotParsed
from compiler.reading import TEXT, is_within, read_file
from compiler.workspace.settings import rules
from compiler.workspace.settings.files import ConfigError, SettingsFile, parsed, read_settings_file
from compiler.workspace.settings.folders import all_above, repository, workspace_folder
from compiler.workspace.settings.keys import ENVIRONMENTS, EXTEND, FLOWS
from compiler.workspace.settings.layers import Layer, Settings, ordered
from compiler.workspace.settings.mistakes import SettingsError, did_you_mean, nearest_word
from compiler.workspace.settings.policy import policy_of

NAME = "pyproject.toml"


def read_settings(start: Path, env: str | None = None) -> Settings:
    """The settings of the workspace of a file or folder: of the nearest pyproject.toml upwards that has a table `[tool.flowc]`.

    `env` is the environment whose tables are laid over the others. Raises SettingsError with all that is wrong in the files, and
    ConfigError for an environment that they do not name.
    """
    report = Report()
    own, passed = _workspace(start, report)
    files = tuple(_chain(own, report)) if own else ()
    per_file = _per_file(files, report) if files else []
    if report.failed:
        raise SettingsError(report)
    outer = tuple(_outer(own, files, report))
    if report.failed:
        raise SettingsError(report)
    layers = [layer for each in per_file for layer in each]
    if env is not None:
        _require_environment(env, files, start)
    return Settings(
        own.folder if own else None,
        ordered(layer for layer in layers if layer.env in (None, env)),
        files,
        env,
        None,
        policy_of(files, outer, env),
        _declared(own, passed, start),
    )


def _per_file(files: Iterable[SettingsFile], report: Report) -> list[tuple[Layer, ...]]:
    from compiler.workspace.settings.tables import layers_of  # noqa: PLC0415 - there may be no settings

    return [layers_of(file, report) for file in files]


def _workspace(start: Path, report: Report) -> tuple[SettingsFile | None, list[Path]]:
    """The file of the workspace, and those on the way up to it that have no table: these say nothing about flows."""
    passed: list[Path] = []
    for path in all_above(start, NAME):
        if _may_have_table(path):
            file = read_settings_file(path, report)
            if file is None:
                raise SettingsError(report)
            if file.table is not None:
                return file, passed
        passed.append(path)
    return None, passed


def _may_have_table(path: Path) -> bool:
    """Whether the text of a file has the word, or might spell it with escapes; so may one that cannot be read."""
    try:
        data = read_file(path, TEXT)
    except OSError:
        return True
    return b"flowc" in data or b"\\u" in data.lower()


def _chain(own: SettingsFile, report: Report) -> Iterator[SettingsFile]:
    """A file, and those that it extends, each once."""
    top = repository(own.folder)
    seen = {own.path.resolve()}
    file: SettingsFile | None = own
    while file is not None:
        yield file
        file = _extended(file, top, seen, report)


def _extended(file: SettingsFile, top: Path, seen: set[Path], report: Report) -> SettingsFile | None:
    """The file that a file extends; None where it extends none, or one that cannot be."""
    named = file.table.get(EXTEND) if isinstance(file.table, dict) else None
    if not isinstance(named, str):
        return None
    path = file.folder / named
    path = _plain(path / NAME if path.is_dir() else path)
    problem, cure = _wrong_extension(path, top, seen)
    found: SettingsFile | None = None
    if not problem:
        seen.add(path.resolve())
        found = read_settings_file(path, report)
        if found is not None and found.table is None:
            problem, cure = (
                "it has no table [tool.flowc]",
                "name the file whose settings are meant, or give it that table",
            )
    if problem:
        report.add(rules.BAD_EXTEND, file.span(EXTEND), path=named, problem=problem, cure=cure)
        return None
    return found


def _plain(path: Path) -> Path:
    """A path without `..`, where it leads to the same file so."""
    plain = Path(os.path.normpath(path))
    try:
        return plain if plain.samefile(path) else path
    except (OSError, ValueError):
        return path


def _wrong_extension(path: Path, top: Path, seen: Collection[Path]) -> tuple[str, str]:
    """Why a file cannot be extended, and what to do; empty where it can."""
    try:
        if not path.exists():
            return "there is no such file", "its path starts at the folder of this file"
        if not is_within(path, top):
            return f"it lies outside of the repository `{top}`", "only who runs flowc may say what lies outside of it"
        if path.resolve() in seen:
            return "they go round in a circle", "let the outermost of them extend none"
    except (OSError, ValueError) as error:
        return str(error), "name a file"
    return "", ""


def _require_environment(env: str, files: Sequence[SettingsFile], start: Path) -> None:
    """Raises ConfigError where no file names the environment."""
    known = [name for file in files for name in file.inner(ENVIRONMENTS)]
    if env in known:
        return
    if not known:
        where = f"{files[0].path} has no table [tool.flowc.env.{env}]" if files else f"{start} lies in no workspace"
        raise ConfigError(f"there is no environment `{env}`: {where}")
    raise ConfigError(f"there is no environment `{env}` in {files[0].path}{did_you_mean(env, dict.fromkeys(known))}")


def _outer(own: SettingsFile | None, files: Iterable[SettingsFile], report: Report) -> Iterator[SettingsFile]:
    """The settings files of the repository that lie above the workspace's own, the nearest first: a locked policy holds below it."""
    if own is None:
        return
    top, known = repository(own.folder), {file.path.resolve() for file in files}
    for path in all_above(own.folder, NAME):
        if not is_within(path.parent, top):
            return
        if path.resolve() not in known and _may_have_table(path):
            file = read_settings_file(path, report)
            if file is not None:
                yield file


def _declared(own: SettingsFile | None, passed: Iterable[Path], start: Path) -> tuple[Path, ...]:
    """The folders of packages that each pyproject.toml up to the workspace's own tells its build tool."""
    if own is None and not passed:
        return ()
    from compiler.workspace.layout import declared_folders  # noqa: PLC0415 - there may be no such file

    top = own.folder if own else workspace_folder(start)
    found: list[Path] = []
    for path in (each for each in passed if is_within(each.parent, top)):
        try:
            document = parsed(path, read_file(path, TEXT).decode()).document
        except (OSError, UnicodeDecodeError, NotParsed):
            continue  # it says nothing about flows: its mistakes are its own tools' to tell
        found += (path.parent / each for each in declared_folders(document, path.parent))
    if own is not None:
        found += (own.folder / each for each in declared_folders(own.document, own.folder))
    return tuple(dict.fromkeys(found))


def report_unknown_flows(settings: Settings, names: Collection[str], report: Report) -> None:
    """Warn of tables of flows that are none of those of the workspace, which have these names."""
    from compiler.workspace.settings.tables import hint  # noqa: PLC0415 - there may be no settings

    for layer in settings.layers:
        if layer.flow is not None and layer.flow not in names:
            at = layer.keys[: layer.keys.index(FLOWS) + 2]
            cure = hint(nearest_word(layer.flow, names), names)
            report.add(rules.UNKNOWN_FLOW, layer.file.span(*at), name=layer.flow, hint=cure)
