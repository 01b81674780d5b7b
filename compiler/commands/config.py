"""`flowc config`: which settings hold, and where each comes from."""

from __future__ import annotations

import json
from pathlib import Path

import click

from compiler.commands.targets import BUILT_IN, load_backend
from compiler.config import (
    DEFAULT,
    LOCAL,
    PROJECT,
    SHARED,
    Setting,
    Settings,
    did_you_mean,
    read_settings,
    target_options,
)


@click.command("config")
@click.argument("path", metavar="[FLOW|FOLDER]", type=click.Path(exists=True, path_type=Path), default=".")
@click.option(
    "--target", metavar="NAME", help="What holds for one target, its own settings included; `run` for the local run."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(path: Path, target: str | None, as_json: bool) -> int:
    """Say which settings hold for a flow file or a folder, and where each comes from.

    They are in [tool.flowc] and [tool.flowc.<target>] of the nearest pyproject.toml. What the command line gives goes first.

    \b
      flowc config
      flowc config flow.py --target argo
    """
    settings = read_settings(path)
    found = [settings.get(key, target, {}) for key in _keys(settings, target)]
    if as_json:
        rows = {setting.key: {"value": setting.value, "origin": setting.origin} for setting in found}
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    width = max(len(setting.key) for setting in found)
    for setting in found:
        click.echo(f"{setting.key:<{width}}  {_row(setting)}")
    return 0


def _keys(settings: Settings, target: str | None) -> tuple[str, ...]:
    if target is None:
        return (*SHARED, *PROJECT)
    if target == LOCAL:
        return tuple(SHARED)
    backend = load_backend(target)
    if backend is None:
        raise click.UsageError(f"no target `{target}`{did_you_mean(target, (*BUILT_IN, LOCAL))}")
    target_options(settings, backend, {}, "")  # refuses keys that the target does not know
    return (*SHARED, *backend.target_options)


def _row(setting: Setting) -> str:
    if setting.origin == DEFAULT:
        return click.style("not set", dim=True)
    return f"{json.dumps(setting.value, ensure_ascii=False)}  {click.style(f'({setting.origin})', dim=True)}"
