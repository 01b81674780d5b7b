"""The decorators of steps and flows: at run time they only mark; what a mark means is the shim's or the target's business."""

from __future__ import annotations

from collections.abc import Callable

from flowc.exceptions import BadStepDecoratorException, InvalidDecoratorAttribute
from flowc.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, overload

    from flowc.language import signatures


class Mark(NamedTuple):
    """One decorator as the author wrote it, its defaults filled in."""

    name: str
    attributes: dict[str, Any]
    given: tuple[str, ...] = ()
    """The names of those that the author gave."""
    inserted_by: str | None = None
    """The mutator that put it there; None for what the author wrote."""


_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}


class StepMarks:
    """What `@step` and the decorators above it say of a function; it lies in its `__dict__`, which `functools.wraps` carries on."""

    __slots__ = ("code", "decorators", "end", "join", "mutators", "name", "names", "start", "wrappers")

    def __init__(self, function: Any, start: bool, end: bool) -> None:
        function = _unwrapped(function)
        self.name: str = function.__name__
        self.code = function.__code__
        self.join = function.__code__.co_argcount == 2  # noqa: PLR2004 - self and inputs
        self.start = start
        self.end = end
        self.decorators: list[Mark] = []
        self.wrappers: list[Any] = []
        """User step decorators, the innermost first."""
        self.mutators: list[Any] = []
        self.names: dict[str, Any] = function.__globals__
        """What the function's global names stand for."""

    def copy(self) -> StepMarks:
        """The same marks, whose decorators may be changed."""
        made = object.__new__(StepMarks)
        for slot in StepMarks.__slots__:
            value = getattr(self, slot)
            setattr(made, slot, list(value) if isinstance(value, list) else value)
        return made

    def find(self, name: str) -> dict[str, Any] | None:
        """The attributes of the decorator of that name; None where there is none."""
        return next((mark.attributes for mark in self.decorators if mark.name == name), None)

    @property
    def times(self) -> int:
        """How many attempts `@retry` allows beyond the first."""
        retry = self.find("retry")
        return int(float(retry["times"])) if retry else 0

    @property
    def pause(self) -> float:
        """The seconds between attempts that `@retry` says."""
        retry = self.find("retry")
        return 60 * float(retry["minutes_between_retries"]) if retry else 0.0

    @property
    def seconds(self) -> float:
        """The seconds that `@timeout` gives an attempt; 0 where nothing bounds it."""
        found = self.find("timeout")
        return sum(float(found[unit] or 0) * factor for unit, factor in _SECONDS.items()) if found else 0.0

    @property
    def is_final(self) -> bool:
        """Whether an exception of the step ends its attempts: `@retry(only_system=True)`."""
        retry = self.find("retry")
        return bool(retry and retry.get("only_system"))


def _unwrapped(function: Any) -> Any:
    """The author's function under decorators that stand below `@step` and say what they wrap, as `functools.wraps` does."""
    seen = [function]
    while hasattr(seen[-1], "__wrapped__") and hasattr(seen[-1].__wrapped__, "__code__"):
        if any(each is seen[-1].__wrapped__ for each in seen):
            break
        seen.append(seen[-1].__wrapped__)
    return seen[-1]


if TYPE_CHECKING:

    @overload
    def step(function: signatures.Function, /, *, start: bool = ..., end: bool = ...) -> signatures.Function: ...

    @overload
    def step(*, start: bool = ..., end: bool = ...) -> Callable[[signatures.Function], signatures.Function]: ...


def step(function: Any = None, *, start: bool = False, end: bool = False) -> Any:
    """Make a method a step: `@step`, `@step(start=True)`, `@step(end=True)`."""
    if function is None:
        return lambda inner: step(inner, start=start, end=end)
    if not hasattr(function, "__code__"):
        raise BadStepDecoratorException("@step must stand directly above `def`, or above functions that wrap it")
    function.__flowc_step__ = StepMarks(function, start, end)
    function.is_step = True
    return function


def marks_of(method: Any) -> StepMarks | None:
    """The marks of a step; None for anything else."""
    found = getattr(method, "__flowc_step__", None)
    return found if isinstance(found, StepMarks) else None


_FLOW_MARKS = "__flowc_flow__"


def marks_of_flow(flow: type) -> tuple[Mark, ...]:
    """The decorators of a flow, its bases' first."""
    return tuple(mark for base in reversed(flow.__mro__) for mark in vars(base).get(_FLOW_MARKS, ()))


_ONLY_GIVEN = object()
"""The default of an option that Metaflow does not have: where it is not given, nothing of it is to be seen."""


def _step_decorator(
    name: str, check: Callable[[dict[str, Any]], None] | None = None, /, **defaults: Any
) -> Callable[..., Any]:
    """A decorator that may be written with or without arguments. Any of `defaults`' names is an argument."""

    def mark(attributes: dict[str, Any]) -> Mark:
        unknown = sorted(set(attributes) - set(defaults)) if defaults else []
        if unknown:
            raise InvalidDecoratorAttribute(
                f"@{name} has no argument {unknown[0]!r}: it knows {', '.join(sorted(defaults))}"
            )
        if check is not None:
            check(attributes)
        known = {option: value for option, value in defaults.items() if value is not _ONLY_GIVEN}
        return Mark(name, {**known, **attributes}, tuple(attributes))

    def decorator(function: Any = None, /, **attributes: Any) -> Any:
        if function is None:
            return lambda inner: decorator(inner, **attributes)
        found = marks_of(function)
        if found is None:
            raise BadStepDecoratorException(f"@{name} must stand above @step")
        found.decorators.append(mark(attributes))
        return function

    decorator.kind, decorator.mark = "step", mark  # type: ignore[attr-defined]  # what mutators ask for
    decorator.__name__ = decorator.__qualname__ = name
    decorator.__doc__ = f"`@{name}` above a step."
    return decorator


def _check_variables(attributes: dict[str, Any]) -> None:
    """Refuse, where the decorator stands, names and texts that no environment takes; a `Config` tells its own later."""
    said = attributes.get("vars")
    for name, value in said.items() if isinstance(said, dict) else ():
        if not isinstance(name, str) or not name or "=" in name:
            raise InvalidDecoratorAttribute(f"@environment: {name!r} is no name for a variable")
        if "\0" in name or (isinstance(value, str) and "\0" in value):
            raise InvalidDecoratorAttribute(f"@environment: the variable {name!r} holds a NUL")


def _flow_decorator(name: str) -> Callable[..., Any]:
    """A decorator of a flow's class, with or without arguments."""

    def mark(attributes: dict[str, Any]) -> Mark:
        return Mark(name, attributes, tuple(attributes))

    def decorator(flow: Any = None, /, **attributes: Any) -> Any:
        if flow is None:
            return lambda inner: decorator(inner, **attributes)
        setattr(flow, _FLOW_MARKS, (*flow.__dict__.get(_FLOW_MARKS, ()), mark(attributes)))
        return flow

    decorator.kind, decorator.mark = "flow", mark  # type: ignore[attr-defined]  # what mutators ask for
    decorator.__name__ = decorator.__qualname__ = name
    decorator.__doc__ = f"`@{name}` above a flow."
    return decorator


REPEATABLE = frozenset(("card", "secrets", "exit_hook", "airflow_external_task_sensor", "airflow_s3_key_sensor"))
"""Decorators of which there may be several."""

retry: signatures.Retry = _step_decorator("retry", times=3, minutes_between_retries=2, only_system=_ONLY_GIVEN)
catch: signatures.Catch = _step_decorator("catch", var=None, print_exception=True)
timeout: signatures.Timeout = _step_decorator("timeout", seconds=0, minutes=0, hours=0)
environment: signatures.Environment = _step_decorator("environment", _check_variables, vars={})
resources: signatures.Resources = _step_decorator("resources")
kubernetes: signatures.Kubernetes = _step_decorator("kubernetes")
batch: signatures.Batch = _step_decorator("batch")
secrets: signatures.Secrets = _step_decorator("secrets")
card: signatures.Card = _step_decorator("card")
parallel: signatures.Parallel = _step_decorator("parallel")
conda: signatures.Conda = _step_decorator("conda")
pypi: signatures.Pypi = _step_decorator("pypi")
airflow_external_task_sensor: signatures.AirflowExternalTaskSensor = _flow_decorator("airflow_external_task_sensor")
airflow_s3_key_sensor: signatures.AirflowS3KeySensor = _flow_decorator("airflow_s3_key_sensor")
schedule: signatures.Schedule = _flow_decorator("schedule")
project: signatures.Project = _flow_decorator("project")
trigger: signatures.Trigger = _flow_decorator("trigger")
trigger_on_finish: signatures.TriggerOnFinish = _flow_decorator("trigger_on_finish")
exit_hook: signatures.ExitHook = _flow_decorator("exit_hook")
conda_base: signatures.CondaBase = _flow_decorator("conda_base")
pypi_base: signatures.PypiBase = _flow_decorator("pypi_base")
