"""Words that people bring from other command lines, Metaflow's above all: what of flowc's each means, for who mistypes a call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.workspace.settings import did_you_mean

_FLOW = "flow.py"

_TARGETS: Mapping[str, str] = {
    "argo-workflows": "argo",
    "argo_workflows": "argo",
    "kubernetes": "argo",
    "k8s": "argo",
    "batch": "step-functions",
    "aws-step-functions": "step-functions",
    "step_functions": "step-functions",
    "sfn": "step-functions",
}
"""Other names of targets."""

_COMMANDS: Mapping[str, str] = {
    "resume": "go on from the newest run with `flowc run {file} --resume`",
    "spin": "run one step again with `flowc run {file} --resume RUN --from STEP`",
    "logs": "`flowc inspect FLOW/RUN/STEP --log` prints what a step printed",
    "dump": "`flowc inspect FLOW/RUN/STEP` lists artifacts; values are read in Python: `Task('…').data.x`",
    "list": "`flowc runs {file}` lists runs",
    "status": "`flowc runs {file}` lists runs and how each ended",
    "tag": "give tags with `flowc run --tag TEXT {file}`, or in Python: `Run('FLOW/RUN').add_tag('tag')`",
    "output-raw": "`flowc ir {file}` prints a flow as JSON",
    "output-dot": "`flowc show {file}` prints the graph",
    "graph": "`flowc show {file}` prints the graph",
    "lint": "`flowc check {file}` finds all mistakes",
    "validate": "`flowc check {file}` finds all mistakes",
    "compile": "`flowc argo create {file}`, or another target in place of argo",
    "create": "say for which target: `flowc argo create {file}`",
    "deploy": "`flowc argo create {file}` makes the file, and the engine's own tools deploy it",
    "trigger": "the engine's own tools start a run, as `argo submit --from workflowtemplate/NAME`",
    "step": "a task is started by `flowc run {file}`, or by an engine",
    "init": "a task is started by `flowc run {file}`, or by an engine",
    "environment": "packages are in the image: `flowc image {file}`",
    "conda": "packages are in the image: `flowc image {file}`",
    "pypi": "packages are in the image: `flowc image {file}`",
    "code": "`flowc package {file}` writes the code as one archive",
    "configure": "settings stand in [tool.flowc] of pyproject.toml: `flowc config` shows them",
    "develop": "flows are checked with `flowc check {file}`; README says how types are",
    "version": "`flowc --version`",
    "help": "`flowc --help`, or `flowc COMMAND --help`",
}

_ENGINES: Mapping[str, tuple[str, str]] = {
    "argo": ("`kubectl apply -f`", "`argo submit --from workflowtemplate/NAME`, `argo list`, `argo terminate`"),
    "airflow": ("a copy into Airflow's folder dags/", "`airflow dags trigger`"),
    "step-functions": ("the tool that deploys your stacks", "`aws stepfunctions start-execution`"),
}
"""How the files of a target are deployed, and what starts and stops its runs."""

_DEPLOYING = frozenset(("deploy", "apply", "push", "upload", "submit"))


def command_for(words: list[str], known: list[str]) -> str:
    """What somebody is told whose first word is no command and no target."""
    word, rest = words[0], words[1:]
    if _is_file(word):
        command = next((each for each in rest if each in known), "run")
        return f"no command before the file: `flowc {command} {word}`"
    file = next(filter(_is_file, rest), _FLOW)
    if word in _TARGETS:
        return f"no command or target `{word}`: it is `flowc {_TARGETS[word]} create {file}`"
    if word in _COMMANDS:
        return f"no command or target `{word}`: {_COMMANDS[word].format(file=file)}"
    return f"no command or target `{word}`{did_you_mean(word, known)}"


def command_of_target(target: str, word: str, rest: list[str]) -> str:
    """What somebody is told whose word behind a target is not `create`."""
    if _is_file(word):
        return f"no command before the file: `flowc {target} create {word}`"
    if word == "--create":
        return f"`create` is a word, not an option: `flowc {target} create {next(filter(_is_file, rest), _FLOW)}`"
    if (close := did_you_mean(word, ["create"])).endswith("?"):
        return f"no command `{word}`{close}"
    create = f"`flowc {target} create {next(filter(_is_file, rest), _FLOW)}`"
    deploying, running = _ENGINES.get(target, ("", ""))
    if word in _DEPLOYING and deploying:
        return f"no command `{word}`: {create} makes the files, and {deploying} deploys them"
    if running:
        return f"no command `{word}`: {create} makes the files, and the engine's own tools do the rest: {running}"
    return f"no command `{word}`: there is {create}"


def _is_file(word: str) -> bool:
    return word.rpartition(":")[0].endswith(".py") or word.endswith((".py", ".ipynb")) or Path(word).is_file()
