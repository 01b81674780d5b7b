"""Step Functions, Batch and S3 as one local server: moto, repaired where it differs from AWS, with jobs as processes.

Run as a program of its own (`python -m tests.engines.moto_standin`): it prints `{"port": N}` and ends when its standard input closes.
What is changed in moto, and why, is said at each function whose name begins with `_repair`.
"""

from __future__ import annotations

import datetime
import functools
import json
import logging
import os
import sys
import threading
import time
import types
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import boto3  # type: ignore[import-untyped]  # it has no stubs
import botocore  # type: ignore[import-untyped]  # it has no stubs
import botocore.session  # type: ignore[import-untyped]  # it has no stubs
import moto.batch.models as batch_models
import moto.stepfunctions.parser.asl.parse.asl_parser  # noqa: F401  loads every module that holds a client
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.model import Shape  # type: ignore[import-untyped]
from botocore.response import StreamingBody  # type: ignore[import-untyped]
from moto.core.exceptions import JsonRESTError
from moto.moto_api import state_manager
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name import custom_error_name
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as distributed,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.result_writer_decl import (
    ResultWriter,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch import (
    StateTaskServiceBatch,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.eval.states import States
from moto.utilities import docker_utilities

from tests.engines import moto_operations
from tests.engines.batch_container import Containers, LocalContainer
from tests.engines.batch_quota import Refusals

OVERRIDES_LIMIT = 8192
"""Characters of `containerOverrides` that Batch takes (AWS documents it for ECS, which Batch hands them to)."""

FASTER = 20
"""How much faster than a wall's the engine's clock goes."""


class Throttled(JsonRESTError):
    """Batch's refusal of a submission that comes too fast."""

    code = 429


class Ended:
    """Which Batch jobs have ended: waiters wake at once instead of polling."""

    def __init__(self) -> None:
        self._events: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    def set(self, job_id: str) -> None:
        """Wake who waits for this job."""
        self._events[job_id].set()

    def wait(self, job_id: str, seconds: float) -> bool:
        """True once the job has ended, False after `seconds`."""
        return self._events[job_id].wait(seconds)


def _replace(owner: Any, name: str, value: object) -> None:
    """Put ours in the place of moto's, which must be there: a newer moto that has none is an error here."""
    getattr(owner, name)
    setattr(owner, name, value)


def _repair_batch(ended: Ended) -> Containers:
    """Jobs are processes; who waits for one wakes when it ends; Batch's limits on a submission hold."""
    containers = Containers()
    client = types.SimpleNamespace(containers=containers)
    _replace(docker_utilities.DockerModel, "docker_client", property(lambda _: client))
    _replace(batch_models, "time", types.SimpleNamespace(**{**vars(time), "sleep": LocalContainer.pause}))
    mark_stopped = batch_models.Job._mark_stopped
    submit = batch_models.BatchBackend.submit_job

    def marked(job: batch_models.Job, success: bool = True) -> None:
        mark_stopped(job, success)
        ended.set(job.job_id)

    refusals = Refusals(lambda: time.monotonic() * FASTER)

    def submitted(backend: batch_models.BatchBackend, job_name: str, job_def_id: str, *args: Any, **what: Any) -> Any:
        earlier = moto_operations.earlier_job(what.get("container_overrides"))
        if earlier:
            return earlier
        definition = backend.get_job_definition(job_def_id)
        image = json.loads(definition.container_properties["image"]) if definition else {}  # type: ignore[index]
        if image and refusals.refuses(job_name, image):
            raise Throttled("TooManyRequestsException", "Too Many Requests")
        overrides = json.dumps(what.get("container_overrides") or {}, ensure_ascii=False)
        if len(overrides) > OVERRIDES_LIMIT:
            raise JsonRESTError("ClientException", f"Container Overrides length must be at most {OVERRIDES_LIMIT}")
        return submit(backend, job_name, job_def_id, *args, **what)

    def described(backend: batch_models.BatchBackend, jobs: list[str] | None) -> list[dict[str, Any]]:
        # moto's own walks all jobs while other threads add some, and that fails.
        wanted = tuple(backend._jobs) if jobs is None else [name.rpartition("/")[2] for name in jobs]
        return [backend._jobs[name].describe() for name in wanted if name in backend._jobs]

    _replace(batch_models.Job, "_mark_stopped", marked)
    _replace(batch_models.BatchBackend, "describe_jobs", described)
    _replace(batch_models.BatchBackend, "submit_job", submitted)
    return containers


def _repair_sync(ended: Ended) -> None:
    """`.sync` wakes when the job ends, and starts no thread for a task token that never comes."""
    from_error = StateTaskServiceBatch._from_error

    def named(self: StateTaskServiceBatch, env: Any, ex: Exception) -> Any:
        # Step Functions knows throttling and Batch's own faults by one name; moto by the code of each.
        response: Any = getattr(ex, "response", None)
        if response and response["ResponseMetadata"]["HTTPStatusCode"] >= Throttled.code:
            return _failure(env, "Batch.AWSBatchException", str(ex)).failure_event
        return from_error(self, env, ex)

    _replace(StateTaskServiceBatch, "_from_error", named)
    build: Any = StateTaskServiceBatch._build_sync_resolver

    def resolver(self: StateTaskServiceBatch, env: Any, *args: Any, **what: Any) -> Callable[[], Any]:
        job_id = env.stack[-1]["JobId"]
        resolve = build(self, env, *args, **what)
        return lambda: resolve() if ended.wait(job_id, 0.5) else None

    def evaluate(self: Any, env: Any, sync_resolver: Callable[[], Any], *_: Any, **__: Any) -> Any:
        result = None
        while env.is_running() and not result:
            result = sync_resolver()
        return result

    _replace(StateTaskServiceBatch, "_build_sync_resolver", resolver)
    _replace(StateTaskServiceCallback, "_eval_sync", evaluate)


@functools.cache
def _operation(service: str, action: str) -> Any:
    model = botocore.session.get_session().get_service_model(service)
    name = next(name for name in model.operation_names if botocore.xform_name(name) == action)
    return model.operation_model(name)


def _rename(value: Any, shape: Shape, name: Callable[[str], str]) -> Any:
    """The same value with every structure's keys as `name` makes them of botocore's."""
    if shape.type_name == "structure" and isinstance(value, dict):
        known = {key.lower(): key for key in shape.members}
        for key in list(value):
            member = known.get(key.lower())
            if member:
                value[name(member)] = _rename(value.pop(key), shape.members[member], name)
    elif shape.type_name == "list" and isinstance(value, list):
        value[:] = [_rename(item, shape.member, name) for item in value]
    elif shape.type_name == "map" and isinstance(value, dict):
        value.update({key: _rename(item, shape.value, name) for key, item in value.items()})
    elif isinstance(value, StreamingBody):
        return value.read().decode()
    elif isinstance(value, datetime.datetime):
        return value.isoformat()
    elif shape.type_name == "blob" and name is _as_is and not isinstance(value, bytes):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return value


def _as_is(key: str) -> str:
    return key


def _pascal(key: str) -> str:
    return key[0].upper() + key[1:]


def _repair_shapes() -> None:
    """Parameters and results keep the names and kinds that Step Functions gives them.

    Names are PascalCase outside and the service's own inside; a blob is JSON text on its way in and text on its way out.
    """

    def request(self: StateTaskService, parameters: Any, service: str | None = None, action: str | None = None) -> None:
        shape = _operation(self._get_boto_service_name(service), self._get_boto_service_action(action)).input_shape
        if shape is not None:
            _rename(parameters, shape, _as_is)

    def response(
        self: StateTaskService,
        response: Any,
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        names = self._get_boto_service_name(boto_service_name), self._get_boto_service_action(service_action_name)
        shape = _operation(*names).output_shape
        if shape is not None:
            _rename(response, shape, _pascal)

    _replace(StateTaskService, "_normalise_parameters", request)
    _replace(StateTaskService, "_normalise_response", response)


def _repair_clients(port: int) -> None:
    """One client a service, at this server, instead of a new one for every state."""

    @functools.cache
    def client(region: str, service: str) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(
                parameter_validation=False,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                max_pool_connections=64,
            ),
        )

    lock = threading.Lock()

    def client_for(region: str, service: str, state_credentials: object = None) -> Any:
        with lock:  # boto3's default session is not safe across threads
            return client(region, service)

    for module in list(sys.modules.values()):
        if getattr(module, "boto_client_for", None) is not None:
            vars(module)["boto_client_for"] = client_for


def _repair_errors() -> None:
    """Map and Parallel hand a child's `States.…` error on, and no component's key is made twice by two threads."""
    _replace(custom_error_name, "ILLEGAL_CUSTOM_ERROR_PREFIX", "\0")
    _replace(EvalComponent, "heap_key", property(lambda self: str(id(self))))


def _repair_start_time() -> None:
    """`$$.Execution.StartTime` is text; moto keeps a datetime, which no intrinsic can print."""
    begin = States.__init__

    def begun(self: States, context: Any) -> None:
        started = context["Execution"]["StartTime"]
        if isinstance(started, datetime.datetime):
            context["Execution"]["StartTime"] = _stamp(started)
        begin(self, context)

    _replace(States, "__init__", begun)


def _stamp(when: datetime.datetime) -> str:
    return when.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _repair_pauses() -> None:
    """A retry waits a fraction of its interval: the order of events is the same."""
    shorter = types.SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / FASTER))
    _replace(retrier_decl, "time", shorter)


def _repair_choice() -> None:
    """A Choice that matches nothing and has no default fails with its own error, not with `States.Runtime`."""
    evaluate = StateChoice._eval_state

    def chosen(self: StateChoice, env: Any) -> None:
        try:
            evaluate(self, env)
        except RuntimeError as none:
            raise _failure(env, "States.NoChoiceMatched", str(none)) from none

    _replace(StateChoice, "_eval_state", chosen)


def _repair_distributed_map() -> None:
    """A child of a distributed Map is an execution of its own, and one that fails makes the Map fail.

    moto shows it the parent's `$$.Execution` and `$$.Map`, and counts a failed child as an empty result.
    """

    def evaluate(self: Any, env: Any, job: Any) -> None:
        context = env.states.context_object.context_object_data
        child = None
        try:
            context["Map"] = {"Item": {"Index": job.job_index, "Value": job.job_input}}
            env.states.reset(job.job_input)
            if self._item_selector:
                env.states.reset(self._env.states.get_input())
                env.stack.append(env.states.get_input())
                self._item_selector.eval(env)
                env.states.reset(env.stack.pop())
            _become_child(context, env.states.get_input())
            child = moto_operations.begin_child(env, self._map_run_record.map_run_arn, env.states.get_input())
            job.job_program.eval(env)
            error = getattr(env.program_state(), "error", None)
            is_stopped = isinstance(env.program_state(), ProgramStopped)
            child.end("ABORTED" if is_stopped else "SUCCEEDED" if error is None else "FAILED", error)
            job.job_output = env.states.get_input() if error is None else _exceeded(env, error)
        except FailureEventException as failure:
            pair = failure.extract_error_cause_pair() or ("", "")
            told = {"error": pair[0], "cause": pair[1]}
            if child:
                child.end("FAILED", told)
            job.job_output = _exceeded(env, told)
        except Exception as bug:  # noqa: BLE001  a worker that dies in silence leaves the Map waiting for ever
            if child:
                child.end("FAILED", {"error": "States.Runtime", "cause": repr(bug)})
            job.job_output = _exceeded(env, {"error": "States.Runtime", "cause": repr(bug)})

    _replace(distributed.DistributedItemProcessorWorker, "_eval_job", evaluate)


def _repair_result_writer() -> None:
    """A ResultWriter's paths read the Map's input, as its ItemReader's do; moto's read the results."""

    def evaluate(self: ResultWriter, env: Any) -> None:
        env.stack.append(env.states.get_input())
        self.parargs.eval(env=env)
        parameters = env.stack.pop()
        env.stack.pop()
        env.stack.append(parameters)
        self.resource_eval.eval_resource(env=env)

    _replace(ResultWriter, "_eval_body", evaluate)


def _become_child(context: dict[str, Any], given: Any) -> None:
    parent = context["Execution"]
    name = str(uuid.uuid4())
    del context["Map"]
    context["Execution"] = {
        **parent,
        "Id": f"{parent['Id'].rsplit(':', 1)[0]}/Map:{name}",
        "Input": given,
        "Name": name,
        "StartTime": _stamp(datetime.datetime.now(datetime.UTC)),
    }
    machine = context["StateMachine"]
    context["StateMachine"] = {**machine, "Name": f"{machine['Name']}/Map"}


def _exceeded(env: Any, error: Mapping[str, Any]) -> FailureEventException:
    cause = f"The specified tolerated failure threshold was exceeded: {json.dumps(dict(error), default=str)}"
    return _failure(env, "States.ExceedToleratedFailureThreshold", cause)


def _failure(env: Any, error: str, cause: str) -> FailureEventException:
    told = ExecutionFailedEventDetails(error=error, cause=cause)
    details: Any = {"executionFailedEventDetails": told}
    name = custom_error_name.CustomErrorName(error)
    return FailureEventException(
        FailureEvent(env=env, error_name=name, event_type=HistoryEventType.MapRunFailed, event_details=details)
    )


def _configure() -> None:
    from moto.core.config import default_user_config

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    state_manager.set_transition("batch::job", {"progression": "immediate"})


def main() -> None:
    """Serve until standard input closes, then end every job that still runs."""
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    ended = Ended()
    containers = _repair_batch(ended)
    _repair_sync(ended)
    _repair_shapes()
    _repair_errors()
    _repair_start_time()
    _repair_pauses()
    _repair_choice()
    _repair_distributed_map()
    _repair_result_writer()
    moto_operations.add()
    _configure()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    os.environ["MOTO_PORT"] = str(port)
    _repair_clients(port)
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    for container in containers.started:
        container.kill()
    os._exit(0)


if __name__ == "__main__":
    main()
