"""`current`: what a step can ask about the run that it is part of."""

from __future__ import annotations

import os

from flowc.standard_path import standard_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_ALWAYS = (
    "flow_name", "run_id", "origin_run_id", "step_name", "task_id", "retry_count", "pathspec", "namespace", "username",
    "tags", "parameter_names", "scheduled_at",
)  # fmt: skip
_PROJECT = ("project_name", "branch_name", "project_flow_name", "is_production", "is_user_branch")
_WHERE = {
    "card": "in steps with @card",
    "parallel": "in steps with @parallel",
    "is_parallel": "in steps with @parallel",
    "trigger": "while a step runs",
}


class Current:
    """The task that runs in this process; outside any the names that every task has are None."""

    def __init__(self) -> None:
        self.__dict__["_facts"] = {}
        self.__dict__["_later"] = {}

    def __getattr__(self, name: str) -> Any:
        facts = self.__dict__["_facts"]
        if name in facts:
            return facts[name]
        if facts and name in self.__dict__["_later"]:
            value = facts[name] = self.__dict__["_later"][name]()
            return value
        if name in _ALWAYS:
            return None
        where = "in flows with @project" if name in _PROJECT else _WHERE.get(name)
        raise AttributeError(f"current has no {name!r} here" + (f": it is there {where}" if where else ""))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("current is read-only")

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def get(self, key: str, default: Any = None) -> Any:
        """The value of that name, or `default` where there is no such name here."""
        try:
            return getattr(self, key)
        except (AttributeError, RuntimeError):
            return default

    @property
    def is_running_flow(self) -> bool:
        """Whether a step runs in this process."""
        return bool(self.__dict__["_facts"])

    @property
    def tempdir(self) -> str:
        """A folder of the task's own that is removed when it ends; outside a task `METAFLOW_TEMPDIR`, else this folder."""
        facts = self.__dict__["_facts"]
        if not facts:
            return os.environ.get("METAFLOW_TEMPDIR") or "."
        if "_tempdir" not in facts:
            with standard_path():
                import tempfile

            facts["_tempdir"] = tempfile.mkdtemp(prefix="flowc-")
        found: str = facts["_tempdir"]
        return found

    @property
    def graph(self) -> dict[str, Any]:
        """The flow's structure: its steps with what follows them, parameters, decorators. Raises RuntimeError outside a task."""
        if "_graph" not in self.__dict__["_later"]:
            raise RuntimeError("Graph is not available: no step of a flow runs here")
        found: dict[str, Any] = self._graph
        return found

    @property
    def task(self) -> Any:
        """The running task as the client shows it; None outside a task."""
        return self._opened("_task")

    @property
    def run(self) -> Any:
        """The run as the client shows it; None outside a task."""
        return self._opened("_run")

    def _opened(self, name: str) -> Any:
        opener = self.__dict__["_later"].get(name)
        return None if opener is None else opener()


current = Current()


def enter(facts: dict[str, Any], project: str, flow: str, later: Mapping[str, Callable[[], Any]]) -> None:
    """Say which task runs in this process; `project` is `<project>.<branch>`, or empty. `later` is computed when it is read.

    `_run` and `_task` of `later` open the client's objects; without them `current.run` and `current.task` are None.
    """
    current.__dict__["_facts"] = {**facts, **_project_facts(project, flow)}
    current.__dict__["_later"] = later


def cards() -> Any:
    """What the step has appended to its cards; None where it has none."""
    return current.__dict__["_facts"].get("card")


def add(facts: dict[str, Any]) -> None:
    """Say more of the task that runs in this process."""
    current.__dict__["_facts"].update(facts)


def leave() -> None:
    """The task has ended: its temporary folder goes."""
    folder = current.__dict__["_facts"].get("_tempdir")
    current.__dict__["_facts"], current.__dict__["_later"] = {}, {}
    if folder:
        with standard_path():
            import shutil

        shutil.rmtree(folder, ignore_errors=True)


def username() -> str:
    """Who runs this: `METAFLOW_USER`, `USER` and their like; containers often have none, then the user's number."""
    for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"):
        if os.environ.get(name):
            return os.environ[name]
    return str(os.getuid())


def _project_facts(project: str, flow: str) -> dict[str, Any]:
    if not project:
        return {}
    name, _, branch = project.partition(".")
    return {
        "project_name": name,
        "branch_name": branch,
        "project_flow_name": f"{project}.{flow}",
        "is_production": branch == "prod" or branch.startswith("prod."),
        "is_user_branch": branch.startswith("user."),
    }
