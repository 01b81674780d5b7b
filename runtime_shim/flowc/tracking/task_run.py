"""One task as a run of an MLflow server: begun, told what the step leaves, ended. Whatever the server does, the task goes on.

    run = TaskRun(store, fence, told_of(loaded, fence.address, record, given))
    run.begin()                                # before the step: its own run there, below that of the flow's run
    with run.environment(): …                  # where `import mlflow` logs to it
    run.left(vars(flow), found, ends=False)    # what the step has set; nothing is told yet
    run.finished("")                           # its result is the one that counts
    run.failed("ValueError: …", is_steps=True)

Where the server gives no answer, or a wrong one, the task says so once and tells it nothing more. Only where the deployment requires it
StoreError goes up, or SetupError where another attempt would meet the same.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from flowc.artifacts.manifest import attempts, read, read_run
from flowc.store.protocol import DamagedError, MissingError, SetupError, Store, StoreError
from flowc.tracking import facts, runs
from flowc.tracking.runs import Logged, Made, Places
from flowc.tracking.server import ALL, Server, TrackingError, shown
from flowc.tracking.telling import Told, told_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.artifacts.manifest import RunRecord
    from flowc.artifacts.ordering import Fence

__all__ = ["TaskRun", "told_of"]

_HASTE = 3.0
"""Seconds for a process that was asked to end."""

_RUNNING, _FINISHED, _FAILED, _KILLED = "RUNNING", "FINISHED", "FAILED", "KILLED"

_VARIABLES = ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME")
"""What MLflow's own library goes by; the last one would have to agree with the experiment's id."""

_HASTY = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}


class TaskRun:
    """A task under way. An iteration of a step that repeats has its task's run, and tells its numbers alone."""

    def __init__(self, store: Store, fence: Fence, told: Told) -> None:
        self._wanted, self._store, self._fence, self._told = told.wanted, store, fence, told
        self._places = Places(store, fence.address.of, told.wanted.uri)
        self._parent: Logged | None = None
        self._own: Logged | None = None
        self._is_off = False
        self._metrics: Mapping[str, float] = {}
        self._all_metrics: Mapping[str, float] = {}
        self._is_last = False

    def begin(self) -> None:
        """Make the task's run, or take the one of an earlier attempt; the flow's run, too, where there is none yet.

        An iteration takes its task's, which is there unless the task could not make it.
        """
        if self._fence.address.iteration is None:
            self._try(self._begin)
        else:
            self._own = self._places.read(self._places.of_task(self._fence.address))

    def _begin(self, server: Server) -> None:
        fence = self._fence
        is_again = fence.attempt > 1
        self._parent = self._places.read(self._places.of_run) or self._made_parent(server)
        key = self._places.of_task(fence.address)
        found = self._places.read(key) if is_again else None
        if found is None:
            own = facts.tags_of_task(fence.address, self._told.user, self._told.code, self._told.has_cards)
            own["mlflow.parentRunId"] = self._parent.run
            made = Made(fence.address.id, fence.started, own, is_again)
            found = runs.made_run(server, self._parent.experiment, made)
            self._own = self._places.keep(server, key, found)
        else:
            self._own = found
            runs.update(server, found.run, _RUNNING)
        if is_again and not fence.retry:  # what has failed for good is done again: so is the run
            runs.update(server, self._parent.run, _RUNNING)

    def _made_parent(self, server: Server) -> Logged:
        address = self._fence.address
        record = self._told.record or read_run(self._store, address.of)
        experiment = runs.experiment_of(server, self._wanted.experiment)
        own = facts.tags_of_run(record, self._told.code)
        again = self._fence.attempt > 1
        made = runs.made_run(server, experiment, Made(own[facts.PATHSPEC], record.created, own, again))
        found = self._places.keep(server, self._places.of_run, made)
        if found == made:
            rows = facts.parameters(self._parameters(record))
            for start in range(0, len(rows), facts.MOST_PARAMETERS):
                runs.log(server, made.run, params=rows[start : start + facts.MOST_PARAMETERS])
        return found

    def _parameters(self, record: RunRecord) -> Mapping[str, Any]:
        """The values of the flow's parameters; of a resumed run those that its first task has."""
        if self._told.record is not None:
            return self._told.given
        try:
            first = read(self._store, record.address.task(record.first))
            return {name: first[name] for name in first.parameters}
        except (MissingError, DamagedError):
            return {}

    @contextlib.contextmanager
    def environment(self) -> Iterator[None]:
        """What `import mlflow` goes by in the step, and in what the step starts."""
        own = self._own
        wanted = [self._wanted.uri, own and own.experiment, own and own.run, None]
        before = {name: os.environ.get(name) for name in _VARIABLES}
        _set(dict(zip(_VARIABLES, wanted)))
        try:
            yield
        finally:
            _set(before)

    def left(self, own: Mapping[str, Any], artifacts: Mapping[str, Any], *, ends: bool) -> None:
        """Keep the numbers among what the step leaves; where it `ends` the run, all that the run has come to."""
        if self._own is None or self._is_off:
            return
        self._is_last = ends
        self._metrics = self._asked(facts.numbers, own, artifacts)
        if ends:
            self._all_metrics = self._asked(facts.all_numbers, own, artifacts)

    def _asked(
        self, numbers: Callable[..., dict[str, float]], own: Mapping[str, Any], artifacts: Mapping[str, Any]
    ) -> dict[str, float]:
        wanted = {name: each for name, each in artifacts.items() if self._wanted.is_metric(name)}
        found = numbers(own, wanted) if wanted else {}
        if len(found) > facts.MOST_METRICS:
            self._say(f"it has {len(found)} numbers, and {facts.MOST_METRICS} of them are told to MLflow: name those")
        return dict(list(found.items())[: facts.MOST_METRICS])

    def finished(self, caught: str) -> None:
        """Tell that the task has left the result that counts. `caught`: the exception that `@catch` took."""
        self._end_client(_FINISHED)
        if self._own is not None:
            self._try(lambda server: self._finish(server, caught))

    def _finish(self, server: Server, caught: str) -> None:
        assert self._own is not None, "it has begun"
        fence, now = self._fence, time.time()
        rows = facts.metrics(self._metrics, now, fence.address.iteration or 0)
        if fence.address.iteration is not None:
            runs.log(server, self._own.run, metrics=rows)
            return
        runs.log(server, self._own.run, metrics=rows, tags=self._end_tags({"flowc.caught": caught}))
        runs.update(server, self._own.run, _FINISHED, now)
        if self._is_last and self._parent:
            runs.log(server, self._parent.run, metrics=facts.metrics(self._all_metrics, now, 0))
            runs.update(server, self._parent.run, _FINISHED, now)

    def failed(self, why: str, *, is_killed: bool = False, is_steps: bool = False, never_again: bool = False) -> None:
        """Tell that the attempt has failed, unless a later one has begun; where no other comes, so has the run.

        `is_steps`: the step raised; `never_again`: no attempt could do better.
        """
        status = _KILLED if is_killed else _FAILED
        self._end_client(status)
        if self._own is None or self._fence.address.iteration is not None:
            return
        with contextlib.suppress(StoreError):  # it fails for a reason of its own
            for_good = never_again or self._told.is_last(self._fence.retry, is_steps=is_steps)
            self._try(lambda server: self._fail(server, why, status, for_good), _HASTE if is_killed else ALL)

    def _fail(self, server: Server, why: str, status: str, for_good: bool) -> None:
        assert self._own is not None, "it has begun"
        address, now = self._fence.address, time.time()
        if any(one.number > self._fence.attempt for one in attempts(self._store, address)):
            return
        runs.log(
            server, self._own.run, tags=self._end_tags({"flowc.exception": f"attempt {self._fence.attempt}: {why}"})
        )
        runs.update(server, self._own.run, status, now)
        if for_good and self._parent:
            runs.update(server, self._parent.run, status, now)

    def _end_tags(self, more: Mapping[str, str]) -> list[dict[str, str]]:
        attempt = str(self._fence.attempt) if self._fence.attempt > 1 else ""
        return facts.tags({"flowc.attempt": attempt, **more})

    def _end_client(self, status: str) -> None:
        """Let MLflow's own library end the run that the step has logged to: at the process's end it would say that all went well."""
        mlflow = sys.modules.get("mlflow") if "mlflow.tracking.fluent" in sys.modules else None
        if mlflow is None or self._own is None:
            return
        before = {name: os.environ.get(name) for name in _HASTY}
        _set({name: before[name] or value for name, value in _HASTY.items()})
        try:
            active = mlflow.active_run()
            if active is not None and active.info.run_id == self._own.run:
                mlflow.end_run(status)
        except Exception:  # noqa: BLE001 - somebody else's library, and a server that may be gone
            return
        finally:
            _set(before)

    def _try(self, tell: Callable[[Server], None], seconds: float = ALL) -> None:
        """Tell the server something, unless it has failed before; what it does wrong is said, once."""
        if self._is_off:
            return
        try:
            with Server(self._wanted.uri, os.environ, seconds) as server:
                tell(server)
        except StoreError:
            raise
        except TrackingError as error:
            self._trouble(str(error), error.is_setup)
        except Exception as error:  # noqa: BLE001 - an answer of another form, or a fault of ours: no run fails by it
            self._trouble(f"its answer was not of the form that was expected ({type(error).__name__})", False)

    def _trouble(self, why: str, is_setup: bool) -> None:
        self._is_off = True
        where = f"MLflow at {shown(self._wanted.uri)}"
        if self._wanted.required:
            kind = SetupError if is_setup else StoreError
            raise kind(f"{where} is required here, and {why}")
        self._say(f"{where}: {why}. This task is not logged there from here on")

    @staticmethod
    def _say(text: str) -> None:
        sys.stderr.write(f"flowc: {text}\n")


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
