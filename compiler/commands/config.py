"""`flowc config`: which settings hold, and where each comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import click

from compiler.backends.targets import known_targets, load_backend, missing
from compiler.call.options import WithHelp, env_option, option
from compiler.call.sources import FLOWS, FlowName, Surroundings
from compiler.call.stores import DEFAULT_STORE
from compiler.diagnostics import Report
from compiler.legible import one_line
from compiler.pipeline import read_flows
from compiler.terminal.notes import tell_untrusted
from compiler.terminal.said import Part, Styled, say_json, tell
from compiler.terminal.table import say_table
from compiler.workspace.image.recipes import PYTHON
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
    shared_settings,
)
from compiler.workspace.settings.keys import NAMED, TRACKED
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
    "fuse": "each step has a container of its own",
    "chunk": "each member of a foreach has a container of its own",
    "mlflow.uri": "runs are told to no MLflow server",
    "mlflow.experiment": "one of the flow's name",
    "mlflow.metrics": "none",
    "mlflow.required": "a task goes on where the server does not answer",
    "flows": "all below the workspace's folder",
    "targets": "each that is asked for",
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


@click.command("config", cls=WithHelp)
@click.argument("path", metavar="[FLOW|FOLDER]", type=FLOWS, default=".")
@env_option
@option(
    "--target", metavar="NAME", help="What holds for one target, its own settings included; `run` for the local run."
)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(path: FlowName, env: str | None, target: str | None, as_json: bool) -> int:
    """Say which settings hold for a flow or a folder, and where each comes from: value, table, file and line.

    They are in [tool.flowc] of the nearest pyproject.toml that has this table, and in the files that it extends. What the command line
    gives goes first; then [tool.flowc.env.<name>.flow.<Flow>], [tool.flowc.flow.<Flow>], [tool.flowc.env.<name>.<target>],
    [tool.flowc.env.<name>], [tool.flowc.<target>], [tool.flowc].

    \b
      flowc config
      flowc config flow.py --target argo --env prod
      flowc config flow.py:TrainFlow --json
    """
    settings = _of_flow(path, Surroundings(env=env, imports=False))
    if settings.asks_for_import and settings.folder and not is_trusted(settings.folder, os.environ):
        tell_untrusted(settings.folder, os.environ)
    found = [*(settings.get(key, target) for key in _keys(target)), *_named(settings)]
    if as_json:
        rows = {setting.key: _facts(setting) for setting in found}
        say_json(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    say_table([(one_line(setting.key), *_row(setting)) for setting in found], columns=1)
    return 0


def _of_flow(name: FlowName, surroundings: Surroundings) -> Settings:
    """The settings of a folder, or of the flow that is named or alone in its file."""
    if name.path.is_dir():
        return read_settings(name.path, surroundings.env)
    settings = surroundings.settings(name.path)
    if name.name or not settings.flows:
        return settings.for_flow(name.name) if name.name else settings
    reading = surroundings.reading(name.path)
    flows = read_flows(name.path, Report(), root=surroundings.root(name.path), reading=reading)
    own = [flow.name for flow in flows if flow.name in settings.flows]
    if len(flows) > 1 and own:
        tell(f"note: without the settings that are of one flow: {name.path}:{own[0]} shows those of {own[0]}")
    return settings.for_flow(flows[0].name) if len(flows) == 1 else settings


def _keys(target: str | None) -> tuple[str, ...]:
    if target is None:
        return (*SHARED, *TRACKED, *PROJECT)
    if target == LOCAL:
        return (*SHARED, *TRACKED, *RUN)
    backend = load_backend(target)
    if backend is None:
        known = (*known_targets(target), LOCAL)
        raise click.UsageError(missing(target) or f"no target `{target}`{did_you_mean(target, known)}")
    return (*shared_settings(backend), *TRACKED, *backend.target_options)


def _named(settings: Settings) -> Iterator[Setting]:
    """The settings under names of the author's own, and the keys of the policy."""
    for key in NAMED:
        yield from settings.named(key).values()
    yield from settings.policy_settings.values()


def _facts(setting: Setting) -> dict[str, object]:
    default = {"default": DEFAULTS[setting.key]} if setting.layer == DEFAULT and setting.key in DEFAULTS else {}
    place = {"file": str(setting.file), "line": setting.line} if setting.source else {}
    return {"value": setting.value, "origin": setting.origin, "layer": setting.layer, **place, **default}


def _row(setting: Setting) -> tuple[Part, ...]:
    if setting.layer == DEFAULT:
        default = f": {DEFAULTS[setting.key]}" if setting.key in DEFAULTS else ""
        return (Styled(f"not set{default}", dim=True),)
    place = f"{one_line(setting.origin)}:{setting.line}" if setting.source else setting.origin
    return json.dumps(setting.value, ensure_ascii=False), Styled(f"({place})", dim=True)
