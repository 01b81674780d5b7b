"""`python flow.py …`: the compiler's command where it is installed, else what to run.

The words are those of the language's own command line; each becomes what comes closest to it of `flowc`, and what that does
differently is said on stderr. What has no counterpart is refused with what to use.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

from flowc.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

_TARGETS = {
    "argo-workflows": "argo",
    "argo": "argo",
    "airflow": "airflow",
    "step-functions": "step-functions",
    "stepfunctions": "step-functions",
}
_APPLY = {
    "argo": "apply it with `kubectl apply -f`",
    "airflow": "copy it into the folder dags/",
    "step-functions": "give it to the tool that deploys your stacks",
}
_ENGINES = {
    "argo": "use `argo submit --from workflowtemplate/NAME`, `argo list`, `argo terminate`",
    "airflow": "use `airflow dags trigger`",
    "step-functions": "use `aws stepfunctions start-execution`",
}
_INSTEAD = {
    "step": "a task is started by `flowc run`, or by an engine",
    "init": "a task is started by `flowc run`, or by an engine",
    "spin": "run one step again with `flowc run --resume RUN --from STEP`",
    "tag": "use the client: `Run('Flow/RUN').add_tag('tag')`",
    "output-raw": "use `flowc ir FLOW`",
    "output-dot": "use `flowc show FLOW`",
    "batch": "use `flowc step-functions create`: its jobs run on AWS Batch",
    "kubernetes": "use `flowc argo create`, or `flowc airflow create`",
    "environment": "packages are in the image: `flowc image FLOW`",
    "conda": "packages are in the image: `flowc image FLOW`",
    "code": "read the code from the package that the deployment names",
}

_VALUED = {
    "--max-workers": "", "--tag": "", "--run-id-file": "", "--runner-attribute-file": "", "--branch": "", "--store": "",
    "--with": "", "--run-id": "", "--root": "", "--parameters": "", "--resume": "", "--from": "",
    "--config": "", "--config-value": "", "--namespace": "", "--user-namespace": "", "--datastore": "", "--datastore-root": "",
    "--environment": "packages are in the image: `flowc image`",
    "--metadata": "runs are found in the store",
    "--max-num-splits": "a foreach has no limit here",
    "--max-log-size": "the first and the last 8 MiB of a task's output are kept",
    "--package-suffixes": ".gitignore and .flowcignore say what is left out of the code",
    "--event-logger": "there is none", "--monitor": "there is none", "--local-config-file": "there is none",
}  # fmt: skip
"""Options with a value, and what is said where they have no effect."""

_FLAGS = {
    "--production": "", "--no-pylint": "", "--pylint": "", "--quiet": "", "--not-quiet": "", "--no-warnings": "", "--warnings": "",
    "--force-rebuild-environments": "", "--no-force-rebuild-environments": "", "--coverage": "", "--json": "", "--retry-pause": "",
    "--timestamps": "",
}  # fmt: skip
_PASSED = frozenset(
    ("--max-workers", "--tag", "--run-id-file", "--runner-attribute-file", "--branch", "--store", "--with", "--run-id", "--root",
     "--config", "--config-value", "--parameters", "--resume", "--from", "--production", "--json", "--retry-pause", "--timestamps")
)  # fmt: skip
"""Options that are flowc's too, under the same name."""

_PAIRS = frozenset(("--config", "--config-value"))
"""Options with two values."""


_COMPAT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_compat")


class Started(NamedTuple):
    """The words of `flowc`, what to say of them, and variables to set."""

    words: list[str]
    said: list[str] = []  # noqa: RUF012 - nobody changes it
    variables: dict[str, str] = {}  # noqa: RUF012 - nobody changes it


class NotHere(Exception):
    """What was asked for is not there; the text says what to use."""


def start(flow: Any, words: list[str]) -> NoReturn:
    """Do what `flowc` does with this file, and exit as it does."""
    path = os.path.relpath(words[0])
    try:
        meant = started(f"{path}:{flow.__name__}", words[1:])
    except NotHere as error:
        sys.exit(_mistake(str(error)))
    if find_spec("compiler") is None:
        sys.exit(f"to do this, install flowc where you work, and run: flowc {' '.join(meant.words)}")
    for text in meant.said:
        sys.stderr.write(f"flowc: {text}\n")
    command = [sys.executable, "-P", "-m", "compiler", *meant.words]
    sys.stderr.flush()
    sys.exit(subprocess.run(command, env={**os.environ, **meant.variables}, check=False).returncode)


def run_file(words: list[str]) -> int:
    """`python -m flowc flow.py WORDS`: what `python flow.py WORDS` does where `metaflow` is this package, installed or not."""
    path = words[0]
    if not os.path.isfile(path):
        return _mistake(f"there is no file {path}")
    from runpy import run_path

    sys.path[:0] = [os.path.dirname(os.path.abspath(path)), _COMPAT]
    sys.argv = list(words)
    run_path(path, run_name="__main__")
    return _mistake(
        f"{path} starts no flow: it ends with `if __name__ == '__main__': MyFlow()`, or use `flowc run {path}`"
    )


def _mistake(text: str) -> int:
    sys.stderr.write(f"error: {text}\n")
    return 2


def started(flow: str, words: list[str]) -> Started:
    """What `python flow.py WORDS` means. Raises NotHere."""
    top = _Options(words, has_parameters=False)
    if not top.rest:
        return Started(["show", flow], ["`python flow.py --help` says what else there is"])
    first, rest = top.rest[0], top.rest[1:]
    if first in ("--help", "-h", "help"):
        return Started(["--help"])
    if first in ("--version", "version"):
        return Started(["--version"])
    if first in _TARGETS:
        return _target(_TARGETS[first], flow, top, rest)
    if first not in _COMMANDS:
        raise NotHere(
            f"`python flow.py {first}` is not there: {_INSTEAD.get(first) or 'there are ' + ', '.join([*_COMMANDS, *_TARGETS])}"
        )
    return _COMMANDS[first](flow, top, rest)


class _Options:
    """Options of the language's among words: what flowc takes, what it only says something of, and what is left."""

    def __init__(self, words: list[str], has_parameters: bool) -> None:
        self.passed: list[str] = []
        self.said: list[str] = []
        self.values: dict[str, str] = {}
        self.rest: list[str] = []
        waiting = list(words)
        while waiting:
            word = waiting.pop(0)
            name, is_joined, value = word.partition("=")
            if name in _FLAGS:
                self.passed += [name] if name in _PASSED else []
            elif name in _VALUED:
                more = [value] if is_joined else []
                while waiting and len(more) < (2 if name in _PAIRS else 1):
                    more.append(waiting.pop(0))
                self._take(name, more)
            elif has_parameters or word.startswith("-"):
                self.rest.append(word)
            else:
                self.rest += [word, *waiting]
                return

    def _take(self, name: str, values: list[str]) -> None:
        if name in _PASSED:
            self.passed += [name, *values]
        elif _VALUED[name]:
            self.said.append(f"{name} has no effect: {_VALUED[name]}")
        else:
            self.values[name] = values[0] if values else ""

    def store(self) -> list[str]:
        """The store that `--datastore` and its root mean. Raises NotHere for one that has no root."""
        kind, root = self.values.get("--datastore"), self.values.get("--datastore-root")
        if root is not None:
            return ["--store", root if "://" in root else f"file:{root}"]
        if kind not in (None, "local"):
            raise NotHere(
                f"--datastore {kind} does not say where: use --datastore-root, or `--store s3://bucket/prefix`"
            )
        return []

    def variables(self) -> dict[str, str]:
        """The namespace that steps and the client start with."""
        found = self.values.get("--namespace", self.values.get("--user-namespace"))
        return {} if found is None else {"METAFLOW_NAMESPACE": found}


def _run(flow: str, top: _Options, words: list[str]) -> Started:
    own = _Options(words, has_parameters=True)
    options = [*top.passed, *own.passed, *top.store(), *own.store()]
    return Started(["run", *options, flow, *own.rest], [*top.said, *own.said], {**top.variables(), **own.variables()})


def _resume(flow: str, top: _Options, words: list[str]) -> Started:
    rest, origin = list(words), "latest"
    if "--origin-run-id" in rest:
        at = rest.index("--origin-run-id")
        origin = "".join(rest[at + 1 : at + 2])
        del rest[at : at + 2]
    step = [rest.pop(0)] if rest and not rest[0].startswith("-") else []
    found = _run(flow, top, rest)
    more = ["--resume", origin, *(["--from", *step] if step else [])]
    return found._replace(words=["run", *more, *found.words[1:]])


def _check(flow: str, top: _Options, words: list[str]) -> Started:
    own = _Options(words, has_parameters=True)
    return Started(["check", *_of_compile([*top.passed, *own.passed]), *own.rest, flow], top.said)


def _show(flow: str, top: _Options, words: list[str]) -> Started:
    own = _Options(words, has_parameters=True)
    if "--json" in own.passed:
        return Started(["ir", flow], top.said)
    return Started(["show", *_of_compile([*top.passed, *own.passed]), *own.rest, flow], top.said)


def _of_compile(passed: list[str]) -> list[str]:
    """The options that say which flow is meant, without those of a run."""
    kept = ("--branch", "--production", "--root", *_PAIRS)
    found: list[str] = []
    is_kept = False
    for word in passed:
        is_kept = word in kept if word.startswith("--") else is_kept
        found += [word] if is_kept else []
    return found


def _inspect(*more: str) -> Callable[[str, _Options, list[str]], Started]:
    def meant(flow: str, top: _Options, words: list[str]) -> Started:
        where, rest = _pathspec(flow, words)
        said = "values are read in Python: `Task('…').data.x`"
        return Started(["inspect", where, *more, *top.store(), *rest], top.said if more else [*top.said, said])

    return meant


def _card(flow: str, top: _Options, words: list[str]) -> Started:
    known = ("view", "get", "list")
    if not words or words[0] not in known:
        raise NotHere(f"`python flow.py card {''.join(words[:1])}` is not there: there are {', '.join(known)}")
    where, rest = _pathspec(flow, words[1:])
    return Started(["card", words[0], where, *top.store(), *rest], top.said)


def _pathspec(flow: str, words: list[str]) -> tuple[str, list[str]]:
    """RUN/STEP[/TASK] below the flow's name, and the other words. Raises NotHere for a step alone."""
    name = flow.rpartition(":")[2]
    places = [word for word in words if not word.startswith("-")]
    if not places:
        raise NotHere(f"say which: RUN, RUN/STEP or RUN/STEP/INDEX; `flowc runs {name}` lists runs")
    rest = list(words)
    rest.remove(places[0])
    return f"{name}/{places[0]}", rest


def _package(flow: str, top: _Options, words: list[str]) -> Started:
    return Started(["package", flow, *(["--list"] if words[:1] == ["list"] else [])], top.said)


_COMMANDS: dict[str, Callable[[str, _Options, list[str]], Started]] = {
    "run": _run,
    "resume": _resume,
    "check": _check,
    "show": _show,
    "dump": _inspect(),
    "logs": _inspect("--log"),
    "card": _card,
    "package": _package,
}


def _target(target: str, flow: str, top: _Options, words: list[str]) -> Started:
    """`airflow create out.py` · `argo-workflows create --only-json` · `step-functions create`."""
    if "create" not in words:
        raise NotHere(f"flowc makes files and starts nothing on the engine: {_ENGINES[target]}")
    at = words.index("create")
    before, rest = words[:at], words[at + 1 :]
    out = [rest.pop(0)] if target == "airflow" and rest and not rest[0].startswith("-") else []
    only_printed = "--only-json" in rest
    rest = [*before, *(word for word in rest if word != "--only-json")]
    said = [*top.said]
    if not only_printed and not out and "-o" not in rest:
        said.append(f"this prints the file and deploys nothing: write it with -o, then {_APPLY[target]}")
    if only_printed and target == "argo":
        said.append("this is YAML: `yq -o json` makes JSON of it")
    return Started([target, "create", *_of_compile(top.passed), flow, *(["-o", *out] if out else []), *rest], said)
