"""`current`: what a step can ask about the run that it is part of."""

from __future__ import annotations

import os

from flowc.lean import TYPE_CHECKING
from flowc.standard import standard_path

if TYPE_CHECKING:
    from typing import Any

_ALWAYS = (
    "flow_name", "run_id", "origin_run_id", "step_name", "task_id", "retry_count", "pathspec", "namespace", "username",
    "tags", "parameter_names",
)  # fmt: skip


class Current:
    """The task that runs in this process; outside any the names that every task has are None."""

    def __init__(self) -> None:
        self.__dict__["_facts"] = {}

    def __getattr__(self, name: str) -> Any:
        facts = self.__dict__["_facts"]
        if name in facts:
            return facts[name]
        if name in _ALWAYS:
            return None
        raise AttributeError(f"current has no {name!r} here")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("current is read-only")

    def __contains__(self, name: str) -> bool:
        return getattr(self, name, None) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """The value of that name, or `default` where there is none."""
        found = getattr(self, name, None)
        return default if found is None else found

    @property
    def is_running_flow(self) -> bool:
        """Whether a step runs in this process."""
        return bool(self.__dict__["_facts"])

    @property
    def tempdir(self) -> str | None:
        """A folder of the task's own that is removed when it ends; None outside a task."""
        facts = self.__dict__["_facts"]
        if facts and "_tempdir" not in facts:
            with standard_path():
                import tempfile

            facts["_tempdir"] = tempfile.mkdtemp(prefix="flowc-")
        found: str | None = facts.get("_tempdir")
        return found


current = Current()


def enter(facts: dict[str, Any], project: str, flow: str) -> None:
    """Say which task runs in this process; `project` is `<project>.<branch>`, or empty."""
    current.__dict__["_facts"] = {**facts, **_project_facts(project, flow)}


def leave() -> None:
    """The task has ended: its temporary folder goes."""
    folder = current.__dict__["_facts"].get("_tempdir")
    current.__dict__["_facts"] = {}
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
