"""Airflow as an `Engine`: deployments are DAGs with our tag, runs are their DAG runs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence

from compiler.backends.airflow.operate import folder as places
from compiler.backends.airflow.operate.api.opening import opened
from compiler.backends.airflow.operate.api.protocol import Api, Cleared, Dag, Instance, Row
from compiler.backends.airflow.operate.causes import NEVER_STARTED, NOTHING_SAID, PAUSED, Cause, cause
from compiler.backends.airflow.operate.connecting import Place
from compiler.backends.airflow.operate.deploying import (
    Deploying,
    deployment_of,
    faults_of,
    found,
    problem_of,
    state,
)
from compiler.backends.airflow.operate.doctor import diagnose
from compiler.backends.airflow.operate.folder import Folder
from compiler.backends.airflow.operate.layout import PLAIN, TAG, Layout, is_plain, layout
from compiler.backends.airflow.operate.logs import part, tail
from compiler.backends.airflow.operate.notes import TAGS, tags_in, with_line, without
from compiler.backends.airflow.operate.tasks import TERMINATED, flat, phase, tasks_of
from compiler.backends.airflow.operate.values import conf
from compiler.backends.operating import (
    OVER,
    Change,
    Deployment,
    Diagnosis,
    EngineError,
    EngineRun,
    EngineTask,
    LogPart,
    NotThereError,
    RefusedError,
    Release,
    Start,
)
from compiler.mistakes import CallError

PREFIX = "airflow-"
RUN = "flowc__"
"""How the id of a run begins that we have started."""
_OWN = re.compile(r"(?:flowc|manual|scheduled|backfill|dataset_triggered|asset_triggered|asset_materialization)__")
"""How runs' ids begin by Airflow's own custom."""
MANY = 1000
"""Task instances of a run that are all told; of more, those that have not gone well."""
EXPLAINED = 8
"""Failed tasks of a run whose logs are looked into, those that failed first."""


_LOOKS, _BETWEEN = 3, 1.0
"""How often, and after how many seconds, is looked whether a run that was ended stays so."""


def end(api: Api, row: Row, pause: Callable[[float], None] = time.sleep) -> None:
    """Set a run to failed, and again where that was lost.

    A scheduler whose database locks no rows (sqlite) may just have looked at the run: it takes the tasks that it has not begun,
    which are skipped by then, for the end of one that has gone well, and writes that over ours.
    """
    note = with_line(row.note, TERMINATED)
    api.mark(row.dag, row.id, state="failed", note=note)
    for _ in range(_LOOKS):
        pause(_BETWEEN)
        there = api.row(row.dag, row.id)
        if there.state != "failed" and TERMINATED in there.note.split("\n"):  # which a retry takes away
            api.mark(row.dag, row.id, state="failed", note=note)


class AirflowEngine:
    """One Airflow. Nothing is asked of it before the first method."""

    def __init__(self, place: Place) -> None:
        self.where = f"Airflow at {place.url}"
        self._place = place
        self._opened: Api | None = None
        self._causes: dict[tuple[str, str, str, int], Cause] = {}

    @property
    def _api(self) -> Api:
        if self._opened is None:
            self._opened = opened(self._place)
        return self._opened

    def deployments(self) -> Iterator[Deployment]:
        """All that carry our mark, by name: those that Airflow has, and those of the folder that it could not load."""
        folder = self._folder()
        names = {dag.id for dag in self._api.dags(TAG)} | set(places.dags_of(folder) if folder else ())
        for name in sorted(names):
            try:
                yield self.deployment(name)
            except NotThereError:  # it has gone meanwhile, or only its record has stayed
                continue

    def deployment(self, name: str) -> Deployment:
        """That of a name. Raises NotThereError where there is none of ours."""
        folder = self._folder()
        there = state(folder, name) if folder else None
        dag = found(self._api, name)
        kept = there.kept if there else None
        if dag is not None and TAG in dag.tags:
            problem = problem_of(faults_of(self._api, name)) if dag.has_import_errors else ""
            return deployment_of(dag, kept, problem, self._page(name))
        if dag is None and there and there.text is not None and there.is_ours:
            problem = problem_of(faults_of(self._api, name)) or "Airflow has not read its file yet"
            return Deployment(name, kept.record if kept else None, problem=problem)
        raise NotThereError(f"there is no deployment `{name}` on {self.where}: `flowc airflow list` tells all")

    def changes(self, release: Release) -> tuple[Change, ...]:
        """What `deploy` would do; changes nothing."""
        return self._deploying().changes(release)

    def deploy(self, release: Release, tell: Callable[[str], None]) -> Deployment:
        """Make Airflow hold the release. A new DAG is resumed, one that was there stays suspended where it was."""
        self._deploying().deploy(release, tell)
        return self.deployment(release.name)

    def delete(self, name: str) -> None:
        """Remove the DAG file, and what Airflow has of the DAG: its runs are gone there, and stay in the store."""
        self._deploying().delete(name)

    def suspend(self, name: str) -> None:
        """Pause the DAG: neither schedule nor event starts it."""
        self._api.pause(self._ours(name).id, is_paused=True)

    def resume(self, name: str) -> None:
        """Take `suspend` back."""
        self._api.pause(self._ours(name).id, is_paused=False)

    def trigger(self, name: str, start: Start) -> EngineRun:
        """Start a run. Raises RefusedError for wrong values, and where the DAG is paused: a run would only wait."""
        dag = self._ours(name)
        values = conf(dag.params, start.parameters)
        if dag.is_paused:
            raise RefusedError(f"`{name}` is suspended, so a run would wait: `flowc airflow resume {name}` first")
        note = with_line("", TAGS + json.dumps(list(start.tags))) if start.tags else ""
        return self._told(self._api.start(name, f"{RUN}{start.unique}", values, note))

    def runs(self, name: str, limit: int) -> Sequence[EngineRun]:
        """The runs of a deployment, the newest first."""
        try:
            is_ours = TAG in self._api.dag(name).tags
            return [self._told(row) for row in self._api.rows(name, limit)] if is_ours else []
        except NotThereError:
            return []

    def run(self, run: str) -> EngineRun:
        """A run by our id, with its tasks."""
        row = self._row(run)
        dag = found(self._api, row.dag)
        instances = self._api.instances(row.dag, row.id, MANY)
        known = PLAIN if all(is_plain(each.task) for each in instances if not _is_beside(each)) else self._layout(dag)
        budget = iter(range(EXPLAINED))

        def why(instance: Instance) -> Cause:
            return self._why(row, instance) if next(budget, None) is not None else Cause("failed")

        def lists(task: str) -> Sequence[str] | None:
            try:
                return flat(self._api.pushed(row.dag, row.id, task))
            except NotThereError:
                return None

        tasks = tasks_of(instances, known, lists, phase(row), why)
        return self._told(row, tasks, self._held_up(row, dag, instances))

    def log(self, run: str, task: EngineTask, position: str = "") -> LogPart:
        """What a task has printed behind a position."""
        row = self._row(run)
        return part(self._api, row, task, position)

    def terminate(self, run: str) -> None:
        """End a run and its tasks: Airflow calls it failed, and its note says that it was ended."""
        row = self._row(run)
        if phase(row) not in OVER:
            end(self._api, row)

    def retry(self, run: str, step: str | None) -> EngineRun:
        """Clear what has failed, with what could not be done behind it; with a step, that and all behind it too."""
        row = self._row(run)
        stands = phase(row)
        if stands not in OVER:
            raise RefusedError(f"the run {run} still goes on: wait for it, or `flowc terminate` it first")
        if stands == "succeeded" and step is None:
            raise RefusedError(f"the run {run} has succeeded: `--from STEP` does a part of it again")
        instances = self._api.instances(row.dag, row.id, MANY)
        known = self._layout(found(self._api, row.dag))
        again = {each.task for each in instances if step in known.all_steps(each.task)}
        if step is not None and not again:
            steps = ", ".join(sorted({name for each in instances for name in known.all_steps(each.task)}))
            raise RefusedError(f"the run {run} has no step `{step}`: it has {steps}")
        if TERMINATED in row.note:
            self._api.mark(row.dag, row.id, state=None, note=without(row.note, TERMINATED))
        self._clear(row, instances, known, again)
        return self._told(self._api.row(row.dag, row.id))

    def page(self, run: str) -> str:
        """The address of a run's page in Airflow."""
        row = self._row(run)
        return self._page(row.dag, row.id)

    def diagnose(self) -> Iterator[Diagnosis]:
        """What `doctor` tells."""
        return diagnose(self._place, lambda: self._api, self._folder)

    def _clear(self, row: Row, instances: Sequence[Instance], known: Layout, again: set[str]) -> None:
        """Clear what must be done again whatever its state, while the run rests, and last what lets it go on.

        Exit hooks look at how the run has ended, so they are done again after it. A gang meets as a whole, or not at all. A clear
        that finds nothing any more lets no run go on, so the last one has something of its own.
        """
        failed = [each for each in instances if each.state in ("failed", "upstream_failed")]
        gangs = {each.task for each in failed if known.step(each.task) in known.gangs}
        hooks = {each.task for each in instances if failed and each.task.startswith("_on_")}
        if whole := sorted(hooks | gangs):
            self._cleared(row, Cleared(tuple(whole), goes_on=False))
        if failed:
            self._cleared(row, Cleared(None, goes_on=not again))
        if again:
            self._cleared(row, Cleared(tuple(sorted(again)), with_later=True))

    def _cleared(self, row: Row, cleared: Cleared) -> None:
        """Clear, or find that it was cleared although the answer was lost: the run then goes on."""
        try:
            self._api.clear(row.dag, row.id, cleared)
        except (EngineError, RefusedError):
            if not cleared.goes_on or phase(self._api.row(row.dag, row.id)) in OVER:
                raise

    def _row(self, run: str) -> Row:
        """A run of ours by our id. Its DAG's id and its own may both hold hyphens, so it is asked which of them there are."""
        text = run.removeprefix(PREFIX)
        cuts = [place for place, char in enumerate(text) if char == "-" and 0 < place < len(text) - 1]
        likely = [cut for cut in cuts if _OWN.match(text, cut + 1)]
        for cut in (*likely, *(cut for cut in cuts if cut not in likely)) if text != run else ():
            dag, own = text[:cut], text[cut + 1 :]
            try:
                if TAG in self._api.dag(dag).tags:
                    return self._api.row(dag, own)
            except (NotThereError, RefusedError):
                continue
        raise NotThereError(
            f"{self.where} has no run {run}: it was deleted there, or is of another Airflow; `flowc runs` tells all"
        )

    def _ours(self, name: str) -> Dag:
        """The DAG of a deployment. Raises NotThereError, and RefusedError where Airflow cannot load it."""
        dag = found(self._api, name)
        if dag is None:
            problem = self.deployment(name).problem
            raise RefusedError(f"Airflow has no DAG `{name}` to work with: {problem}; deploy one that loads")
        if TAG not in dag.tags:
            raise NotThereError(
                f"the DAG `{name}` is none that flowc has made: `flowc airflow list` tells all that are"
            )
        return dag

    def _layout(self, dag: Dag | None) -> Layout:
        return layout(self._api.source(dag)) if dag else PLAIN

    def _why(self, row: Row, instance: Instance) -> Cause:
        """Why a task has failed, looked up once."""
        key = (row.dag, row.id, instance.node, instance.tries)
        if key not in self._causes:
            known = cause(tail(self._api, row, instance) if instance.tries else ())
            self._causes[key] = NEVER_STARTED if known == NOTHING_SAID and instance.started is None else known
        return self._causes[key]

    def _held_up(self, row: Row, dag: Dag | None, instances: Sequence[Instance]) -> Cause:
        """Why a run does not go on: the DAG is paused, or a part of Airflow does not work."""
        if phase(row) not in ("queued", "running") or any(each.state in ("running", "deferred") for each in instances):
            return Cause()
        if dag and dag.is_paused:
            return Cause(PAUSED.reason, PAUSED.message, PAUSED.cure.format(dag=dag.id))
        ill = self._api.health().ill
        if not ill:
            return Cause()
        told = ", ".join(f"{part_} {word}" for part_, word in ill.items())
        return Cause("Unhealthy", f"parts of Airflow do not work: {told}", "start them again, or look into their logs")

    def _told(self, row: Row, tasks: tuple[EngineTask, ...] = (), held_up: Cause | None = None) -> EngineRun:
        why = held_up or Cause()
        stands = phase(row)
        if stands == "failed" and (first := next((task for task in tasks if task.phase == "failed"), None)):
            why = Cause(first.reason, f"{first.node}: {first.message}", first.cure)
        return EngineRun(
            run=f"{PREFIX}{row.dag}-{row.id}",
            own=row.id,
            deployment=row.dag,
            phase=stands,
            created=row.created,
            started=row.started,
            finished=row.finished,
            reason=why.reason,
            message=why.message,
            cure=why.cure,
            url=self._page(row.dag, row.id),
            tags=tags_in(row.note),
            tasks=tasks,
        )

    def _page(self, dag: str, run: str = "") -> str:
        from urllib.parse import quote  # noqa: PLC0415 - a name of this method alone

        base = f"{self._place.url}/dags/{quote(dag, safe='')}"
        if self._api.version.startswith("2."):
            return f"{base}/grid" + (f"?dag_run_id={quote(run, safe='')}" if run else "")
        return base + (f"/runs/{quote(run, safe='')}" if run else "")

    def _folder(self) -> Folder | None:
        return places.opened(self._place.dags) if self._place.dags else None

    def _deploying(self) -> Deploying:
        folder = self._folder()
        if folder is None:
            raise CallError(
                "where does Airflow read DAG files? Set `dags` in [tool.flowc.airflow.connection]: a folder, s3://… or gs://…"
            )
        return Deploying(self._api, folder, self._place.wait)


def _is_beside(instance: Instance) -> bool:
    return instance.task.startswith("_")
