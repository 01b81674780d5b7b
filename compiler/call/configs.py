"""`--config` and `--config-value`: where the `Config`s of a flow get their values from instead of their defaults."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from compiler.call.options import READING, Option
from compiler.documents import NotParsed, parse_json
from compiler.frontend.values.config_values import Given
from compiler.ir.flow import Flow
from compiler.mistakes import CallError
from compiler.reading import TEXT, is_within, read_file, reason
from compiler.workspace.settings import CONFIGS, Setting, Settings, SettingsError, did_you_mean, repository
from compiler.workspace.settings.rules import BAD_PATH

Pairs = tuple[tuple[str, str], ...]


def config_parameters() -> tuple[click.Option, ...]:
    """The two options."""
    return (
        Option(
            ["--config", "config_paths"],
            nargs=2,
            multiple=True,
            metavar="NAME FILE",
            group=READING,
            help="The file that a Config of the flow reads.",
        ),
        Option(
            ["--config-value", "config_values"],
            nargs=2,
            multiple=True,
            metavar="NAME VALUE",
            group=READING,
            help="The text that a Config of the flow reads, JSON unless it has another parser.",
        ),
    )


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The two options, above a command."""
    for option in reversed(config_parameters()):
        if not hasattr(command, "__click_params__"):
            command.__click_params__ = []  # type: ignore[attr-defined]  # where click collects what stands above a function
        command.__click_params__.append(option)  # type: ignore[attr-defined]  # as above
    return command


def given_configs(paths: Pairs, values: Pairs) -> dict[str, Given]:
    """What the command line gives, by the `Config`'s name. Raises CallError."""
    found: dict[str, Given] = {}
    for name, path in paths:
        _put(found, name, Given(path, text=_text(Path(path), f"--config {name}")))
    for name, text in values:
        _put(found, name, Given(f"--config-value {name}", text=text))
    return found


PATHS, VALUES = "METAFLOW_FLOW_CONFIG", "METAFLOW_FLOW_CONFIG_VALUE"
"""The variables that give `Config`s to a local run, as JSON objects: files and values by the `Config`'s name."""


def from_environment(environment: Mapping[str, str]) -> dict[str, Given]:
    """What the two variables give. Raises CallError."""
    found: dict[str, Given] = {}
    for name, path in _object(environment, PATHS).items():
        _put(found, name, Given(str(path), text=_text(Path(str(path)), f"{PATHS}: {name}")))
    for name, value in _object(environment, VALUES).items():
        text = value if isinstance(value, str) else _json(value)
        _put(found, name, Given(f"{VALUES}: {name}", text=text))
    return found


def _json(value: object) -> str:
    import json  # noqa: PLC0415 - few calls are given a Config

    return json.dumps(value)


def _object(environment: Mapping[str, str], variable: str) -> dict[str, Any]:
    try:
        found = parse_json(environment.get(variable) or "{}")
    except NotParsed as error:
        raise CallError(f"the variable {variable} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise CallError(f"the variable {variable} must be a JSON object of Configs by their names")
    return found


def unread(environment: Mapping[str, str], configs: Collection[str]) -> str | None:
    """What to tell who sets one of the variables and compiles flows with these `Config`s: every machine prints the same bytes."""
    there = [name for name in (PATHS, VALUES) if environment.get(name)]
    if not there or not configs:
        return None
    return (
        f"{' and '.join(there)}: read by `flowc run` alone; give --config or --config-value, or say it in [tool.flowc]"
    )


def _put(found: dict[str, Given], name: str, given: Given) -> None:
    if name in found:
        raise CallError(f"the Config {name} is given twice")
    found[name] = given


def _text(path: Path, what: str) -> str:
    try:
        return read_file(path, TEXT, pipes=True).decode("utf-8-sig")
    except OSError as error:
        raise CallError(f"{what}: cannot read {path}: {error.strerror}") from error
    except UnicodeError as error:
        raise CallError(f"{what}: {path} is not text in UTF-8: {error}") from error


def configured(settings: Settings) -> dict[str, Given]:
    """What `[tool.flowc.config]` and `[tool.flowc.config_value]` give. Raises SettingsError."""
    found: dict[str, Given] = {}
    for name, setting in settings.configs.items():
        place_name, value = f"{setting.layer} {name}", setting.value
        if setting.key.startswith(CONFIGS[0] + "."):
            found[name] = _of_file(name, setting)
        else:
            found[name] = Given(place_name, text=value) if isinstance(value, str) else Given(place_name, value=value)
    return found


def _of_file(name: str, setting: Setting) -> Given:
    """What a file gives that the settings name: one of their repository. Raises SettingsError."""
    assert setting.source is not None
    path = str(setting.value)
    place = setting.source.folder / path
    if not is_within(place, repository(setting.source.folder)):
        cure = f"give it with `--config {name} PATH`, where it is meant"
        raise SettingsError.at(setting, BAD_PATH, path=path, problem="that leads out of the repository", cure=cure)
    try:
        return Given(place.as_posix(), text=read_file(place, TEXT).decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        why = "it is not text in UTF-8" if isinstance(error, UnicodeError) else f"it cannot be read ({reason(error)})"
        cure = "name a file that can be; its path starts at the folder of the settings' file"
        raise SettingsError.at(setting, BAD_PATH, path=path, problem=why, cure=cure) from error


def check_given(names: Collection[str], flows: Iterable[Flow]) -> None:
    """Raises CallError for a name that is no flow's Config."""
    check_known(names, {config.name for flow in flows for config in flow.configs})


def check_known(names: Collection[str], known: Collection[str]) -> None:
    """Raises CallError for a name that is none of these `Config`s."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) if known else "; it has none"
            raise CallError(f"the flow has no Config {name}{hint}")


def merged(settings: Settings, *given: Mapping[str, Given]) -> dict[str, Given]:
    """What the settings give, and over it what is given otherwise, the strongest last."""
    found = configured(settings)
    for each in given:
        found.update(each)
    return found
