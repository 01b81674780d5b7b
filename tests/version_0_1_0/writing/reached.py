"""What of 0.1.0 an author can hold in an artifact: classes and functions by reference, and an instance where one can be made."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

AUTHORS = (
    "flowc.cards.appended",
    "flowc.cards.basic",
    "flowc.cards.component",
    "flowc.cards.components",
    "flowc.cards.found",
    "flowc.client",
    "flowc.client_context",
    "flowc.client_object",
    "flowc.client_task",
    "flowc.config_parsers",
    "flowc.configs",
    "flowc.datatools",
    "flowc.decorators",
    "flowc.events",
    "flowc.exceptions",
    "flowc.flowspec",
    "flowc.gang",
    "flowc.includes",
    "flowc.inputs",
    "flowc.multicore",
    "flowc.mutators",
    "flowc.parameters",
    "flowc.runner",
    "flowc.running",
    "flowc.s3_found",
    "flowc.wrappers",
)
"""The modules that authors import from, and those whose objects they are given."""

INSIDE = (
    "flowc.address.RunAddress",
    "flowc.address.TaskAddress",
    "flowc.files.FileStore",
    "flowc.manifest.Attempt",
    "flowc.manifest.Failure",
    "flowc.manifest.RunRecord",
)
"""Classes of other modules that lie inside the pickles of what authors are given, or come from the client."""

RESTORING = "flowc.client.restore"
"""The function that the pickles of the client's objects name."""


def named(path: str) -> Any:
    """The object of a whole name."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def references() -> dict[str, Any]:
    """By whole names: every class of the authors' modules, the functions of `flowc` itself, the exceptions of all modules."""
    top = {value.__name__: value for value in map(named, _top_level()) if inspect.isfunction(value)}
    found = {path: named(path) for path in (*INSIDE, RESTORING)} | {
        f"{f.__module__}.{f.__name__}": f for f in top.values()
    }
    for info in pkgutil.walk_packages(import_module("flowc").__path__, "flowc."):
        if "_compat" not in info.name and "__main__" not in info.name:
            is_authors = info.name in AUTHORS
            for name, value in _own(info.name):
                if is_authors or issubclass(value, BaseException):
                    found[f"{info.name}.{name}"] = value
    return dict(sorted(found.items()))


def _own(module: str) -> Iterator[tuple[str, type]]:
    for name, value in vars(import_module(module)).items():
        is_ours = getattr(value, "__module__", None) == module and getattr(value, "__qualname__", None) == name
        if is_ours and name[:1] != "_" and inspect.isclass(value):
            yield name, value


def _top_level() -> list[str]:
    return [f"flowc.{name}" for name in import_module("flowc").__all__]


def instances() -> dict[str, Any]:
    """One instance of each class of which one can be made without a running task, by a name for its row."""
    made: dict[str, Any] = {}
    for path, kind in references().items():
        if path in _MAKERS:
            made[path] = _MAKERS[path](kind)
        elif inspect.isclass(kind) and issubclass(kind, BaseException):
            made[path] = kind("told")
    return made | {f"flowc.{name}": named(f"flowc.{name}") for name in ("JSONType", "USER_SKIP_STEP")}


_RUN, _STORE = "SettingsFlow/local-settings", "file:/tmp/flowc-0.1.0/store"


def _restored(path: str) -> Callable[[Any], Any]:
    return lambda kind: kind._restored(path, _STORE, None)


def _task() -> Any:
    return _restored(f"{_RUN}/start/-")(named("flowc.client.Task"))


def _event(kind: Any) -> Any:
    return kind("films.added", "7", 1.5, "event")


def _with_id(kind: Any) -> Any:
    made = kind({"type": "blank", "id": "films"})
    made.append(named("flowc.cards.Markdown")("*text*"), id="text")
    return made


def _bound(*words: Any, **named_words: Any) -> Callable[[Any], Any]:
    return lambda kind: kind(*words, **named_words)


_MAKERS: Mapping[str, Callable[[Any], Any]] = {
    "flowc.address.RunAddress": _bound("F", "run"),
    "flowc.address.TaskAddress": lambda _: named("flowc.address.RunAddress")("F", "run").task("start", "-"),
    "flowc.cards.appended.CardComponents": _with_id,
    "flowc.cards.appended.Cards": _bound([{"type": "blank", "id": "films"}]),
    "flowc.cards.appended.Components": _bound(),
    "flowc.cards.basic.BlankCard": _bound({"title": "t"}),
    "flowc.cards.basic.DefaultCard": _bound(),
    "flowc.cards.basic.ErrorCard": _bound({"error": "e"}),
    "flowc.cards.basic.MetaflowCard": _bound(),
    "flowc.cards.component.ErrorComponent": _bound("headline", "message"),
    "flowc.cards.component.LogComponent": _bound("log"),
    "flowc.cards.component.PageComponent": _bound("title", contents=["text"]),
    "flowc.cards.component.PythonCodeComponent": _bound("x = 1"),
    "flowc.cards.component.SectionComponent": _bound("title", "subtitle", 2, ["text"]),
    "flowc.cards.component.SubTitleComponent": _bound("text"),
    "flowc.cards.component.TableComponent": _bound("title", headers=["a"], data=[[1]]),
    "flowc.cards.component.TextComponent": _bound("text"),
    "flowc.cards.component.TitleComponent": _bound("text"),
    "flowc.cards.components.Artifact": _bound({"a": 1}, name="data"),
    "flowc.cards.components.Error": _bound(ValueError("told"), title="why"),
    "flowc.cards.components.EventsTimeline": _bound("title"),
    "flowc.cards.components.Image": _bound(b"GIF89a", label="a dot"),
    "flowc.cards.components.JSONViewer": _bound({"a": 1}),
    "flowc.cards.components.Markdown": _bound("*text*"),
    "flowc.cards.components.ProgressBar": _bound(3, "reading", 2),
    "flowc.cards.components.PythonCode": _bound(code_string="x = 1"),
    "flowc.cards.components.Table": _bound([[1, "a"]], headers=["n", "t"]),
    "flowc.cards.components.ValueBox": _bound("title", 2, theme="success"),
    "flowc.cards.components.VegaChart": _bound({"mark": "bar"}),
    "flowc.cards.components.YAMLViewer": _bound("a: 1"),
    "flowc.cards.found.Card": lambda kind: kind(
        named("flowc.files.FileStore")(_STORE),
        named("flowc.address.RunAddress")("F", "run"),
        {"sha": "0" * 64, "type": "blank", "id": "films", "size": 7},
        "F/run/start/-",
    ),
    "flowc.cards.found.CardContainer": lambda kind: kind(
        (_MAKERS["flowc.cards.found.Card"](named("flowc.cards.Card")),)
    ),
    "flowc.client.Flow": _restored("SettingsFlow"),
    "flowc.client.Metaflow": _bound(),
    "flowc.client.Run": _restored(_RUN),
    "flowc.client.Step": _restored(f"{_RUN}/start"),
    "flowc.client_task.DataArtifact": _restored(f"{_RUN}/start/-/kept"),
    "flowc.client_task.Metadata": lambda kind: kind("attempt", "0", 1.5, "attempt", _task()),
    "flowc.client_task.MetaflowArtifacts": lambda kind: kind(
        {"kept": _restored(f"{_RUN}/start/-/kept")(named("flowc.client.DataArtifact"))}
    ),
    "flowc.client_task.MetaflowData": lambda kind: kind(_task()),
    "flowc.client_task.Task": lambda _: _task(),
    "flowc.configs.ConfigValue": _bound({"a": {"b": [1, {"c": 2}]}}),
    "flowc.datatools.S3": _bound(s3root="s3://bucket/prefix"),
    "flowc.events.MetaflowEvent": _event,
    "flowc.events.Trigger": lambda kind: kind([_event(named("flowc.events.MetaflowEvent"))], _STORE),
    "flowc.exceptions.CaughtFailure": _bound("ValueError", "told", "Traceback"),
    "flowc.exceptions.FailureHandledByCatch": _bound(2),
    "flowc.exceptions.MissingInMergeArtifactsException": _bound("told", ["a"]),
    "flowc.exceptions.UnhandledInMergeArtifactsException": _bound("told", ["a", "b"]),
    "flowc.files.FileStore": _bound(_STORE),
    "flowc.gang.Parallel": _bound("127.0.0.1", 3, 1, "-"),
    "flowc.includes.IncludeFile": _bound("words", default="words.txt"),
    "flowc.manifest.Attempt": _bound(1, "token", 0, 1.5, 2.5, None, "out", "err"),
    "flowc.manifest.Failure": _bound("ValueError", "told", "Traceback"),
    "flowc.parameters.JSONTypeClass": _bound(),
    "flowc.parameters.Parameter": _bound("count", default=3, help="How many."),
    "flowc.s3_found.Facts": _bound(3, "text/plain", {"a": "b"}, 7),
    "flowc.s3_found.RangeInfo": _bound(10, 2, 3),
    "flowc.s3_found.S3GetObject": _bound("films", 2, 3),
    "flowc.s3_found.S3Object": lambda kind: kind(
        "s3://bucket", "s3://bucket/films", facts=named("flowc.s3_found.Facts")(3, "text/plain", {"a": "b"}, 7)
    ),
    "flowc.s3_found.S3PutObject": _bound("films", "value"),
    "flowc.s3_requests.Refusal": lambda kind: kind(
        "told", named("flowc.s3_requests.Answer")(403, {}, b"", "AccessDenied")
    ),
    "flowc.wrappers.UserStepDecorator": _bound(),
}
