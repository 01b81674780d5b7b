"""Words that people bring from other command lines, Metaflow's above all: what of flowc's each means, for who mistypes a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.backends.targets import missing
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
    "spin": "`flowc replay FLOW/RUN/STEP` does one task of a run again; `flowc run {file} --resume RUN --from STEP` all that follows, too",
    "dump": "`flowc inspect FLOW/RUN/STEP` lists artifacts; values are read in Python: `Task('…').data.x`",
    "list": "`flowc runs {file}` lists runs",
    "tag": "give tags with `flowc run --tag TEXT {file}`, or in Python: `Run('FLOW/RUN').add_tag('tag')`",
    "output-raw": "`flowc ir {file}` prints a flow as JSON",
    "output-dot": "`flowc show {file}` prints the graph",
    "graph": "`flowc show {file}` prints the graph",
    "lint": "`flowc check {file}` finds all mistakes",
    "validate": "`flowc check {file}` finds all mistakes",
    "compile": "`flowc argo create {file}`, or another target in place of argo",
    "create": "say for which target: `flowc argo create {file}`",
    "deploy": "say for which target: `flowc argo deploy {file}`",
    "trigger": "say for which target: `flowc argo trigger {file}`",
    "suspend": "say for which target: `flowc argo suspend NAME`",
    "step": "a task is started by `flowc run {file}`, or by an engine",
    "init": "a task is started by `flowc run {file}`, or by an engine",
    "environment": "packages are in the image: `flowc image {file}`",
    "conda": "packages are in the image: `flowc image {file}`",
    "pypi": "packages are in the image: `flowc image {file}`",
    "code": "`flowc package {file}` writes the code as one archive",
    "configure": "settings stand in [tool.flowc] of pyproject.toml: `flowc config` shows them",
    "develop": "flows are checked with `flowc check {file}`; docs/editors.md says how types are",
    "version": "`flowc --version`",
    "help": "`flowc --help`, or `flowc COMMAND --help`",
}

_OF_TARGETS: Mapping[str, str] = {
    "apply": "deploy",
    "push": "deploy",
    "upload": "deploy",
    "submit": "trigger",
    "start": "trigger",
    "unpause": "resume",
    "pause": "suspend",
    "enable": "resume",
    "disable": "suspend",
    "remove": "delete",
}
"""What others call the verbs of a target."""

_OF_RUNS: Mapping[str, str] = {
    "list-runs": "runs FLOW --target {target}",
    "runs": "runs FLOW --target {target}",
    "status": "status RUN",
    "logs": "logs RUN",
    "wait": "wait RUN",
    "retry": "retry RUN",
    "redrive": "retry RUN",
    "terminate": "terminate RUN",
    "stop": "terminate RUN",
    "open": "open RUN",
    "doctor": "doctor {target}",
}
"""What is asked for behind a target and needs none: the id of a run says whose it is."""


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
    return missing(word) or f"no command or target `{word}`{did_you_mean(word, known)}"


def command_of_target(target: str, word: str, rest: list[str], known: Sequence[str]) -> str:
    """What somebody is told whose word behind a target is none of its verbs, which are `known`."""
    if _is_file(word):
        return f"no command before the file: `flowc {target} create {word}`"
    file = next(filter(_is_file, rest), _FLOW)
    if word == "--create":
        return f"`create` is a word, not an option: `flowc {target} create {file}`"
    if word in _OF_TARGETS:
        verb = _OF_TARGETS[word]
        named = file if verb in ("deploy", "trigger") else "NAME"
        return f"no command `{word}`: it is `flowc {target} {verb} {named}`"
    if word in _OF_RUNS:
        return f"no command `{word}` of a target: it is `flowc {_OF_RUNS[word].format(target=target)}`"
    return f"no command `{word}`{did_you_mean(word, known)}"


def _is_file(word: str) -> bool:
    return word.rpartition(":")[0].endswith(".py") or word.endswith((".py", ".ipynb")) or Path(word).is_file()
