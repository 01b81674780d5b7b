"""`FlowSpec`: what `self` is in a step."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence

from flowc.artifacts.work import KEY, Work, stack_text
from flowc.exceptions import BadStepDecoratorException
from flowc.language.current import current
from flowc.language.decorators import StepMarks, marks_of
from flowc.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.language.signatures import Target


class FlowSpec:
    """The base of flows. Its instance in a step reads artifacts when they are asked for and keeps what the step sets."""

    def __init__(self, use_cli: bool = True) -> None:
        if use_cli and type(self).__module__ == "__main__":
            from flowc.language.command_line import start

            start(type(self), sys.argv)

    @property
    def index(self) -> int | None:
        """The task's place among the children of the innermost foreach; None outside any."""
        stack = _work(self).stack
        return stack[-1].place if stack else None

    @property
    def input(self) -> Any:
        """The item of the innermost foreach, as it was at the split; None outside any."""
        return _work(self).item()

    def foreach_stack(self) -> list[tuple[int, int, str]]:
        """For each foreach around the task: its place, the number of splits, the item as short text."""
        work = _work(self)
        return stack_text(work.stack, work.item)

    def next(
        self,
        *targets: Target,
        foreach: str | None = None,
        condition: str | None = None,
        num_parallel: int | None = None,
    ) -> None:
        """Say which step follows: the last statement of a step."""
        from flowc.language.transition import transition

        work = _work(self)
        found = transition(self, targets, foreach, condition, num_parallel)
        work.transition = transition_again(work, found)

    def merge_artifacts(self, inputs: Any, exclude: list[str] | None = None, include: list[str] | None = None) -> None:
        """Take over what the branches of a join agree on; see `flowc.artifacts.inputs.merge`."""
        from flowc.artifacts.inputs import merge

        merge(self, _work(self), inputs, exclude or [], include or [])

    def __getattr__(self, name: str) -> Any:
        work = self.__dict__.get(KEY)
        if work is None or name[:2] == "__":
            raise AttributeError(f"Flow {type(self).__name__} has no attribute {name!r}")
        if name in _OWN and name not in work.inherited:
            return _OWN[name](self, work)
        if name in _NOT_HERE and name not in work.inherited:
            raise AttributeError(f"flowc has no self.{name}: {_NOT_HERE[name]}")
        value = self.__dict__[name] = work.load(name)
        return value

    def __delattr__(self, name: str) -> None:
        work = self.__dict__.get(KEY)
        if work is not None and name in work.inherited and name not in work.fixed_names:
            warnings.warn(f"del self.{name}: an earlier step set it, so later steps see it again", stacklevel=2)
            self.__dict__.pop(name, None)
        else:
            object.__delattr__(self, name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("the flow itself (`self`) is no artifact")

    def __iter__(self) -> Iterator[Any]:
        """The steps, as the language has it."""
        return iter([getattr(self, name) for name in steps_of(type(self))])


class ForeachFrame(NamedTuple):
    """One foreach around a task: the step that begins its body, its variable, its width, the task's place, the item as text."""

    step: str
    var: str
    num_splits: int
    index: int  # type: ignore[assignment]  # the language calls it so; nobody looks for items in a frame
    value: str


def _frames(flow: FlowSpec, work: Work) -> list[ForeachFrame]:
    steps = current.graph["steps"]
    split = (steps[frame.step] for frame in work.stack)
    return [
        ForeachFrame(step["next"][0], step.get("foreach_artifact") or "", fan, place, value)
        for step, (place, fan, value) in zip(split, stack_text(work.stack, work.item))
    ]


def _command(cmdline: str, input: Mapping[str, Any] = {}, output: Sequence[str] = ()) -> Any:
    """Write files, run a command of the author's in a shell, and read files. Raises ExternalCommandFailed."""
    import subprocess

    from flowc.exceptions import ExternalCommandFailed

    for path, data in input.items():
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else str(data).encode())
    if subprocess.call(cmdline, shell=True):
        raise ExternalCommandFailed(f"the command {cmdline!r} failed")
    found = []
    for path in output:
        with open(path, "rb") as file:
            found.append(file.read())
    return found[0] if len(found) == 1 else found


_OWN: dict[str, Callable[[FlowSpec, Work], Any]] = {
    "name": lambda flow, work: work.address.flow,
    "script_name": lambda flow, work: os.path.basename(str(sys.modules[type(flow).__module__].__file__)),
    "cmd": lambda flow, work: _command,
    "_current_step": lambda flow, work: work.address.step,
    "_foreach_stack": _frames,
    "_graph": lambda flow, work: current.get("_flow_graph"),
    "_graph_info": lambda flow, work: current.graph,
}
"""Names that the language has on `self`, unless an artifact is called so."""

_NOT_HERE = {
    "_datastore": "read and write with `self.<name>`; of other tasks, with the Client",
    "_flow_decorators": "the flow's decorators are in `current.graph`",
    "_flow_mutators": "the flow's decorators are in `current.graph`",
    "_flow_state": "the flow's decorators are in `current.graph`",
    "_get_parameters": "the names of the parameters are in `current.parameter_names`",
    "_steps": "the steps are in `current.graph`",
    "_transition": "where a step went is in `current.task` of the next one",
}
"""What Metaflow keeps on `self` for its engine, and what to use here."""


def transition_again(work: Work, found: Any) -> Any:
    """The transition of a step that may have called `self.next(...)` before. Raises where the two differ."""
    from flowc.exceptions import InvalidNextException

    if work.transition is not None and work.transition.shape != found.shape:
        raise InvalidNextException(
            f"step {work.address.step!r} called self.next(...) twice, with different transitions"
        )
    return found


def _work(flow: FlowSpec) -> Work:
    found = flow.__dict__.get(KEY)
    if not isinstance(found, Work):
        raise AttributeError(f"{type(flow).__name__} is not running a step")
    return found


class Constant:
    """A class-level value of a flow, as its instance sees it: read-only, and the same in every task of a run."""

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value

    def __get__(self, flow: Any, owner: Any = None) -> Any:
        work = None if flow is None else flow.__dict__.get(KEY)
        return self.value if work is None else work.fixed_value(self.name, self.value)

    def __set__(self, flow: Any, value: Any) -> None:
        raise AttributeError(f"self.{self.name} is a constant of the flow: steps cannot set it")

    def __delete__(self, flow: Any) -> None:
        raise AttributeError(f"self.{self.name} is a constant of the flow: steps cannot delete it")


def members(flow: type) -> list[tuple[str, Any]]:
    """The class attributes of a flow and its bases, in the order of their definition, the bases' first; none of `FlowSpec`'s."""
    found: dict[str, Any] = {}
    for base in reversed(flow.__mro__):
        if base not in (object, FlowSpec):
            found.update(vars(base))
    return [(key, value) for key, value in found.items() if key not in vars(FlowSpec)]


def steps_of(flow: type) -> dict[str, StepMarks]:
    """The marks of each step by its name. Raises BadStepDecoratorException where `@step` has marked another function than the step's."""
    found = {name: marks_of(getattr(flow, name, None)) for name, _ in members(flow)}
    for name, marks in found.items():
        if marks is not None and marks.name not in found:
            raise BadStepDecoratorException(
                f"what stands below @step of {name!r} returns another function, {marks.name!r}, that does not say what it wraps: "
                "let it be under @functools.wraps(function)"
            )
    return {name: marks for name, marks in found.items() if marks is not None}
