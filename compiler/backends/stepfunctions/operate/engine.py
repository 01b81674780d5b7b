"""The engine: Step Functions of one account and region, with Batch, EventBridge and CloudWatch beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from compiler.backends.operating import (
    RECORD_PREFIX,
    Change,
    Connection,
    Deployment,
    Diagnosis,
    EngineRun,
    EngineTask,
    LogPart,
    NotThereError,
    RefusedError,
    Release,
    Start,
)
from compiler.backends.stepfunctions.operate import batch_jobs, deploying, diagnosing, live, marks, runs
from compiler.backends.stepfunctions.operate.calls import AbsentError, Aws, DeniedError
from compiler.backends.stepfunctions.operate.comparing import compared
from compiler.backends.stepfunctions.operate.wanted import wanted
from compiler.mistakes import CallError

LARGEST_INPUT = 262_144
"""Bytes of an execution's input."""

TAGS, BESIDE = "flowc-tags", "flowc-parameters"


class StepFunctionsEngine:
    """Holds to `operating.Engine`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._aws = Aws(connection)
        profile = f" by the profile {self._aws.profile}" if self._aws.profile else ""
        self.where = f"Step Functions in {self._aws.region}{profile}"

    def deployments(self) -> Iterator[Deployment]:
        """Those that carry our mark: found by their tags, which AWS indexes some seconds after they were set."""
        found = self._aws.pages(
            "resourcegroupstaggingapi",
            "get_resources",
            "ResourceTagMappingList",
            ResourceTypeFilters=["states:stateMachine"],
            TagFilters=[{"Key": f"{RECORD_PREFIX}flow"}],
        )
        arns = [str(each["ResourceARN"]) for each in found]
        for arn in sorted(arns, key=_last):
            machine = live.machine_at(self._aws, arn)
            if machine is not None and machine.is_ours:
                yield self._told(machine, "")

    def deployment(self, name: str) -> Deployment:
        """With what keeps its runs from starting."""
        machine = self._ours(name)
        return self._told(machine, self._problem(machine))

    def _ours(self, name: str) -> live.Machine:
        machine = live.machine(self._aws, name)
        if machine is None or not machine.is_ours:
            reason = "there is no deployment" if machine is None else "flowc has not deployed the state machine"
            raise NotThereError(
                f"{reason} `{name}` in {self._aws.region}: `flowc step-functions list` shows which there are"
            )
        return machine

    def _told(self, machine: live.Machine, problem: str) -> Deployment:
        schedule = live.schedule(self._aws, machine.name)
        text = ""
        if schedule and live.owner(schedule) == machine.name:
            text = f"{schedule['ScheduleExpression']} {schedule.get('ScheduleExpressionTimezone') or 'UTC'}"
        url = _machine_page(self._aws, machine.arn)
        record = marks.record_in(machine.tags)
        return Deployment(machine.name, record, machine.is_suspended, text, (), problem, url, tells_parameters=False)

    def _problem(self, machine: live.Machine) -> str:
        if machine.status != "ACTIVE":
            return f"the state machine is {machine.status}"
        for name, revisions in live.named_definitions([machine.definition]).items():
            active = {int(each["revision"]) for each in live.revisions(self._aws, name)}
            if revisions - active:
                return f"the job definition {name}:{min(revisions - active)} is not active: deploy again"
        queues = live.queues(machine.definition)
        return next(filter(None, (batch_jobs.queue_trouble(self._aws, each) for each in sorted(queues))), "")

    def changes(self, release: Release) -> tuple[Change, ...]:
        """What `deploy` would do."""
        return compared(self._aws, wanted(release, self._aws, self._connection)).changes

    def deploy(self, release: Release, tell: Callable[[str], None]) -> Deployment:
        """Bring it about."""
        machine = deploying.deploy(self._aws, wanted(release, self._aws, self._connection), tell)
        return self._told(machine, "")

    def delete(self, name: str) -> None:
        """Runs that are going on end by themselves, and keep their job definitions until `delete` is called once more."""
        deploying.delete(self._aws, name)

    def suspend(self, name: str) -> None:
        """The schedule and the rule stay, disabled."""
        deploying.suspend(self._aws, self._ours(name))

    def resume(self, name: str) -> None:
        """They are enabled again."""
        deploying.resume(self._aws, self._ours(name))

    def trigger(self, name: str, start: Start) -> EngineRun:
        """Start an execution whose name is `unique`. What a flow does not take is refused by its first step alone."""
        machine = self._ours(name)
        given = dict(start.parameters)
        if start.tags:
            given[TAGS] = list(start.tags)
        text = _json(given)
        if len(text.encode()) > LARGEST_INPUT:
            text = self._beside(machine, start, len(text.encode()))
        return runs.started(self._aws, machine.arn, start.unique, text)

    def _beside(self, machine: live.Machine, start: Start, size: int) -> str:
        """The input that names an object with the parameters, which is put into the run's own folder of the store."""
        too_large = f"the parameters have {size} bytes, and an execution takes {LARGEST_INPUT}"
        store, record = self._connection.store or "", marks.record_in(machine.tags)
        if not store.startswith("s3://") or record is None:
            raise RefusedError(f"{too_large}: put them into an object and give its URL as `{BESIDE}`, or set `store`")
        bucket, _, prefix = store.removeprefix("s3://").partition("/")
        flow = record.flow.rpartition(":")[2]
        folder = "/".join(filter(None, (prefix.strip("/"), flow, f"{runs.PREFIX}{machine.name}-{start.unique}")))
        key = f"{folder}/_control/parameters.json"
        body = _json(dict(start.parameters)).encode()
        try:
            self._aws.ask("s3", "put_object", Bucket=bucket, Key=key, Body=body, ContentType="application/json")
        except (DeniedError, AbsentError) as error:
            raise RefusedError(f"{too_large}, and {store} takes none from here: {error}") from None
        tags = {TAGS: list(start.tags)} if start.tags else {}
        return _json({BESIDE: f"s3://{bucket}/{key}", **tags})

    def runs(self, name: str, limit: int) -> Sequence[EngineRun]:
        """The newest runs of a machine."""
        return runs.listed(self._aws, self._aws.arn("states", f"stateMachine:{name}"), limit)

    def run(self, run: str) -> EngineRun:
        """An execution with the tasks of it and of its Map Runs' children."""
        return runs.with_tasks(self._aws, runs.found(self._aws, run))

    def log(self, run: str, task: EngineTask, position: str = "") -> LogPart:
        """The log of the task's newest job."""
        if "#" in task.node or not task.node:
            raise NotThereError(f"{task.step or task.node} of {run} has no job, and so no log: `flowc status` says why")
        return batch_jobs.log(self._aws, task.node, position)

    def terminate(self, run: str) -> None:
        """Stop it and the jobs that it leaves."""
        runs.terminate(self._aws, runs.found(self._aws, run), run)

    def retry(self, run: str, step: str | None) -> EngineRun:
        """Redrive it."""
        return runs.retry(self._aws, runs.found(self._aws, run), run, step)

    def page(self, run: str) -> str:
        """Its page in AWS's console."""
        return runs.page(self._aws, str(runs.found(self._aws, run)["executionArn"]))

    def diagnose(self) -> Iterator[Diagnosis]:
        """What `doctor` tells."""
        return diagnosing.diagnose(self._aws, self._connection)


def _last(arn: str) -> str:
    return arn.rpartition(":")[2]


def _machine_page(aws: Aws, arn: str) -> str:
    return runs.page(aws, arn).replace("/v2/executions/details/", "/statemachines/view/")


def _json(value: Mapping[str, object]) -> str:
    """As it is, but for halves of surrogate pairs, which no UTF-8 has."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CallError(f"a parameter is no value of JSON: {error}") from None
    return text
