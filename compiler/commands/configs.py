"""`--config` and `--config-value`: where the `Config`s of a flow get their values from instead of their defaults."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from compiler.commands.options import Option
from compiler.config import Settings, did_you_mean
from compiler.frontend.settled import Given
from compiler.ir.flow import Flow
from compiler.mistakes import CallError

Pairs = tuple[tuple[str, str], ...]


def config_parameters() -> tuple[click.Option, ...]:
    """The two options."""
    return (
        Option(
            ["--config", "config_paths"],
            nargs=2,
            multiple=True,
            metavar="NAME PATH",
            help="The file that a Config of the flow reads.",
        ),
        Option(
            ["--config-value", "config_values"],
            nargs=2,
            multiple=True,
            metavar="NAME TEXT",
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


def _put(found: dict[str, Given], name: str, given: Given) -> None:
    if name in found:
        raise CallError(f"the Config {name} is given twice")
    found[name] = given


def _text(path: Path, what: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CallError(f"{what}: cannot read {path}: {error.strerror}") from error
    except UnicodeError as error:
        raise CallError(f"{what}: {path} is not text in UTF-8: {error}") from error


def configured(settings: Settings) -> dict[str, Given]:
    """What `[tool.flowc.config]` and `[tool.flowc.config_value]` give. Raises CallError."""
    if settings.folder is None:
        return {}
    file = settings.folder / "pyproject.toml"
    found: dict[str, Given] = {}
    for name, path in settings.configs.items():
        place = settings.folder / str(path)
        found[name] = Given(place.as_posix(), text=_text(place, f"{file}: [tool.flowc.config] {name}"))
    for name, value in settings.config_values.items():
        place_name = f"[tool.flowc.config_value] {name}"
        given = Given(place_name, text=value) if isinstance(value, str) else Given(place_name, value=value)
        _put(found, name, given)
    return found


def check_given(names: Collection[str], flows: Iterable[Flow]) -> None:
    """Raises CallError for a name that is no flow's Config."""
    known = {config.name for flow in flows for config in flow.configs}
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) if known else "; it has none"
            raise CallError(f"the flow has no Config {name}{hint}")


def merged(settings: Settings, given: Mapping[str, Given]) -> dict[str, Given]:
    """The command line's over the settings'."""
    return {**configured(settings), **given}
