"""`flowc config`: which settings hold, and where each comes from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from compiler.call.stores import DEFAULT_STORE
from compiler.call.targets import BUILT_IN, load_backend
from compiler.terminal.notes import tell_untrusted
from compiler.terminal.said import Part, Styled, say, say_json
from compiler.workspace.image import PYTHON
from compiler.workspace.package import REQUIREMENTS
from compiler.workspace.settings import (
    DEFAULT,
    LOCAL,
    PROJECT,
    RUN,
    SHARED,
    Setting,
    Settings,
    did_you_mean,
    read_settings,
    target_options,
)
from compiler.workspace.trust import is_trusted

DEFAULTS = {
    "image": "[registry/]<flow>:<code digest>",
    "registry": "none",
    "store": f"{DEFAULT_STORE} for `flowc run`; elsewhere the container's FLOWC_STORE, and ${{StoreBucket}} for step-functions",
    "code": "the image holds the code",
    "namespace": "the target's own",
    "name": "the flow's",
    "max_workers": "the number of processors for `flowc run`, 1000 children of a foreach on step-functions; elsewhere the engine's bound",
    "branch": "that of @project, else user.shared",
    "production": "that of @project",
    "same_code": "a change of the code is told by `flowc inspect`",
    "root": "the folder of pyproject.toml, else of .git, else the flow's",
    "package": "what the flow imports; all of the root where a line imports what only a run names",
    "include": "none",
    "packages": f"{REQUIREMENTS} in the code's root",
    "python": PYTHON,
    "import": "nothing is imported",
    "with": "none",
    "passthrough": "none",
    "path": "`src`, `python`, and the folders of packages in pyproject.toml",
    "start_method": "a fork where that is safe, else a fresh interpreter",
}
"""What holds where nobody says, for each setting that is no target's own."""


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
    if settings.asks_for_import and settings.folder and not is_trusted(settings.folder, os.environ):
        tell_untrusted(settings.folder, os.environ)
    found = [settings.get(key, target, {}) for key in _keys(settings, target)]
    if as_json:
        rows = {setting.key: _facts(setting) for setting in found}
        say_json(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    width = max(len(setting.key) for setting in found)
    for setting in found:
        say(f"{setting.key:<{width}}  ", *_row(setting))
    return 0


def _keys(settings: Settings, target: str | None) -> tuple[str, ...]:
    if target is None:
        return (*SHARED, *PROJECT)
    if target == LOCAL:
        return (*SHARED, *RUN)
    backend = load_backend(target)
    if backend is None:
        raise click.UsageError(f"no target `{target}`{did_you_mean(target, (*BUILT_IN, LOCAL))}")
    target_options(settings, backend, {}, "")  # refuses keys that the target does not know
    return (*SHARED, *backend.target_options)


def _facts(setting: Setting) -> dict[str, object]:
    default = {"default": DEFAULTS[setting.key]} if setting.origin == DEFAULT and setting.key in DEFAULTS else {}
    return {"value": setting.value, "origin": setting.origin, **default}


def _row(setting: Setting) -> tuple[Part, ...]:
    if setting.origin == DEFAULT:
        default = f": {DEFAULTS[setting.key]}" if setting.key in DEFAULTS else ""
        return (Styled(f"not set{default}", dim=True),)
    return f"{json.dumps(setting.value, ensure_ascii=False)}  ", Styled(f"({setting.origin})", dim=True)
