"""What a target is: a name, a table of gaps, and a pure function from a plan to files.

May import: diagnostics, ir. A backend decides only spelling, and knows no other. Start reading in `command`, the argv of every step;
then the package of a target, whose `BACKEND` emits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Value
from compiler.slotted_class import fresh, record

if TYPE_CHECKING:
    from compiler.ir.plan import Feature, Option, Plan

VERSION = 1
"""Of what a target of another distribution may use, which docs/new-target.md names. It grows when something of that changes or goes in a
way that such a target can notice, and not when something comes to it. The target says as `surface` which one it was written for."""

PORTABLE_OPTIONS = frozenset({"image", "cpu", "memory", "gpu", "disk", "shared_memory"})
"""Options of `@kubernetes`, `@batch` and `@resources` that each target spells but for what it `lacks`: `Task.image`, `Task.resources`."""


@record
class Gap:
    """Something that a target cannot do: why, and the way round."""

    reason: str
    way_round: str


@record
class Options:
    """How to emit: command line over `[tool.flowc.<target>]` over `[tool.flowc]`; never the environment.

    `image` None: `[registry/]<flow>:<code digest>`, already computed in `default_image`. `store` and `code` None: the container says.
    `images` names the images of single steps, by step. `mlflow` is the server that runs are told to, as `FLOWC_MLFLOW` has it; empty: none.
    `target` holds the keys of `[tool.flowc.<target>]` that only that target knows, as TOML gave them.
    """

    default_image: str
    image: str | None = None
    store: str | None = None
    code: str | None = None
    namespace: str | None = None
    name: str | None = None
    max_workers: int | None = None
    same_code: bool = False
    images: Mapping[str, str] = fresh(default_factory=dict)
    mlflow: Mapping[str, Value] = fresh(default_factory=dict)
    target: Mapping[str, Value] = fresh(default_factory=dict)


@record
class OutputFile:
    """One file of the output. `name` is relative to the output folder; the first file of an emission is the main one."""

    name: str
    text: str


OptionKind = Literal["flag", "number", "other"]
"""What a key of a target is on a command line: `--sam` and `--no-sam`, a number, or text that is read as the key takes it."""


class Backend(Protocol):
    """A target. Instances are stateless; `spells` names, by decorator, the options beyond the portable ones that it spells.

    `target_options` names the keys of `[tool.flowc.<target>]` that it takes, with a line of help each.
    """

    name: ClassVar[str]
    gaps: ClassVar[Mapping[Feature, Gap]]
    spells: ClassVar[Mapping[str, frozenset[str]]]
    target_options: ClassVar[Mapping[str, str]]

    def wants(self, key: str, value: Value) -> str | None:
        """What a key of `target_options` takes, as a noun; None where this value is that."""
        ...

    def kind(self, key: str) -> OptionKind:
        """What a key of `target_options` is on a command line."""
        ...

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Report what this target refuses beyond its tables: names, sizes, values of its options."""
        ...

    def deployment(self, plan: Plan, options: Options) -> str:
        """The name of what is deployed: that of its files, up to their first end, and of no other flow's."""
        ...

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """The files for a plan that `check` let pass. Pure: same arguments, same bytes."""
        ...


@runtime_checkable
class NamesNodes(Protocol):
    """A target that says what its engine calls the containers of a plan, by the first step of each: ours do."""

    def nodes(self, plan: Plan) -> Mapping[str, str]:
        """The names, as the engine's interface shows them."""
        ...


@runtime_checkable
class LacksSizes(Protocol):
    """A target on which a container cannot ask for some of the portable sizes."""

    lacks: ClassVar[frozenset[str]]
    """Of `PORTABLE_OPTIONS`; a step that asks for one is refused at its line."""


def lacks(backend: Backend) -> frozenset[str]:
    """The portable options that a target has no spelling for."""
    return backend.lacks if isinstance(backend, LacksSizes) else frozenset()


@runtime_checkable
class LacksSettings(Protocol):
    """A target that has no use for some of the settings that targets share: one outside of Kubernetes has none for a namespace."""

    without: ClassVar[frozenset[str]]
    """Their keys: in the target's own table each is an unknown one, and on a command line it is told and left out."""


def without(backend: Backend) -> frozenset[str]:
    """The shared settings that a target has no use for."""
    return backend.without if isinstance(backend, LacksSettings) else frozenset()


FEATURE_NOT_ON_TARGET = Rule(
    code="FC301",
    name="feature-not-on-target",
    message="{target} has no {feature}: {reason}",
    help="{way_round}",
)
OPTION_NOT_ON_TARGET = Rule(
    code="FC302",
    name="option-not-on-target",
    message="{target} has no spelling for `@{decorator}({option}=…)`",
    help="remove the option, or compile for a target that has it: it is never ignored",
)
FILE_NEEDED = Rule(
    code="FC583",
    name="include-file-needed",
    message="there is no file `{path}`, so a run on {target} would have nothing for `{name}`",
    help="put the file beside the flow or into the code's root; or leave the default out and give each run a URL",
)
VARIABLE_IS_LOCAL = Rule(
    code="FC584",
    name="variable-of-a-local-run",
    message="`{variable}` gives `{name}` its value in a local run alone: {target} has the values that a run is started with",
    help="give the value there; a comment `# flowc: ignore[FC584]` says that this is meant",
    severity="warning",
)
GANG_OVER_LIMIT = Rule(
    code="FC632",
    name="gang-over-limit",
    message="the gang has {width} nodes, and at most {most} may run at once: its nodes would wait for each other for ever",
    help="give a higher `max_workers`, or none",
)
GANG_UNDER_LIMIT = Rule(
    code="FC633",
    name="gang-beside-others",
    message="at most {most} {tasks} may run at once, and others may take the room of this gang's nodes, which wait for each other",
    help="leave `max_workers` out, or let the gang stand in no foreach and no branch",
)
ONE_NODE_IS_FINAL = Rule(
    code="FC634",
    name="only-system-in-a-gang",
    message="`@retry(only_system=True)` stands on `{step}`, whose tasks are the nodes of a gang: one that raised would be missing "
    "where the others are tried again",
    help="leave `only_system` out: the gang is done again as a whole, whatever has ended it",
)
PROJECT_WITHOUT_BRANCH = Rule(
    "FC675",
    "project-without-branch",
    "without a branch it is `{deployment}` whoever deploys it: two people would overwrite each other",
    "say whose it is with `--branch NAME`, or `--production`; for always in `[tool.flowc]` or in `@project`",
    "warning",
)
CANNOT_SHARE = Rule(
    code="FC635",
    name="container-not-shared",
    message="`{option}` names `{step}`, which cannot share a container: {reason}",
    help="put right what stands in the way, or take it out of `{option}`",
)


def refuse(plan: Plan, backend: Backend, options: Options, report: Report) -> None:
    """Report every feature, option and value of the plan that the target cannot spell, each at its line."""
    for feature, span in plan.features:
        gap = backend.gaps.get(feature)
        if gap:
            report.add(
                FEATURE_NOT_ON_TARGET,
                span,
                target=backend.name,
                feature=feature,
                reason=gap.reason,
                way_round=gap.way_round,
            )
    for option in _options(plan):
        if option.name not in backend.spells.get(option.decorator, frozenset()):
            report.add(
                OPTION_NOT_ON_TARGET,
                option.span,
                target=backend.name,
                decorator=option.decorator,
                option=option.name,
            )
    _refuse_sizes(plan, backend, report)
    for each in plan.obstacles:
        report.add(CANNOT_SHARE, each.span, option=each.option, step=each.step, reason=each.reason)
    _refuse_final_nodes(plan, report)
    if options.max_workers:
        _refuse_gangs(plan, options.max_workers, report)
    if backend.name != LOCAL:
        _check_parameters(plan, backend.name, report)
    if plan.project and plan.project.is_nobodys:
        span = next(each.span for each in plan.flow.decorators if each.name == "project")
        report.add(PROJECT_WITHOUT_BRANCH, span, deployment=plan.name)
    backend.check(plan, options, report)


LOCAL = "local"
"""What the local run is called, which a person starts, on a machine with files and variables."""


def _check_parameters(plan: Plan, target: str, report: Report) -> None:
    """Report the parameters whose value a target does not have, or not from where a local run takes it."""
    for parameter in plan.parameters:
        if parameter.absent is not None and not parameter.required:
            report.add(FILE_NEEDED, parameter.span, path=parameter.absent, name=parameter.name, target=target)
        for variable in parameter.envvar[:1]:
            report.add(VARIABLE_IS_LOCAL, parameter.span, variable=variable, name=parameter.name, target=target)


def _refuse_sizes(plan: Plan, backend: Backend, report: Report) -> None:
    """Report what steps ask for that no container of the target can have."""
    for option in sorted(lacks(backend)):
        for task in plan.root.tasks():
            if getattr(task.resources, option) is None:
                continue
            for decorator in plan.flow.steps[task.step].decorators:
                if decorator.get(option) is not None:
                    span, name = decorator.span_of(option), decorator.name
                    report.add(OPTION_NOT_ON_TARGET, span, target=backend.name, decorator=name, option=option)


def _refuse_final_nodes(plan: Plan, report: Report) -> None:
    """Report nodes of gangs of which one alone would not be tried again."""
    from compiler.ir.plan import Enter  # noqa: PLC0415 - a check plans nothing

    for gang, _ in plan.root.gangs():
        for task in gang.body.tasks():
            if (
                isinstance(task.loads, Enter)
                and task.loads.split == gang.split.step
                and task.retry
                and task.retry.only_system
            ):
                decorators = plan.flow.steps[task.step].decorators
                span = next((each.span for each in decorators if each.name == "retry"), task.span)
                report.add(ONE_NODE_IS_FINAL, span, step=task.step)


def _refuse_gangs(plan: Plan, most: int, report: Report) -> None:
    """Report the gangs whose nodes a limit keeps apart. A width that only run time knows is the shim's: its nodes do not wait for ever."""
    for gang, is_alone in plan.root.gangs():
        span = plan.flow.steps[gang.split.step].next.span
        if isinstance(gang.width, int) and gang.width > most:
            report.add(GANG_OVER_LIMIT, span, width=gang.width, most=most)
        elif not is_alone:
            report.add(GANG_UNDER_LIMIT, span, most=most, tasks="task" if most == 1 else "tasks")


def _options(plan: Plan) -> tuple[Option, ...]:
    return (*plan.options, *(option for task in plan.root.tasks() for option in task.options))
