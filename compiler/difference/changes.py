"""What can differ, a class for each kind: its fields are the author's own names, and `told` says the sentence that is filled with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from compiler.slotted_class import record

About = Literal["flow", "graph", "parameters", "artifacts", "steps", "start", "settings", "code", "files", "runs"]
Sign = Literal["+", "-", "~", "!"]
T = TypeVar("T")


@record
class Telling:
    """How a kind of change is told: `says` is a template over its fields, which are text of somebody else's and shown as such.

    `about` groups them for a reader. `sign`: `+` came, `-` went, `~` is another now, `!` wants to be known.
    `breaking`: who starts runs as before is refused, or does not get what was asked for.
    """

    about: About
    sign: Sign
    says: str
    breaking: bool = False


TELLING: dict[type, Telling] = {}
"""Every kind of change."""


def told(about: About, sign: Sign, says: str, *, breaking: bool = False) -> Callable[[type[T]], type[T]]:
    """Enter a class into TELLING."""

    def enter(kind: type[T]) -> type[T]:
        TELLING[kind] = Telling(about, sign, says, breaking)
        return kind

    return enter


@told("flow", "+", "flow {flow} is new")
@record
class FlowAdded:
    """A flow that was not there."""

    flow: str


@told("flow", "-", "flow {flow} is gone", breaking=True)
@record
class FlowRemoved:
    """A flow that is not there any more."""

    flow: str


@told("flow", "~", "flow {old} is called {new} now", breaking=True)
@record
class FlowRenamed:
    """The same flow by another name: its runs and its deployment have another one, too."""

    old: str
    new: str


@told("flow", "~", "flow {flow} stands in {new}, no longer in {old}")
@record
class FlowMoved:
    """The same flow in another file; paths are relative to the repository."""

    flow: str
    old: str
    new: str


@told("flow", "!", "{path} cannot be read on the old side, so nothing is compared with it: {why}")
@record
class FlowUnread:
    """What cannot be compared, since the old side has a mistake there."""

    path: str
    why: str


@told("flow", "~", "the description of {flow} is another")
@record
class FlowDocChanged:
    """The docstring of the flow, which stands in some outputs."""

    flow: str


@told("graph", "+", "step {step} is new")
@record
class StepAdded:
    """A step that was not there."""

    step: str


@told("graph", "-", "step {step} is gone")
@record
class StepRemoved:
    """A step that is not there any more."""

    step: str


@told("graph", "~", "step {old} is called {new} now")
@record
class StepRenamed:
    """The same step by another name: told by its code and its place."""

    old: str
    new: str


@told("graph", "+", "{step} now goes on to {to}")
@record
class TransitionAdded:
    """A way from a step to another that was not there; both by their names of today where they have one."""

    step: str
    to: str


@told("graph", "-", "{step} no longer goes on to {to}")
@record
class TransitionRemoved:
    """A way from a step to another that is not there any more."""

    step: str
    to: str


@told("graph", "~", "{step} goes on otherwise: {new}, before {old}")
@record
class TransitionChanged:
    """How a step goes on, in the words of `flowc show`: another kind, condition, order or artifact."""

    step: str
    old: str
    new: str


@told("graph", "~", "the steps stand in another order: {new}")
@record
class StepsReordered:
    """The same steps in another order of the text, which some outputs follow."""

    old: tuple[str, ...]
    new: tuple[str, ...]


@told("graph", "~", "the plan differs: {new}, before {old}")
@record
class PlanOtherwise:
    """Lines of the plan that no other class tells of."""

    old: tuple[str, ...]
    new: tuple[str, ...]


@told("parameters", "+", "parameter {name} is new, by default {default}")
@record
class ParameterAdded:
    """A parameter that need not be given."""

    name: str
    default: str


@told("parameters", "+", "parameter {name} is new and required", breaking=True)
@record
class RequiredParameterAdded:
    """A parameter that has to be given, and was not asked for."""

    name: str


@told("parameters", "-", "parameter {name} is gone", breaking=True)
@record
class ParameterRemoved:
    """A parameter that is not there any more."""

    name: str


@told("parameters", "~", "parameter {old} is called {new} now", breaking=True)
@record
class ParameterRenamed:
    """A parameter that is given by another name."""

    old: str
    new: str


@told("parameters", "~", "parameter {name} is the artifact {new} now, before {old}")
@record
class ParameterAttributeRenamed:
    """A parameter that is given by the same name, and has another one on `self`."""

    name: str
    old: str
    new: str


@told("parameters", "~", "parameter {name} is {new} now, before {old}", breaking=True)
@record
class ParameterTypeChanged:
    """A parameter of another type: values that were taken may be refused."""

    name: str
    old: str
    new: str


@told("parameters", "~", "parameter {name} is required now, before it was {old} by default", breaking=True)
@record
class ParameterMadeRequired:
    """A parameter that has to be given now."""

    name: str
    old: str


@told("parameters", "~", "parameter {name} need not be given any more, by default it is {new}")
@record
class ParameterMadeOptional:
    """A parameter that need not be given any more."""

    name: str
    new: str


@told("parameters", "~", "parameter {name} is {new} by default, before {old}")
@record
class ParameterDefaultChanged:
    """What a run has that is not given the parameter."""

    name: str
    old: str
    new: str


@told("parameters", "~", "the help of parameter {name} is another")
@record
class ParameterHelpChanged:
    """Only the help text of a parameter."""

    name: str


@told("parameters", "-", "parameter {name} no longer takes {choices}", breaking=True)
@record
class ParameterChoicesLost:
    """Values that were taken and are refused now; all others where there was no choice."""

    name: str
    choices: tuple[str, ...]


@told("parameters", "+", "parameter {name} also takes {choices}")
@record
class ParameterChoicesGained:
    """Values that are taken now; all where there is no choice any more."""

    name: str
    choices: tuple[str, ...]


@told("parameters", "~", "parameter {name} takes {new} now, before {old}", breaking=True)
@record
class ParameterListChanged:
    """Whether a parameter may be given several times, or how its text is taken apart."""

    name: str
    old: str
    new: str


@told("parameters", "~", "a local run takes parameter {name} from {new}, before from {old}")
@record
class ParameterVariablesChanged:
    """The variables from which a local run takes a parameter."""

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@told("parameters", "~", "the parameters stand in another order: {new}")
@record
class ParametersReordered:
    """The same parameters in another order, which forms follow."""

    old: tuple[str, ...]
    new: tuple[str, ...]


@told("parameters", "+", "config {name} is new")
@record
class ConfigAdded:
    """A `Config` that was not there."""

    name: str


@told("parameters", "-", "config {name} is gone")
@record
class ConfigRemoved:
    """A `Config` that is not there any more."""

    name: str


@told("parameters", "~", "config {name} has another value at {key}: {new}, before {old}")
@record
class ConfigChanged:
    """A key of a `Config`'s value, dots between its parts; empty for the value as a whole."""

    name: str
    key: str
    old: str
    new: str


FlowChange = FlowAdded | FlowRemoved | FlowRenamed | FlowMoved | FlowUnread | FlowDocChanged
GraphChange = (
    StepAdded
    | StepRemoved
    | StepRenamed
    | TransitionAdded
    | TransitionRemoved
    | TransitionChanged
    | StepsReordered
    | PlanOtherwise
)
ParameterChange = (
    ParameterAdded
    | RequiredParameterAdded
    | ParameterRemoved
    | ParameterRenamed
    | ParameterAttributeRenamed
    | ParameterTypeChanged
    | ParameterMadeRequired
    | ParameterMadeOptional
    | ParameterDefaultChanged
    | ParameterHelpChanged
    | ParameterChoicesLost
    | ParameterChoicesGained
    | ParameterListChanged
    | ParameterVariablesChanged
    | ParametersReordered
    | ConfigAdded
    | ConfigRemoved
    | ConfigChanged
)
