"""The keys of `[tool.flowc.step-functions]`, and what the platform alone knows: a `${Placeholder}` where no key says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.backends import Options
from compiler.ir.flow import Value
from compiler.slotted_class import record


@record
class Setting:
    """One key: a line of help, which values it takes, and how a message says so."""

    help: str
    takes: Callable[[Value], bool]
    wants: str


def is_text(value: Value) -> bool:
    return isinstance(value, str) and bool(value)


def is_flag(value: Value) -> bool:
    return isinstance(value, bool)


def is_platform(value: Value) -> bool:
    return value in ("EC2", "FARGATE")


def is_attempts(value: Value) -> bool:
    return not isinstance(value, bool) and value in range(1, 11)


def is_texts(value: Value) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(item, str) for item in value)


def is_text_table(value: Value) -> bool:
    return isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values())


def _text(help: str) -> Setting:
    return Setting(help, is_text, "a text")


SETTINGS: Mapping[str, Setting] = {
    "queue": _text("the Batch job queue, by name or ARN; `${JobQueue}`, an ARN, without it"),
    "platform": Setting("what the queue's jobs run on: `EC2` or `FARGATE`", is_platform, "`EC2` or `FARGATE`"),
    "job_role": _text("the role that a step's code has; `${JobRole}` without it"),
    "execution_role": _text("the role that starts containers; on Fargate `${ExecutionRole}` without it"),
    "log_group": _text("the CloudWatch log group of the jobs"),
    "tags": Setting("tags of the jobs and of their ECS tasks", is_text_table, "a table of texts"),
    "environment": Setting("more variables of every job", is_text_table, "a table of texts"),
    "spot_attempts": Setting("how often a job starts where Spot takes its host", is_attempts, "a number from 1 to 10"),
    "event_bus": _text("the event bus whose events start a flow with @trigger; the default one without it"),
    "event_source": _text("the source that these events must have; any without it"),
    "sam": Setting("whether to write a SAM template beside the machine", is_flag, "true or false"),
    "policy": Setting("whether to write the least IAM policies of the machine's role and of the jobs'", is_flag, "true or false"),
}  # fmt: skip

DEFAULT_STORE = "s3://${StoreBucket}/flowc"


@record
class Store:
    """The store as the machine needs it; `prefix` is empty or ends with `/`."""

    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        """The URL without a last `/`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def store(options: Options) -> Store:
    """Where control objects lie: under the artifacts' store."""
    bucket, _, prefix = (options.store or DEFAULT_STORE).removeprefix("s3://").partition("/")
    stripped = prefix.strip("/")
    return Store(bucket, f"{stripped}/" if stripped else "")


def text(options: Options, key: str, default: str) -> str:
    """A setting that is text."""
    value = options.target.get(key)
    return value if isinstance(value, str) else default


def texts(options: Options, key: str) -> dict[str, str]:
    """A setting that is a table of texts."""
    value = options.target.get(key)
    return {name: str(item) for name, item in value.items()} if isinstance(value, Mapping) else {}


def is_fargate(options: Options) -> bool:
    return options.target.get("platform") == "FARGATE"


CONNECTION: Mapping[str, str] = {
    "region": "the region; AWS_REGION or the profile's without it",
    "profile": "the profile of AWS's configuration files; AWS_PROFILE without it",
    "endpoint": "an address to ask instead of AWS's own, AWS_ENDPOINT_URL without it",
    "role": "the ARN of the role that the state machine has",
    "job_queue": "what `${JobQueue}` is: the job queue, by its ARN",
    "job_role": "what `${JobRole}` is: the role that a step's code has",
    "execution_role": "what `${ExecutionRole}` is: the role that starts containers on Fargate",
    "schedule_role": "what `${SchedulerRole}` is: the role by which EventBridge Scheduler starts the machine",
    "events_role": "what `${EventsRole}` is: the role by which a rule of EventBridge starts the machine",
    "placeholders": "a table of what any other `${Placeholder}` is",
    "log_group": "the log group of jobs that name none; Batch's own without it",
}
"""The keys of `[tool.flowc.step-functions.connection]`, which only operating reads."""
