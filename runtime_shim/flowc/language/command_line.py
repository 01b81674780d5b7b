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
_INSTEAD = {
    "step": "a task is started by `flowc run`, or by an engine",
    "init": "a task is started by `flowc run`, or by an engine",
    "spin": "run one step again with `flowc run --resume RUN --from STEP`",
    "tag": "use the client: `Run('Flow/RUN').add_tag('tag')`",
    "output-raw": "use `flowc ir FLOW`",
    "output-dot": "use `flowc show FLOW`",
    "batch": "use `flowc step-functions deploy`: its jobs run on AWS Batch",
    "kubernetes": "use `flowc argo deploy`, or `flowc airflow deploy`",
    "environment": "packages are in the image: `flowc image FLOW`",
    "conda": "packages are in the image: `flowc image FLOW`",
    "code": "read the code from the package that the deployment names",
}

_VALUED = {
    "--max-workers": "", "--tag": "", "--run-id-file": "", "--runner-attribute-file": "", "--branch": "", "--store": "",
    "--with": "", "--mlflow": "", "--run-id": "", "--root": "", "--parameters": "", "--resume": "", "--from": "",
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
     "--mlflow", "--config", "--config-value", "--parameters", "--resume", "--from", "--production", "--json", "--retry-pause",
     "--timestamps")
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
    return _only(passed, ("--branch", "--production", "--root", *_PAIRS))


def _only(passed: list[str], names: tuple[str, ...]) -> list[str]:
    """Of options that flowc takes those of these names, with their values."""
    found: list[str] = []
    is_kept = False
    for word in passed:
        is_kept = word in names if word.startswith("--") else is_kept
        found += [word] if is_kept else []
    return found


def _dump(flow: str, top: _Options, words: list[str]) -> Started:
    where, rest = _pathspec(flow, words)
    return Started(
        ["inspect", where, *top.store(), *rest], [*top.said, "values are read in Python: `Task('…').data.x`"]
    )


def _logs(flow: str, top: _Options, words: list[str]) -> Started:
    where, rest = _pathspec(flow, [word for word in words if word not in _STREAMS])
    said = [f"{word} has no effect: both are kept as one" for word in words if word in ("--stdout", "--stderr")]
    return Started(["logs", where, *top.store(), *rest], [*top.said, *said])


_STREAMS = ("--both", "--stdout", "--stderr", "--timestamps", "--no-timestamps")


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
    "dump": _dump,
    "logs": _logs,
    "card": _card,
    "package": _package,
}


def _target(target: str, flow: str, top: _Options, words: list[str]) -> Started:
    """`argo-workflows create` · `airflow create out.py` · `step-functions trigger --alpha 1` · `argo status RUN`. Raises NotHere."""
    before, rest = _until_verb(words)
    verb = rest.pop(0) if rest else ""
    if verb not in _VERBS:
        raise NotHere(f"`python flow.py … {verb or target}` is not there: there are {', '.join(_VERBS)}")
    said = [*top.said]
    if verb == "trigger":
        return _trigger(target, flow, [*_only(top.passed, _NAMING), *before], rest, said)
    out = [rest.pop(0)] if (target, verb) == ("airflow", "create") and rest and not rest[0].startswith("-") else []
    words = _told_apart([*before, *rest], said)
    if verb == "create":
        return _create(target, flow, top, words, out, said)
    if verb in _OF_RUN:
        return _of_run(target, flow, verb, top, words)._replace(said=said)
    if verb == "list-runs":
        states = [word for each in words if each in _STATES for word in ("--status", _STATES[each])]
        others = [each for each in words if each not in _STATES]
        return Started(["runs", flow.rpartition(":")[2], "--target", target, *states, *_store(top), *others], said)
    if verb == "list-workflow-templates":
        return Started([target, "list", *(word for word in words if word != "--all")], said)
    if verb != "delete" and any(not word.startswith("-") for word in rest):
        raise NotHere(
            f"a run is not held and let go on: `python flow.py … terminate RUN` ends one, `flowc retry RUN` goes on; "
            f"`python flow.py … {verb}` without a run keeps schedule and events from starting others, or lets them again"
        )
    ours = {"delete": ["delete", "--yes"], "suspend": ["suspend"], "unsuspend": ["resume"]}[verb]
    return Started([target, *ours, *_only(top.passed, _NAMING), *words, flow], said)


def _until_verb(words: list[str]) -> tuple[list[str], list[str]]:
    """The options of the target's own, as `--name NAME`, and the rest from the verb on."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 1 if "=" in words[at] else 2
    return words[:at], words[at:]


def _told_apart(words: list[str], said: list[str]) -> list[str]:
    """The words without the options that only the language's own deployments have; what these would do is said."""
    found, waiting = list[str](), list(words)
    while waiting:
        word = waiting.pop(0)
        name, is_joined, _ = word.partition("=")
        if name not in _OF_DEPLOYMENTS:
            found.append(word)
            continue
        said.append(f"{name} has no effect: {_OF_DEPLOYMENTS[name]}")
        if not is_joined and name not in _ALONE and waiting:
            waiting.pop(0)
    return found


def _create(target: str, flow: str, top: _Options, words: list[str], out: list[str], said: list[str]) -> Started:
    """Deploy, as the language's own command does; with `--only-json`, `-o` or the file of a DAG the files are printed or written."""
    is_printed = "--only-json" in words
    words = [word for word in words if word != "--only-json"]
    if target == "argo":
        words = ["--active-deadline-seconds" if word == "--workflow-timeout" else word for word in words]
        if is_printed:
            said.append("this is YAML: `yq -o json` makes JSON of it")
    if "--namespace" in words:
        said.append("--namespace is where the target deploys; that of artifacts is METAFLOW_NAMESPACE")
    verb = "create" if is_printed or out or "-o" in words else "deploy"
    given = [*_of_compile(top.passed), *_only(top.passed, ("--store", "--with")), *_store(top)]
    return Started([target, verb, *given, flow, *(["-o", *out] if out else []), *words], said)


def _store(top: _Options) -> list[str]:
    """The store that a root names; without one the settings do, whatever `--datastore` says."""
    return top.store() if "--datastore-root" in top.values else []


def _trigger(target: str, flow: str, ours: list[str], words: list[str], said: list[str]) -> Started:
    """The options of the language's command before the flow; all else is the flow's."""
    waiting, given = list(words), list[str]()
    while waiting:
        word = waiting.pop(0)
        name, is_joined, value = word.partition("=")
        if name not in ("--run-id-file", "--deployer-attribute-file"):
            given.append(word)
            continue
        file = value if is_joined else "".join(waiting[:1])
        del waiting[: 0 if is_joined else 1]
        if name == "--run-id-file":
            ours = [*ours, name, file]
        else:
            said.append(f"{name} has no effect: {_OF_DEPLOYMENTS[name]}")
    return Started([target, "trigger", *ours, flow, *given], said)


def _of_run(target: str, flow: str, verb: str, top: _Options, words: list[str]) -> Started:
    where, rest = _pathspec(flow, words)
    return Started([verb, where, "--target", target, *_store(top), *rest])


_OF_RUN = ("status", "terminate")
_VERBS = ("create", "trigger", "list-runs", *_OF_RUN, "suspend", "unsuspend", "delete", "list-workflow-templates")
_NAMING = ("--branch", "--production")
"""The options that a deployment's name depends on."""
_STATES = {
    "--pending": "queued", "--running": "running", "--succeeded": "succeeded", "--failed": "failed", "--error": "failed",
    "--timed-out": "failed", "--aborted": "terminated",
}  # fmt: skip
_TOKENS = "there are no production tokens: who may deploy is the engine's to say"
_HOOKS = "write an @exit_hook"
_OF_DEPLOYMENTS = {
    "--authorize": _TOKENS, "--generate-new-token": _TOKENS, "--new-token": _TOKENS,
    "--tag": "a run gets its tags as it is triggered",
    "--workflow-priority": "the engine's own settings say what goes first",
    "--auto-emit-argo-events": "a flow that follows sees a run's end by the engine itself",
    "--no-auto-emit-argo-events": "a flow that follows sees a run's end by the engine itself",
    "--notify-on-error": _HOOKS, "--notify-on-success": _HOOKS, "--notify-slack-webhook-url": _HOOKS,
    "--notify-pager-duty-integration-key": _HOOKS, "--notify-incident-io-api-key": _HOOKS,
    "--deployer-attribute-file": "`--json` says what became of it",
    "--use-distributed-map": "how wide a foreach is decides it",
    "--log-execution-history": "the engine's own settings say what is logged",
    "--is-paused-upon-creation": "pause it with `suspend`",
    "--worker-pool": "`pool` in [tool.flowc.airflow] names one",
}  # fmt: skip
"""Options that only the language's own deployments have, and why they change nothing."""
_ALONE = frozenset(
    ("--generate-new-token", "--auto-emit-argo-events", "--no-auto-emit-argo-events", "--notify-on-error",
     "--notify-on-success", "--use-distributed-map", "--log-execution-history", "--is-paused-upon-creation")
)  # fmt: skip
"""Those without a value."""
