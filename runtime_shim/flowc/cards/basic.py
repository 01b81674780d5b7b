"""The card types: `default` shows the whole task, `blank` only what the step appended; others are the author's classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from flowc.artifacts.pickling import Packed
from flowc.cards.component import PageComponent
from flowc.cards.page import page
from flowc.cards.short_text import is_frame, shown, table_of
from flowc.standard_path import standard_path

if TYPE_CHECKING:
    from flowc.artifacts.manifest import Manifest
    from flowc.client import Task

__all__ = ["BlankCard", "DefaultCard", "ErrorCard", "MetaflowCard", "PageComponent", "card_type"]

_CARDS: dict[str, type[MetaflowCard]] = {}


class MetaflowCard:
    """A card type: a class with a `type`, whose `render(task)` gives the page. `@card(type=…)` finds it once it is imported.

    It is made with `options` (those of the decorator), `components` (what the step appended, rendered), `graph` (as
    `current.graph` has its steps) and `flow`, as far as its `__init__` takes them.
    """

    type: ClassVar[str | None] = None
    ALLOW_USER_COMPONENTS: ClassVar[bool] = False
    RUNTIME_UPDATABLE: ClassVar[bool] = False
    RELOAD_POLICY_NEVER, RELOAD_POLICY_ALWAYS, RELOAD_POLICY_ONCHANGE = "never", "always", "onchange"
    RELOAD_POLICY: ClassVar[str] = RELOAD_POLICY_NEVER
    scope: ClassVar[str] = "task"
    runtime_data: Any = None

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        components: Sequence[Any] = (),
        graph: Any = None,
        flow: Any = None,
    ) -> None:
        self._options, self._components, self._graph, self._flow = dict(options or {}), list(components), graph, flow

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if isinstance(cls.type, str):
            _CARDS[cls.type] = cls

    def render(self, task: Task) -> str:
        """The page as HTML, given the finished task."""
        raise NotImplementedError(f"{type(self).__name__} has no render(task)")

    def render_runtime(self, task: Task, data: Any) -> str:
        """The page while the task runs, where `RUNTIME_UPDATABLE` says so; the task has no artifacts yet."""
        raise NotImplementedError(f"{type(self).__name__} has no render_runtime(task, data)")

    def refresh(self, task: Task, data: Any) -> Any:
        """What a live page would be told."""
        raise NotImplementedError(f"{type(self).__name__} has no refresh(task, data)")

    def reload_content_token(self, task: Task, data: Any) -> str:
        """What changes when a live page must be loaded again."""
        return "content-token"


def card_type(name: str) -> type[MetaflowCard] | None:
    """The card type of that name: ours, or the class of the author's that was imported last."""
    return _CARDS.get(name)


class BlankCard(MetaflowCard):
    """What the step appended, below an optional title: `options={'title': …}`."""

    type = "blank"
    ALLOW_USER_COMPONENTS = True
    RUNTIME_UPDATABLE = True

    def render(self, task: Task) -> str:
        """The parts and nothing else."""
        return self._page(task)

    def render_runtime(self, task: Task, data: Any) -> str:
        """The same, as far as the step has come."""
        return self._page(task)

    def _page(self, task: Task) -> str:
        title = self._options.get("title", "")
        head = [{"type": "title", "text": title}] if title else []
        return page(str(title) or task.pathspec, [*head, *self._components])


class ErrorCard(MetaflowCard):
    """Stands in for a card that could not be made, and tells why."""

    type = "error"

    def render(self, task: Task) -> str:
        """The traceback."""
        said = str(self._options.get("error", ""))
        title = f"The card of {task.pathspec} could not be made"
        return page(title, [{"type": "title", "text": title}, {"type": "error", "title": "why", "data": said}])


class DefaultCard(MetaflowCard):
    """The task: what the step appended, its facts, parameters, artifacts, code, and its place in the graph."""

    type = "default"
    ALLOW_USER_COMPONENTS = True
    RUNTIME_UPDATABLE = True

    def render(self, task: Task) -> str:
        """The page, the author's parts first."""
        manifest = task._manifest
        assert manifest is not None, "a card is made of a finished task"
        title = f"{manifest.address.flow} / {manifest.address.step}"
        head = {"type": "heading", "title": title, "subtitle": task.pathspec}
        return page(title, [head, *self._components, *_sections(self._graph, self._flow, manifest)])

    def render_runtime(self, task: Task, data: Any) -> str:
        """The author's parts: of the rest nothing is known before the end."""
        title = " / ".join(task.pathspec.split("/")[::2][:2])
        return page(title, [{"type": "heading", "title": title, "subtitle": task.pathspec}, *self._components])


def _sections(graph: Any, flow: Any, manifest: Manifest) -> Iterator[dict[str, Any]]:
    fixed = {*manifest.parameters, *manifest.constants}
    own = [name for name in manifest.names if name not in fixed]
    yield _section("Task", {"type": "table", "columns": _FACTS, "data": [_facts(manifest)], "vertical": True})
    for title, names in (("Parameters", manifest.parameters), ("Artifacts", own)):
        if names:
            yield _section(title, {"type": "artifacts", "data": [_artifact(manifest, name) for name in names]})
    if graph:
        yield _section("Flow", {"type": "log", "data": _graph_text(graph, manifest.address.step)})
    code = _code(flow, manifest.address.step)
    if code:
        yield _section("Code", {"type": "pythonCode", "data": code})


def _section(title: str, part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "section", "title": title, "contents": [part]}


_FACTS = ["Flow", "Run", "Step", "Task", "Attempt", "Began", "Took", "Tags"]


def _facts(manifest: Manifest) -> list[str]:
    with standard_path():
        from datetime import datetime, timezone

    address = manifest.address
    began = datetime.fromtimestamp(manifest.started, timezone.utc)
    return [
        address.flow, address.run, address.step, address.folder.rpartition("/")[2], str(manifest.attempt),
        f"{began:%Y-%m-%d %H:%M:%S} UTC", f"{manifest.finished - manifest.started:.2f} s", ", ".join(manifest.tags) or "none",
    ]  # fmt: skip


def _artifact(manifest: Manifest, name: str) -> dict[str, Any]:
    """A small artifact's value; of a large one the size alone, so that a card does not read gigabytes."""
    entry = manifest.entry(name)
    found: dict[str, Any] = {"name": name, "kind": entry.kind}
    if not isinstance(entry, Packed):
        return {**found, "shown": f"{entry.size:,} bytes"}
    try:
        value = manifest[name]
    except Exception as error:  # noqa: BLE001 - unpickling runs the author's code
        return {**found, "shown": f"cannot be read here: {type(error).__name__}: {error}"}
    return {**found, "shown": table_of(value) if is_frame(value) else shown(value)}


def _graph_text(graph: Mapping[str, Any], here: str) -> str:
    width = max(len(name) for name in graph)
    return "\n".join(
        f"{'▶' if name == here else ' '} {name:<{width}}  {_way(step)}".rstrip() for name, step in graph.items()
    )


def _way(step: Mapping[str, Any]) -> str:
    to = ", ".join(step["next"])
    if not to:
        return ""
    if "foreach_artifact" in step:
        return f"→ {to}  for each of {step['foreach_artifact']}"
    if "num_parallel" in step:
        return f"→ {to}  in parallel"
    return f"→ {to}  by {step['condition']}" if "condition" in step else f"→ {to}"


def _code(flow: Any, step: str) -> str:
    from flowc.language.decorators import marks_of
    from flowc.source.graph import source_of

    marks = marks_of(getattr(flow, step, None))
    return source_of(marks) if marks else ""
