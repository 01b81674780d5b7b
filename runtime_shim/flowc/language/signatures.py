"""What type checkers are told of the decorators: each leaves the type of what it stands above, and takes these options.

No task loads this module. Any number may also be written as text, as the command line and the targets have it, and None is an
option that is not given. The compiler alone knows ranges, and what does not go together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar, Union, overload

Function = TypeVar("Function", bound=Callable[..., Any])
Flow = TypeVar("Flow", bound=type)
Number = Union[int, float, str]
Texts = Union[str, Sequence[str]]
Table = Mapping[str, Any]
Event = Union[str, Table, Callable[..., Any]]
Target = Union[Callable[..., Any], Mapping[Any, Callable[..., Any]]]
"""What `self.next(...)` goes to: steps, or the cases of a switch."""


class OwnDecorator(Protocol):
    """What `@user_step_decorator` makes of a generator function."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(self, **attributes: Any) -> Callable[[Function], Function]: ...


class Retry(Protocol):
    """`@retry`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        times: Number | None = ...,
        minutes_between_retries: Number | None = ...,
        only_system: bool | None = ...,
    ) -> Callable[[Function], Function]: ...


class Catch(Protocol):
    """`@catch`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        var: str | None = ...,
        print_exception: bool | None = ...,
    ) -> Callable[[Function], Function]: ...


class Timeout(Protocol):
    """`@timeout`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        seconds: Number | None = ...,
        minutes: Number | None = ...,
        hours: Number | None = ...,
    ) -> Callable[[Function], Function]: ...


class Resources(Protocol):
    """`@resources`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        cpu: Number | None = ...,
        gpu: Number | None = ...,
        memory: Number | None = ...,
        disk: Number | None = ...,
        shared_memory: Number | None = ...,
    ) -> Callable[[Function], Function]: ...


class Environment(Protocol):
    """`@environment`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        vars: Table | None = ...,
    ) -> Callable[[Function], Function]: ...


class Kubernetes(Protocol):
    """`@kubernetes`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        cpu: Number | None = ...,
        memory: Number | None = ...,
        disk: Number | None = ...,
        image: str | None = ...,
        image_pull_policy: str | None = ...,
        image_pull_secrets: Texts | None = ...,
        service_account: str | None = ...,
        secrets: Texts | None = ...,
        node_selector: Table | Texts | None = ...,
        namespace: str | None = ...,
        gpu: Number | None = ...,
        gpu_vendor: str | None = ...,
        tolerations: Sequence[Table] | None = ...,
        labels: Table | None = ...,
        annotations: Table | None = ...,
        use_tmpfs: bool | None = ...,
        tmpfs_tempdir: bool | None = ...,
        tmpfs_size: Number | None = ...,
        tmpfs_path: str | None = ...,
        persistent_volume_claims: Table | None = ...,
        shared_memory: Number | None = ...,
        port: Number | None = ...,
        compute_pool: str | None = ...,
        executable: str | None = ...,
        hostname_resolution_timeout: Number | None = ...,
        qos: str | None = ...,
        extended_resources: Table | None = ...,
        security_context: Table | None = ...,
        priority_class: str | None = ...,
        affinity: Table | None = ...,
        ephemeral_volume_claims: Table | None = ...,
    ) -> Callable[[Function], Function]: ...


class Batch(Protocol):
    """`@batch`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        cpu: Number | None = ...,
        gpu: Number | None = ...,
        memory: Number | None = ...,
        image: str | None = ...,
        queue: str | None = ...,
        iam_role: str | None = ...,
        execution_role: str | None = ...,
        shared_memory: Number | None = ...,
        max_swap: Number | None = ...,
        swappiness: Number | None = ...,
        inferentia: Number | None = ...,
        trainium: Number | None = ...,
        efa: Number | None = ...,
        host_volumes: Texts | None = ...,
        efs_volumes: Table | Texts | None = ...,
        use_tmpfs: bool | None = ...,
        aws_batch_tags: Table | None = ...,
        tmpfs_tempdir: bool | None = ...,
        tmpfs_size: Number | None = ...,
        tmpfs_path: str | None = ...,
        ephemeral_storage: Number | None = ...,
        log_driver: str | None = ...,
        log_options: Texts | None = ...,
        executable: str | None = ...,
        privileged: bool | None = ...,
    ) -> Callable[[Function], Function]: ...


class Secrets(Protocol):
    """`@secrets`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        sources: str | Sequence[str | Table] | None = ...,
        role: str | None = ...,
        allow_override: bool | None = ...,
    ) -> Callable[[Function], Function]: ...


class Card(Protocol):
    """`@card`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        type: str | None = ...,
        options: Table | None = ...,
        scope: str | None = ...,
        rank: object = ...,
        timeout: Number | None = ...,
        id: str | None = ...,
        save_errors: bool | None = ...,
        customize: bool | None = ...,
        refresh_interval: Number | None = ...,
    ) -> Callable[[Function], Function]: ...


class Parallel(Protocol):
    """`@parallel`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(self) -> Callable[[Function], Function]: ...


class Conda(Protocol):
    """`@conda`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        packages: Table | None = ...,
        libraries: Table | None = ...,
        python: str | None = ...,
        disabled: bool | None = ...,
    ) -> Callable[[Function], Function]: ...


class Pypi(Protocol):
    """`@pypi`."""

    @overload
    def __call__(self, above: Function, /) -> Function: ...

    @overload
    def __call__(
        self,
        *,
        packages: Table | None = ...,
        python: str | None = ...,
        disabled: bool | None = ...,
    ) -> Callable[[Function], Function]: ...


class Schedule(Protocol):
    """`@schedule`."""

    @overload
    def __call__(self, above: Flow, /) -> Flow: ...

    @overload
    def __call__(
        self,
        *,
        cron: str | None = ...,
        weekly: bool | None = ...,
        daily: bool | None = ...,
        hourly: bool | None = ...,
        timezone: str | None = ...,
    ) -> Callable[[Flow], Flow]: ...


class Project(Protocol):
    """`@project`."""

    @overload
    def __call__(self, above: Flow, /) -> Flow: ...

    @overload
    def __call__(
        self,
        *,
        name: str | None = ...,
        branch: str | None = ...,
        production: bool | None = ...,
    ) -> Callable[[Flow], Flow]: ...


class Trigger(Protocol):
    """`@trigger`."""

    @overload
    def __call__(self, above: Flow, /) -> Flow: ...

    @overload
    def __call__(
        self,
        *,
        event: Event | None = ...,
        events: Sequence[Event] | None = ...,
        options: Table | None = ...,
    ) -> Callable[[Flow], Flow]: ...


class TriggerOnFinish(Protocol):
    """`@trigger_on_finish`."""

    @overload
    def __call__(self, above: Flow, /) -> Flow: ...

    @overload
    def __call__(
        self,
        *,
        flow: Event | None = ...,
        flows: Sequence[Event] | None = ...,
        options: Table | None = ...,
    ) -> Callable[[Flow], Flow]: ...


class ExitHook(Protocol):
    """`@exit_hook`."""

    @overload
    def __call__(self, above: Flow, /) -> Flow: ...

    @overload
    def __call__(
        self,
        *,
        on_success: Sequence[Callable[..., object]] | None = ...,
        on_error: Sequence[Callable[..., object]] | None = ...,
        options: Table | None = ...,
    ) -> Callable[[Flow], Flow]: ...


class CondaBase(Protocol):
    """`@conda_base`."""

    @overload
    def __call__(self, above: Flow, /) -> Flow: ...

    @overload
    def __call__(
        self,
        *,
        packages: Table | None = ...,
        libraries: Table | None = ...,
        python: str | None = ...,
        disabled: bool | None = ...,
    ) -> Callable[[Flow], Flow]: ...


class PypiBase(Protocol):
    """`@pypi_base`."""

    @overload
    def __call__(self, above: Flow, /) -> Flow: ...

    @overload
    def __call__(
        self,
        *,
        packages: Table | None = ...,
        python: str | None = ...,
        disabled: bool | None = ...,
    ) -> Callable[[Flow], Flow]: ...


class AirflowExternalTaskSensor(Protocol):
    """`@airflow_external_task_sensor`."""

    @overload
    def __call__(self, above: Flow, /) -> Flow: ...

    @overload
    def __call__(
        self,
        *,
        timeout: Number | None = ...,
        poke_interval: Number | None = ...,
        mode: str | None = ...,
        exponential_backoff: bool | None = ...,
        pool: str | None = ...,
        soft_fail: bool | None = ...,
        name: str | None = ...,
        description: str | None = ...,
        external_dag_id: str | None = ...,
        external_task_ids: Texts | None = ...,
        allowed_states: Texts | None = ...,
        failed_states: Texts | None = ...,
        execution_delta: timedelta | None = ...,
        check_existence: bool | None = ...,
    ) -> Callable[[Flow], Flow]: ...


class AirflowS3KeySensor(Protocol):
    """`@airflow_s3_key_sensor`."""

    @overload
    def __call__(self, above: Flow, /) -> Flow: ...

    @overload
    def __call__(
        self,
        *,
        timeout: Number | None = ...,
        poke_interval: Number | None = ...,
        mode: str | None = ...,
        exponential_backoff: bool | None = ...,
        pool: str | None = ...,
        soft_fail: bool | None = ...,
        name: str | None = ...,
        description: str | None = ...,
        bucket_key: Texts | None = ...,
        bucket_name: str | None = ...,
        wildcard_match: bool | None = ...,
        aws_conn_id: str | None = ...,
        verify: bool | str | None = ...,
    ) -> Callable[[Flow], Flow]: ...
