"""Batch job definitions: one for each distinct configuration of a container."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import ceil

from compiler.backends import Options, pod_options
from compiler.backends.command import environment, flow_image, hook_task, own_image, step_environment
from compiler.backends.fields import is_number
from compiler.backends.names import within
from compiler.backends.secrets import secret_environment
from compiler.backends.stepfunctions import settings
from compiler.backends.stepfunctions.layout import Json
from compiler.backends.stepfunctions.settings import Setting
from compiler.ir.flow import Dynamic, Value
from compiler.ir.plan import Plan, Resources, Task

DEFAULT_CPU, DEFAULT_MEMORY = 1, 4096
"""Metaflow's: a flow asks for the same where it says nothing."""

_GIB = 1024
_LONGEST_PLACEHOLDER = 250
"""CloudFormation's names have at most 255 letters and digits; numbers may follow."""
FARGATE: tuple[tuple[float, range], ...] = (
    (0.25, range(512, 2048 + 1, 512)),
    (0.5, range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    (1, range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    (2, range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    (4, range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    (8, range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    (16, range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
)
"""The pairs of vCPU and MiB that Fargate has (0.25 vCPU: 512, 1024, 2048)."""


class JobDefinitions:
    """The definitions of one emission, by the name of the placeholder that stands for each in the machine."""

    def __init__(self, plan: Plan, options: Options, machine: str) -> None:
        self._shared = _shared_environment(plan, options)
        self._options = options
        self._name_of_step: dict[tuple[str, str | None], str] = {}
        self.documents: dict[str, Json] = {}
        known: dict[str, str] = {}
        for task in (*plan.root.containers(), *map(hook_task, plan.hooks)):
            properties = self._properties(task)
            key = json.dumps([properties, batch(task, "aws_batch_tags")], sort_keys=True)
            if key not in known:
                known[key] = self._add(task, properties, machine)
            self._name_of_step[task.step, task.image] = known[key]

    def reference(self, task: Task) -> str:
        """The placeholder of the task's definition."""
        return f"${{{self._name_of_step[task.step, task.image]}}}"

    def _add(self, task: Task, properties: dict[str, Json], machine: str) -> str:
        plain = _is_plain(task)
        wish = "JobDefinition" + ("" if plain else _camel(task.step))
        name = _free(within(wish, _LONGEST_PLACEHOLDER, whole=task.step, joint="X"), self.documents)
        of_batch = machine if plain else f"{machine}-{task.step}"
        self.documents[name] = _definition(properties, of_batch, self._options, task)
        return name

    def _properties(self, task: Task) -> dict[str, Json]:
        of_options = pod_options.pod_environment(pod_options.said(task, "batch"), task.resources)
        told = {**step_environment(task), **secret_environment(task, "aws-secrets-manager"), **of_options}
        return _container(task, self._options, {**self._shared, **told})


def batch_name(text: str) -> str:
    """A name as Batch takes it: at most 128 characters, of which the first is a letter or a digit."""
    return within(text.lstrip("_-"), 128, whole=text) or "flow"


def _camel(step: str) -> str:
    return "".join(part.capitalize() for part in step.split("_"))


def _is_plain(task: Task) -> bool:
    return task.resources == Resources() and not (
        task.image or task.variant or task.secrets or task.environment or task.options
    )


def _free(name: str, taken: Mapping[str, object]) -> str:
    numbered, count = name, 2
    while numbered in taken:
        numbered, count = f"{name}{count}", count + 1
    return numbered


def _shared_environment(plan: Plan, options: Options) -> dict[str, str]:
    """What all jobs see. There is no common place to report to: each split says its own in its command."""
    shared = environment(plan, options, "")
    del shared["FLOWC_REPORT"]
    return {**shared, "FLOWC_STORE": settings.store(options).url, **settings.texts(options, "environment")}


def _definition(properties: dict[str, Json], name: str, options: Options, task: Task) -> Json:
    """What RegisterJobDefinition takes."""
    tags = {**settings.texts(options, "tags"), **_texts(batch(task, "aws_batch_tags"))}
    document: dict[str, Json] = {
        "jobDefinitionName": batch_name(name),
        "type": "container",
        "platformCapabilities": ["FARGATE" if settings.is_fargate(options) else "EC2"],
        "containerProperties": properties,
    }
    attempts = options.target.get("spot_attempts")
    if isinstance(attempts, int):
        document["retryStrategy"] = {
            "attempts": attempts,
            "evaluateOnExit": [
                {"onStatusReason": "Host EC2*", "action": "RETRY"},
                {"onReason": "*", "action": "EXIT"},
            ],
        }
    if tags:
        document.update(tags=tags, propagateTags=True)
    return document


def _container(task: Task, options: Options, variables: Mapping[str, str]) -> dict[str, Json]:
    role = batch(task, "iam_role") or settings.text(options, "job_role", "${JobRole}")
    execution = batch(task, "execution_role") or settings.text(
        options, "execution_role", "${ExecutionRole}" if settings.is_fargate(options) else ""
    )
    fargate: dict[str, Json] = (
        {"networkConfiguration": {"assignPublicIp": "ENABLED"}} if settings.is_fargate(options) else {}
    )
    return {
        "image": own_image(task, options) or flow_image(options),
        "jobRoleArn": str(role),
        **({"executionRoleArn": str(execution)} if execution else {}),
        "resourceRequirements": _requirements(task.resources, options),
        "environment": [{"name": name, "value": value} for name, value in variables.items()],
        **({"privileged": True} if batch(task, "privileged") else {}),
        **fargate,
        **_linux(task),
        **_volumes(task),
        **_storage(task),
        **_logs(task, options),
    }


def _requirements(asked: Resources, options: Options) -> list[Json]:
    cpu, memory = asked.cpu or DEFAULT_CPU, asked.memory or DEFAULT_MEMORY
    if settings.is_fargate(options):
        pair = fargate_pair(cpu, memory)
        assert pair is not None, "a size that `check` let pass"
        cpu, memory = pair
    else:
        cpu = ceil(cpu)
    found: list[Json] = [
        {"type": "VCPU", "value": f"{cpu:g}"},
        {"type": "MEMORY", "value": str(memory)},
    ]
    return [*found, {"type": "GPU", "value": str(asked.gpu)}] if asked.gpu else found


def fargate_pair(cpu: float, memory: int) -> tuple[float, int] | None:
    """The least pair that holds what is asked for, or None where Fargate has none."""
    for vcpu, sizes in FARGATE:
        size = next((size for size in sizes if size >= memory and (vcpu, size) != (0.25, 1536)), None)
        if vcpu >= cpu and size:
            return vcpu, size
    return None


def queue(task: Task, options: Options) -> str:
    """The job queue of a step."""
    return str(batch(task, "queue") or settings.text(options, "queue", "${JobQueue}"))


def batch(task: Task, name: str) -> Value:
    """The value of an option of `@batch`, None where the author gives none."""
    for option in task.options:
        if (option.decorator, option.name) == ("batch", name):
            assert not isinstance(option.value, Dynamic), "a value that `check` let pass"
            return option.value
    return None


def _texts(value: Value) -> dict[str, str]:
    return {name: str(item) for name, item in value.items()} if isinstance(value, Mapping) else {}


def _list(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, tuple | list) else ()


def _linux(task: Task) -> dict[str, Json]:
    """`linuxParameters`: shared memory, swap, tmpfs and devices."""
    found: dict[str, Json] = {}
    if task.resources.shared_memory:
        found["sharedMemorySize"] = task.resources.shared_memory
    for option, name in (("max_swap", "maxSwap"), ("swappiness", "swappiness")):
        value = batch(task, option)
        if isinstance(value, int):
            found[name] = value
    tmpfs = pod_options.tmpfs(pod_options.said(task, "batch"), task.resources)
    if tmpfs:
        found["tmpfs"] = [{"containerPath": tmpfs.path, "size": tmpfs.size}]
    devices = [
        *_devices("/dev/neuron", batch(task, "inferentia") or batch(task, "trainium")),
        *_devices("/dev/infiniband/uverbs", batch(task, "efa")),
    ]
    if devices:
        found["devices"] = devices
    return {"linuxParameters": found} if found else {}


def _devices(prefix: str, count: Value) -> list[Json]:
    paths = [f"{prefix}{number}" for number in range(count if isinstance(count, int) else 0)]
    return [{"containerPath": path, "hostPath": path, "permissions": ["READ", "WRITE"]} for path in paths]


def _volumes(task: Task) -> dict[str, Json]:
    """`host:container` paths and `file-system:path` of EFS; a host path alone is mounted at its own place."""
    volumes: list[Json] = []
    mounts: list[Json] = []
    for number, text in enumerate(_list(batch(task, "host_volumes"))):
        source, _, inside = text.partition(":")
        volumes.append({"name": f"host{number}", "host": {"sourcePath": source}})
        mounts.append(_mount(f"host{number}", inside or source))
    for number, text in enumerate(_list(batch(task, "efs_volumes"))):
        source, _, inside = text.partition(":")
        efs: Json = {"fileSystemId": source, "transitEncryption": "ENABLED"}
        volumes.append({"name": f"efs{number}", "efsVolumeConfiguration": efs})
        mounts.append(_mount(f"efs{number}", inside or f"/mnt/{source}"))
    return {"volumes": volumes, "mountPoints": mounts} if volumes else {}


def _mount(name: str, path: str) -> Json:
    return {"sourceVolume": name, "containerPath": path, "readOnly": False}


def _storage(task: Task) -> dict[str, Json]:
    """Fargate's ephemeral storage, in GiB: `@batch(ephemeral_storage=…)` or the portable `disk`, the larger."""
    said = batch(task, "ephemeral_storage")
    asked = max(said if isinstance(said, int) else 0, ceil((task.resources.disk or 0) / _GIB))
    return {"ephemeralStorage": {"sizeInGiB": max(asked, 21)}} if asked else {}


def _logs(task: Task, options: Options) -> dict[str, Json]:
    """`logConfiguration`; `log_options` are `name:value` texts."""
    driver, group = batch(task, "log_driver"), settings.text(options, "log_group", "")
    if driver:
        pairs = (text.partition(":") for text in _list(batch(task, "log_options")))
        return {"logConfiguration": {"logDriver": str(driver), "options": {name: value for name, _, value in pairs}}}
    if group:
        return {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": group}}}
    return {}


def _count(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_list(value: Value) -> bool:
    return isinstance(value, str) or settings.is_texts(value)


def _option(takes: Callable[[Value], bool], wants: str) -> Setting:
    return Setting("", takes, wants)


_COUNT, _LIST, _TEXT = (
    _option(_count, "a whole number"),
    _option(_is_list, "texts"),
    _option(settings.is_text, "a text"),
)
BATCH: Mapping[str, Setting] = {
    "queue": _TEXT,
    "iam_role": _TEXT,
    "execution_role": _TEXT,
    "max_swap": _COUNT,
    "swappiness": _option(lambda value: _count(value) and int(str(value)) <= 100, "a whole number from 0 to 100"),  # noqa: PLR2004
    "aws_batch_tags": _option(settings.is_text_table, "a dict of texts"),
    "use_tmpfs": _option(settings.is_flag, "True or False"),
    "tmpfs_size": _option(is_number, "a number of MiB"),
    "tmpfs_tempdir": _option(settings.is_flag, "True or False"),
    "tmpfs_path": _option(lambda value: str(value).startswith("/"), "an absolute path"),
    "inferentia": _COUNT,
    "trainium": _COUNT,
    "efa": _COUNT,
    "host_volumes": _LIST,
    "efs_volumes": _LIST,
    "ephemeral_storage": _option(lambda value: value in range(21, 201), "GiB from 21 to 200"),
    "log_driver": _TEXT,
    "log_options": _LIST,
    "privileged": _option(settings.is_flag, "True or False"),
}
"""The options of `@batch` beyond the portable ones, and which values each takes."""
EC2_ONLY = frozenset(
    {"max_swap", "swappiness", "use_tmpfs", "tmpfs_size", "inferentia", "trainium", "efa", "host_volumes", "privileged"}
)
FARGATE_ONLY = frozenset({"ephemeral_storage"})
