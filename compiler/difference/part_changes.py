"""What can differ of single steps, of what starts a run, of settings, code and files."""

from __future__ import annotations

from compiler.difference.changes import FlowChange, GraphChange, ParameterChange, told
from compiler.slotted_class import record


@told("artifacts", "+", "{step} now sets {name}")
@record
class ArtifactSet:
    """An artifact that a step sets, and did not."""

    step: str
    name: str


@told("artifacts", "-", "{step} no longer sets {name}")
@record
class ArtifactUnset:
    """An artifact that a step does not set any more."""

    step: str
    name: str


@told("artifacts", "+", "{step} now reads {name}")
@record
class ArtifactRead:
    """An artifact that a step reads, and did not."""

    step: str
    name: str


@told("artifacts", "-", "{step} no longer reads {name}")
@record
class ArtifactUnread:
    """An artifact that a step does not read any more."""

    step: str
    name: str


@told("artifacts", "+", "the join {step} now carries {name} on")
@record
class JoinCarries:
    """An artifact of the branches that later steps have now, by `merge_artifacts`."""

    step: str
    name: str


@told("artifacts", "-", "the join {step} no longer carries {name} on")
@record
class JoinLoses:
    """An artifact of the branches that later steps do not have any more."""

    step: str
    name: str


@told("steps", "~", "the code of {step} is another")
@record
class StepCodeChanged:
    """The body of a step, comments, formatting, docstring and transition apart."""

    step: str


@told("steps", "~", "the description of {step} is another")
@record
class StepDocChanged:
    """The docstring of a step, which stands in some outputs."""

    step: str


@told("steps", "~", "{step}: retry is {new}, before {old}")
@record
class RetryChanged:
    """`@retry`."""

    step: str
    old: str
    new: str


@told("steps", "~", "{step}: the time limit is {new}, before {old}")
@record
class TimeoutChanged:
    """`@timeout`."""

    step: str
    old: str
    new: str


@told("steps", "~", "{step}: the image is {new}, before {old}")
@record
class ImageChanged:
    """The image that a decorator or `[tool.flowc.images]` names."""

    step: str
    old: str
    new: str


@told("steps", "~", "{step}: {resource} is {new}, before {old}")
@record
class ResourceChanged:
    """What a step asks for; sizes in MiB."""

    step: str
    resource: str
    old: str
    new: str


@told("steps", "+", "{where} now needs the package {package}")
@record
class PackageAdded:
    """A requirement of a step, or of the flow as a whole."""

    where: str
    package: str


@told("steps", "-", "{where} no longer needs the package {package}")
@record
class PackageRemoved:
    """A requirement that is not there any more."""

    where: str
    package: str


@told("steps", "~", "{where}: Python is {new}, before {old}")
@record
class PythonChanged:
    """The version that `@pypi` or `@conda` name."""

    where: str
    old: str
    new: str


@told("steps", "+", "{step} has the variable {name}: {new}")
@record
class VariableAdded:
    """A variable of `@environment`."""

    step: str
    name: str
    new: str


@told("steps", "-", "{step} no longer has the variable {name}: {old}")
@record
class VariableRemoved:
    """A variable of `@environment` that is not there any more."""

    step: str
    name: str
    old: str


@told("steps", "~", "{step}: the variable {name} is {new}, before {old}")
@record
class VariableChanged:
    """Another value of a variable of `@environment`."""

    step: str
    name: str
    old: str
    new: str


@told("steps", "+", "{step} now gets the secret {secret}")
@record
class SecretAdded:
    """A source of `@secrets`, with how it is asked for."""

    step: str
    secret: str


@told("steps", "-", "{step} no longer gets the secret {secret}")
@record
class SecretRemoved:
    """A source of `@secrets` that is not there any more."""

    step: str
    secret: str


@told("steps", "~", "{where}: @{decorator} has {option}={new}, before {old}")
@record
class OptionChanged:
    """An option that only some targets spell."""

    where: str
    decorator: str
    option: str
    old: str
    new: str


@told("steps", "+", "{where} now has {decorator}")
@record
class DecoratorAdded:
    """Another decorator, with its arguments."""

    where: str
    decorator: str


@told("steps", "-", "{where} no longer has {decorator}")
@record
class DecoratorRemoved:
    """A decorator that is not there any more."""

    where: str
    decorator: str


@told("start", "+", "the clock starts runs: {cron} in {zone}; next: {next}")
@record
class ScheduleAdded:
    """A schedule; `next` are the next three times in its zone."""

    cron: str
    zone: str
    next: tuple[str, ...]


@told("start", "-", "the clock starts no runs any more: before {cron} in {zone}")
@record
class ScheduleRemoved:
    """A schedule that is not there any more."""

    cron: str
    zone: str


@told("start", "~", "the clock starts runs at other times: {new}, before {old}; next: {next}")
@record
class ScheduleChanged:
    """Another schedule; `next` are the next three times in its zone."""

    old: str
    new: str
    next: tuple[str, ...]


@told("start", "+", "runs now start {trigger}")
@record
class TriggerAdded:
    """An event, or another flow's end, that starts runs."""

    trigger: str


@told("start", "-", "runs no longer start {trigger}")
@record
class TriggerRemoved:
    """What does not start runs any more."""

    trigger: str


@told("start", "+", "after a run: {hook}")
@record
class HookAdded:
    """An exit hook."""

    hook: str


@told("start", "-", "no longer after a run: {hook}")
@record
class HookRemoved:
    """An exit hook that is not there any more."""

    hook: str


@told("start", "~", "the deployment is {new}, before {old}", breaking=True)
@record
class ProjectChanged:
    """`@project`, or its branch: another deployment."""

    old: str
    new: str


@told("settings", "+", "{target}: {steps} share a container now")
@record
class ContainerAdded:
    """Steps in a row that one container does, and several did."""

    target: str
    steps: tuple[str, ...]


@told("settings", "-", "{target}: {steps} no longer share a container")
@record
class ContainerRemoved:
    """Steps in a row that have containers of their own now, or share them with others."""

    target: str
    steps: tuple[str, ...]


@told("settings", "~", "{target}: a container does {new} of {step}, before {old}")
@record
class PortionsChanged:
    """How many members of a foreach one container does, by the first step of its body."""

    target: str
    step: str
    old: str
    new: str


@told("settings", "~", "{target}: {key} is {new}, before {old}")
@record
class SettingChanged:
    """A setting of a target that changes what is deployed."""

    target: str
    key: str
    old: str
    new: str


@told("code", "~", "code beside the steps is another: {names}")
@record
class HelpersChanged:
    """Functions, classes and names of the flow's own file."""

    names: tuple[str, ...]


@told("code", "~", "files of the code's archive are others: {files}")
@record
class PackageFilesChanged:
    """Files that come with the flow, with a sign; comments and formatting of Python apart."""

    files: tuple[str, ...]


@told("files", "+", "{target}: {file} is new")
@record
class OutputAdded:
    """A file of a target."""

    target: str
    file: str


@told("files", "-", "{target}: {file} is gone")
@record
class OutputRemoved:
    """A file of a target that is not made any more."""

    target: str
    file: str


@told("files", "~", "{target}: {old} is called {new} now")
@record
class OutputRenamed:
    """A file of a target by another name."""

    target: str
    old: str
    new: str


@told("files", "~", "{target}: {file} changes by +{added} -{removed} lines")
@record
class OutputChanged:
    """A file of a target."""

    target: str
    file: str
    added: int
    removed: int


@told("files", "~", "{target}: only the code changed in {file}, which names the image by its digest")
@record
class OnlyCodeChanged:
    """A file of a target that differs in the digest of the code alone."""

    target: str
    file: str


@told("files", "-", "{target} can no longer run it: {why}", breaking=True)
@record
class TargetRefuses:
    """What a target refuses now, and took before."""

    target: str
    why: str


@told("files", "+", "{target} can run it now; before: {why}")
@record
class TargetTakes:
    """What a target takes now, and refused before."""

    target: str
    why: str


ArtifactChange = ArtifactSet | ArtifactUnset | ArtifactRead | ArtifactUnread | JoinCarries | JoinLoses
StepChange = (
    StepCodeChanged
    | StepDocChanged
    | RetryChanged
    | TimeoutChanged
    | ImageChanged
    | ResourceChanged
    | PackageAdded
    | PackageRemoved
    | PythonChanged
    | VariableAdded
    | VariableRemoved
    | VariableChanged
    | SecretAdded
    | SecretRemoved
    | OptionChanged
    | DecoratorAdded
    | DecoratorRemoved
)
StartChange = (
    ScheduleAdded
    | ScheduleRemoved
    | ScheduleChanged
    | TriggerAdded
    | TriggerRemoved
    | HookAdded
    | HookRemoved
    | ProjectChanged
)
ContainerChange = ContainerAdded | ContainerRemoved | PortionsChanged
OutputChange = (
    SettingChanged
    | HelpersChanged
    | PackageFilesChanged
    | OutputAdded
    | OutputRemoved
    | OutputRenamed
    | OutputChanged
    | OnlyCodeChanged
    | TargetRefuses
    | TargetTakes
)
Change = (
    FlowChange
    | GraphChange
    | ParameterChange
    | ArtifactChange
    | StepChange
    | StartChange
    | ContainerChange
    | OutputChange
)
"""Everything that can differ."""
