"""The target `kfp` as an engine: the protocol's verbs over one server of Kubeflow Pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from compiler.backends.operating import (
    Change,
    Deployment,
    Diagnosis,
    EngineRun,
    EngineTask,
    LogPart,
    RefusedError,
    Release,
    Start,
)
from flowc_kfp.operate import deploying, doctor, runs
from flowc_kfp.operate.api import Api
from flowc_kfp.operate.connecting import Place


class KfpEngine:
    """Kubeflow Pipelines at one address, in one namespace. Fulfils `Engine`."""

    def __init__(self, place: Place) -> None:
        self._api = Api(place)
        self.where = place.where

    def deployments(self) -> Iterator[Deployment]:
        """All pipelines of ours, by name."""
        return (deploying.told(self._api, each) for each in deploying.deployments(self._api))

    def deployment(self, name: str) -> Deployment:
        """That of a name. Raises NotThereError where there is none of ours."""
        return deploying.told(self._api, deploying.found(self._api, name))

    def changes(self, release: Release) -> tuple[Change, ...]:
        """What `deploy` would do."""
        return deploying.changes(self._api, release)

    def deploy(self, release: Release, tell: Callable[[str], None]) -> Deployment:
        """Let the newest version of the pipeline be the release."""
        deploying.deploy(self._api, release, tell)
        return self.deployment(release.name)

    def delete(self, name: str) -> None:
        """Remove the pipeline with its versions; its runs stay. Raises NotThereError."""
        deploying.delete(self._api, name)

    def suspend(self, name: str) -> None:
        """There is nothing that starts one. Raises NotThereError, RefusedError."""
        deploying.found(self._api, name)
        raise RefusedError(
            f"nothing of flowc's starts {name} by itself: recurring runs that somebody has made stop and go on by the server's page"
        )

    resume = suspend

    def trigger(self, name: str, start: Start) -> EngineRun:
        """Start a run of the newest version of ours. Raises NotThereError, RefusedError."""
        return runs.start(self._api, deploying.found(self._api, name), start)

    def runs(self, name: str, limit: int) -> Sequence[EngineRun]:
        """The runs of a deployment, the newest first, without tasks."""
        pipeline = self._api.pipeline_named(name)
        return () if pipeline is None else runs.of_deployment(self._api, pipeline, limit)

    def run(self, run: str) -> EngineRun:
        """A run with its tasks. Raises NotThereError."""
        return runs.told(self._api, runs.found(self._api, run))

    def log(self, run: str, task: EngineTask, position: str = "") -> LogPart:
        """What a task has printed behind a position. Raises NotThereError."""
        return runs.log(self._api, run, task, position)

    def terminate(self, run: str) -> None:
        """End a run; nothing where it is over. Raises NotThereError."""
        runs.terminate(self._api, run)

    def retry(self, run: str, step: str | None) -> EngineRun:
        """Do again what has failed, in the same run. Raises NotThereError, RefusedError."""
        return runs.retry(self._api, run, step)

    def page(self, run: str) -> str:
        """The address of a run's page."""
        return self._api.page(f"runs/details/{runs.own_id(run)}")

    def diagnose(self) -> Iterator[Diagnosis]:
        """What `doctor` tells; raises nothing."""
        return doctor.diagnose(self._api)
