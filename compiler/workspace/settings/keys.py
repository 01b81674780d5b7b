"""The settings that there are: what each is for, which values it takes, and which tables it may stand in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

SHARED = {
    "image": "the container image of every step without one of its own",
    "registry": "put before the image's default name, <flow>:<code digest>",
    "store": "URL of the artifact store: file:/path, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix",
    "code": "URL of the code archive that the steps fetch; without it the image holds the code",
    "namespace": "where the target deploys: a Kubernetes namespace",
    "name": "the deployment's name, instead of the flow's",
    "max_workers": "how many tasks of a run may run at once",
    "branch": "the branch of a flow with @project",
    "production": "whether the branch of a flow with @project is its production",
    "same_code": "whether a task fails rather than go on from what other code of the flow has left",
    "fuse": "whether steps in a row that ask for the same container share one; or the names of those that do",
    "chunk": "how many members of a foreach one container does, by the first step of its body",
}
"""Settings that targets share, in each table of settings, with a line of help each; some target has no use for one: `shared_settings`."""

PROJECT = {
    "flows": "where the workspace's flows are: globs, relative to pyproject.toml",
    "targets": "for which targets a flow of the workspace is compiled; without it for each that is asked for",
    "root": "the folder that goes into the code archive, relative to pyproject.toml",
    "package": "what a flow's package holds: `root` is all of the root, `imports` what it imports even where a name is computed",
    "include": "more files of every flow's package, as globs relative to pyproject.toml",
    "packages": "what `flowc image` installs with pip, instead of requirements.txt",
    "python": "the Python version of `flowc image`",
    "import": "whether the modules of flows are imported for what their text does not tell",
    "with": "decorators that every step gets: `retry:times=2`",
    "passthrough": "names of `metaflow` that the image has, of extensions",
    "path": "more folders where imports are looked for, relative to pyproject.toml",
}
"""Settings of no target."""

OF_WORKSPACE = ("flows", "import")
"""Those of PROJECT that hold for the whole workspace, in every environment."""

OF_FLOW = ("targets", "package", "include", "packages", "python", "with")
"""Those of PROJECT that a flow may have of its own: all others decide how its file is found and read."""

EXTEND = "extend"
"""Names another settings file, whose settings hold where this one says nothing."""

IMAGES = "images"
"""The table of the images of single steps, by step: `[tool.flowc.images]`."""

CONFIGS = ("config", "config_value")
"""Tables by the name of a flow's `Config`: the path of its file, relative to pyproject.toml, and its value."""

NAMED = (IMAGES, *CONFIGS)
"""Tables whose keys are names of the author's own; each of them is a setting of its own."""

CONNECTION = "connection"
"""The table within a target's of how its engine is reached: `[tool.flowc.argo.connection]`. No compile reads it."""

POLICY = "policy"
"""The table of what the workspace asks of its flows."""

ENVIRONMENTS, FLOWS = "env", "flow"
"""Tables of tables: by the environment that `--env` names, and by flow."""

MLFLOW = "mlflow"
"""The table of the MLflow server that runs are told to: `[tool.flowc.mlflow]`. Each of its keys is a setting of its own."""

TRACKING = {
    "uri": "the MLflow server that runs and tasks are told to: http://… or https://…",
    "experiment": "the experiment there, instead of one of the flow's name",
    "metrics": "which artifacts are metrics there: `numbers`, or a list of names",
    "required": "whether a task fails that cannot be told there",
}
"""The keys of that table, which may stand in every table of settings."""

TRACKED = tuple(f"{MLFLOW}.{key}" for key in TRACKING)
"""The settings that they are."""

MLFLOW_URI = f"{MLFLOW}.uri"
"""The one that the command line gives, too: `--mlflow`."""

NUMBERS = "numbers"
"""Says of `metrics` that every number is one."""

LOCAL = "run"
"""The table of `flowc run`, `runs` and `inspect`: `[tool.flowc.run]`."""

RUN = {"start_method": "how the process of a task starts: `fork` or `spawn`"}
"""Settings of the local run alone."""

START_METHODS = ("fork", "spawn")

PACKAGES = ("root", "imports")
"""What `package` takes."""

URLS = ("store", "code", MLFLOW_URI)
"""Settings that are URLs, in which no secret may stand."""

MAY_BE_EMPTY = ("registry", MLFLOW_URI)
"""Settings that an empty text takes back, as for one environment."""

Kind = Literal["text", "number", "flag", "words", "steps", "portions", "server", "numbers"]

KINDS: Mapping[str, Kind] = {
    "max_workers": "number",
    "production": "flag",
    "same_code": "flag",
    "import": "flag",
    "include": "words",
    "packages": "words",
    "passthrough": "words",
    "path": "words",
    "with": "words",
    "flows": "words",
    "targets": "words",
    "fuse": "steps",
    "chunk": "portions",
    "mlflow.uri": "server",
    "mlflow.metrics": "numbers",
    "mlflow.required": "flag",
}
"""The kind of each setting of ours that is no text."""


def wants(key: str, value: object) -> str | None:
    """What a setting of ours takes, as a noun; None where this value is that."""
    kind = KINDS.get(key, "text")
    if kind == "text":
        return _wants_text(key, value)
    if key in ("flows", "include") and isinstance(value, list) and any(map(_leads_up, value)):
        return "globs of files below the folder of this file"
    takes, noun = _TAKES[kind]
    return None if takes(value) else noun


def _wants_text(key: str, value: object) -> str | None:
    words = _ONE_OF.get(key)
    if words:
        return None if value in words else " or ".join(f"`{word}`" for word in words)
    is_taken_back = key in MAY_BE_EMPTY and value == ""
    return None if is_taken_back or is_text(value) else "a text"


def is_text(value: object) -> bool:
    """Whether a value is text that says something, and that a file may be called."""
    return isinstance(value, str) and value != "" and "\0" not in value


_ONE_OF: Mapping[str, tuple[str, ...]] = {"start_method": START_METHODS, "package": PACKAGES}
"""Settings that take one of a few words."""


def _is_portion(value: object) -> bool:
    """Whether a value is so many members, or these and how many of them at once."""
    if isinstance(value, Mapping):
        return "size" in value and value.keys() <= {"size", "workers"} and all(map(_is_count, value.values()))
    return _is_count(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _leads_up(glob: object) -> bool:
    return isinstance(glob, str) and (glob.startswith(("/", "~")) or ".." in glob.split("/"))


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(is_text, value))


_TAKES: Mapping[Kind, tuple[Callable[[object], bool], str]] = {
    "flag": (lambda value: isinstance(value, bool), "true or false"),
    "number": (_is_count, "a whole number from 1"),
    "words": (_are_texts, "a list of texts"),
    "steps": (
        lambda value: isinstance(value, bool) or (bool(value) and _are_texts(value)),
        "true, false or a list of steps",
    ),
    "server": (
        lambda value: (
            value == "" or (isinstance(value, str) and re.fullmatch(r"https?://[^/\s]+(/[!-~]*)?", value) is not None)
        ),
        "the URL of a server",
    ),
    "numbers": (
        lambda value: value == NUMBERS or _are_texts(value),
        "`numbers` or a list of texts",
    ),
    "portions": (
        lambda value: isinstance(value, Mapping) and all(map(_is_portion, value.values())),
        "a table of numbers from 1 by step",
    ),
}
"""What a value of each kind is that is no text, and its noun."""
