"""What a run of the old version meets that goes on while the new one is deployed, target by target.

Airflow reads the DAG file anew while a run goes on (a versioned DAG bundle of Airflow 3 keeps the file that each run began with).
Argo keeps the template in the status of each workflow, Step Functions the definition of each execution: these need what the old
definition names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.difference.changes import StepAdded, StepRemoved, StepRenamed, told
from compiler.difference.part_changes import ContainerAdded, ContainerRemoved, PortionsChanged
from compiler.difference.sides import State
from compiler.slotted_class import record

_BUNDLE = "(unless its DAG comes from a versioned bundle)"


@told(
    "runs",
    "!",
    f"airflow: a run that goes on while this is deployed does not do {{steps}} any more where it has not yet {_BUNDLE}",
    breaking=True,
)
@record
class AirflowLosesSteps:
    """Steps that the DAG file no longer has: tasks that a run still had to do are gone."""

    steps: tuple[str, ...]


@told("runs", "!", f"airflow: a run that goes on while this is deployed gets the tasks of {{steps}}, too {_BUNDLE}")
@record
class AirflowGainsSteps:
    """Steps that the DAG file did not have: Airflow makes their tasks in runs that have begun."""

    steps: tuple[str, ...]


@told(
    "runs",
    "!",
    f"airflow: tasks of a run that goes on, and begin after this is deployed, run as the new file says {_BUNDLE}",
)
@record
class AirflowMixes:
    """The file changes: what a run has still to do, it does by the new one, with the new code."""


@told(
    "runs",
    "!",
    f"airflow: a run that goes on while this is deployed does {{steps}} anew, whose containers are others {_BUNDLE}",
)
@record
class AirflowRegroups:
    """Steps that now share a container, or no longer do: to Airflow that is another task, which the run has not done."""

    steps: tuple[str, ...]


@told(
    "runs",
    "!",
    f"airflow: a run that is within the foreach of {{steps}} while this is deployed does not get through it {_BUNDLE}",
    breaking=True,
)
@record
class AirflowRecounts:
    """First steps of bodies whose containers do more or fewer members: the run has counted them otherwise."""

    steps: tuple[str, ...]


@told(
    "runs",
    "!",
    "{target}: runs that go on keep the definition that they began with; what it names must stay until they have ended: {named}",
)
@record
class RunsKeepDefinition:
    """What the old definition names: the image by its digest, the code's archive, revisions of job definitions."""

    target: str
    named: str


@told(
    "runs",
    "!",
    "{target}: what is deployed as {old} stays, with all that starts it, until somebody deletes it",
    breaking=True,
)
@record
class DeploymentStays:
    """A deployment that has another name now, or none: nobody takes the old one away."""

    target: str
    old: str


@told(
    "runs",
    "!",
    "airflow: no file has the DAG {old} any more; a run of it that has begun gets no further",
    breaking=True,
)
@record
class AirflowDagGoes:
    """A DAG whose id no file has any more: Airflow schedules nothing of it."""

    old: str


RunNote = (
    AirflowLosesSteps
    | AirflowGainsSteps
    | AirflowRegroups
    | AirflowRecounts
    | AirflowMixes
    | RunsKeepDefinition
    | DeploymentStays
    | AirflowDagGoes
)


def run_notes(old: State, new: State, changes: Sequence[object]) -> Iterator[RunNote]:
    """What is true of runs of the old state, where the files of a target change."""
    for target, made in old.emitted.items():
        makes = new.emitted.get(target)
        if not made.files or not makes:
            continue
        if made.deployment != makes.deployment:
            yield from gone(target, made.deployment)
        elif makes.files and _is_other(target, changes):
            yield from _airflow(changes) if target == "airflow" else _keeping(target, old)


def gone(target: str, deployment: str) -> Iterator[RunNote]:
    """What is true of a deployment that is made no more."""
    yield AirflowDagGoes(deployment) if target == "airflow" else DeploymentStays(target, deployment)


def _is_other(target: str, changes: Sequence[object]) -> bool:
    """Whether the target's files differ in any way."""
    return any(getattr(each, "target", None) == target and hasattr(each, "file") for each in changes)


def _airflow(changes: Sequence[object]) -> Iterator[RunNote]:
    lost = [
        each.step if isinstance(each, StepRemoved) else each.old
        for each in changes
        if isinstance(each, StepRemoved | StepRenamed)
    ]
    gained = [
        each.step if isinstance(each, StepAdded) else each.new
        for each in changes
        if isinstance(each, StepAdded | StepRenamed)
    ]
    if lost:
        yield AirflowLosesSteps(tuple(lost))
    if gained:
        yield AirflowGainsSteps(tuple(gained))
    shared = [
        each for each in changes if isinstance(each, ContainerAdded | ContainerRemoved) and each.target == "airflow"
    ]
    if shared:
        yield AirflowRegroups(tuple(dict.fromkeys(step for each in shared for step in each.steps)))
    counted = [each.step for each in changes if isinstance(each, PortionsChanged) and each.target == "airflow"]
    if counted:
        yield AirflowRecounts(tuple(counted))
    yield AirflowMixes()


def _keeping(target: str, old: State) -> Iterator[RunNote]:
    made = old.emitted[target]
    named = [made.image or made.options.image or made.options.default_image]
    named += [made.options.code] if made.options.code else []
    named += ["the revisions of its job definitions"] if target == "step-functions" else []
    yield RunsKeepDefinition(target, ", ".join(named))
