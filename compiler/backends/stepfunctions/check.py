"""What Step Functions and Batch refuse beyond the table of gaps: names, sizes, values."""

from __future__ import annotations

from compiler.backends import Options
from compiler.backends.command import argv, images, step_environment, texts
from compiler.backends.gaps import check_days, check_retries
from compiler.backends.secrets import check_aws
from compiler.backends.sizes import check_sizes
from compiler.backends.stepfunctions import settings
from compiler.backends.stepfunctions.jobs import (
    BATCH,
    DEFAULT_CPU,
    DEFAULT_MEMORY,
    EC2_ONLY,
    FARGATE_ONLY,
    fargate_pair,
)
from compiler.backends.stepfunctions.layout import safe_name
from compiler.backends.stepfunctions.schedule import expression
from compiler.diagnostics import Report, Rule
from compiler.ir.cron import special_days
from compiler.ir.flow import Dynamic
from compiler.ir.plan import Option, Plan, Schedule, Task

LONGEST_COMMAND, LARGEST_DEFINITION = 8192, 1 << 20
MOST_ATTEMPTS = 99_999_999

STORE_NOT_S3 = Rule(
    code="FC331",
    name="store-not-s3",
    message="Step Functions reads widths and parameters from the store, and `{store}` is not on S3",
    help="give --store s3://bucket/prefix, or none: the output then holds `${{StoreBucket}}`",
)
COMMAND_TOO_LONG = Rule(
    code="FC339",
    name="command-too-long-for-batch",
    message="the command of `{step}` may have {size} characters, and a job of AWS Batch has at most {limit}",
    help="join in two stages: it names every branch that meets here",
)
SIZE_NOT_ON_TARGET = Rule(
    code="FC333",
    name="size-not-on-batch",
    message="AWS Batch on {platform} has no {what}",
    help="{cure}",
)
OPTION_VALUE = Rule(
    code="FC334",
    name="batch-option-value",
    message="`@{decorator}({option}=…)` takes {wants}",
    help="write the value as a literal of that kind",
)
SCHEDULE_NOT_ON_TARGET = Rule(
    code="FC335",
    name="schedule-not-on-eventbridge",
    message="`{cron}` names days of the month and of the week: cron means either, EventBridge has no way to say that",
    help="leave one of the two `*`",
)
VARIABLE_NAME = Rule(
    code="FC336",
    name="variable-name-of-batch",
    message="Batch keeps environment names that begin with `AWS_BATCH` for itself: `{name}`",
    help="give the variable another name",
)
SETTING_VALUE = Rule(
    code="FC337",
    name="step-functions-setting",
    message="`{key}` of [tool.flowc.step-functions] takes {wants}",
    help="{cure}",
)
DEFINITION_TOO_LARGE = Rule(
    code="FC338",
    name="definition-too-large",
    message="the state machine would have {size} bytes, and Step Functions takes {limit}",
    help="split the flow: a definition of this size has more than a thousand steps",
)

PLACEHOLDER_IN_TEXT = Rule(
    code="FC647",
    name="text-that-cloudformation-rewrites",
    message="what deploys the machine replaces the `${{` in {what}: `{text}`",
    help="write it without `${{`; AWS takes it in no name, and a setting of [tool.flowc.step-functions] may hold a placeholder",
)
SEVERAL_EVENTS = Rule(
    code="FC622",
    name="several-events-on-eventbridge",
    message="EventBridge starts a run at each event, and cannot wait until all {count} of them have come",
    help="let one event or flow start it: the one that comes last, or a flow of its own that looks for the others",
)


def check(plan: Plan, options: Options, report: Report) -> None:
    """Every step, option and setting, each at its line."""
    _settings(plan, options, report)
    _commands(plan, report)
    for task in plan.root.tasks():
        _sizes(task, options, report)
        _variables(task, report)
        for option in task.options:
            _value(option, options, report)
    _placeholders(plan, report)
    check_aws(plan, "step-functions", report)
    check_sizes(plan, report)
    if len(plan.triggers) > 1:
        report.add(SEVERAL_EVENTS, plan.triggers[0].span, count=len(plan.triggers))
    check_retries(plan, "step-functions", report, MOST_ATTEMPTS)
    if plan.schedule:
        _schedule(plan, plan.schedule, report)


def _schedule(plan: Plan, schedule: Schedule, report: Report) -> None:
    fields = schedule.cron.split()
    if any("," in field and special_days(f"* * {field} * {field}") for field in (fields[2], fields[4])):
        reason = "such a day stands alone in its field"
        check_days(plan, "EventBridge", report, reason, "let another schedule start the flow at the others")
    elif expression(schedule.cron) is None:
        report.add(SCHEDULE_NOT_ON_TARGET, schedule.span, cron=schedule.cron)


def _settings(plan: Plan, options: Options, report: Report) -> None:
    if options.store and not options.store.startswith("s3://"):
        report.add(STORE_NOT_S3, plan.flow.span, store=options.store)
    for key, value in options.target.items():
        setting = settings.SETTINGS.get(key)
        if setting and not setting.takes(value):
            report.add(SETTING_VALUE, plan.flow.span, key=key, wants=setting.wants, cure=setting.help)


def machine_name(plan: Plan, options: Options) -> str:
    """The machine's name; neither projects nor flows hold a `-`."""
    return safe_name(options.name or plan.name)


def _commands(plan: Plan, report: Report) -> None:
    for task in plan.root.containers():
        size = _command_length(task)
        if size > LONGEST_COMMAND:
            report.add(COMMAND_TOO_LONG, task.span, step=task.step, size=size, limit=LONGEST_COMMAND)


def _command_length(task: Task) -> int:
    """The longest that the step's overrides can get, with names as long as AWS lets them be."""
    words = argv(task, run="r" * 168, index="i" * 64, retry="99", owner="o" * 300, parameters="p" * 1024)
    report = "s" * 1024 if task.reports else ""
    return sum(len(word) + 4 for word in words) + len(report) + 128


def _sizes(task: Task, options: Options, report: Report) -> None:
    asked, fargate = task.resources, settings.is_fargate(options)
    platform = "Fargate" if fargate else "EC2"
    lacks: list[tuple[str, str]] = []
    if fargate and asked.gpu:
        lacks.append(("GPUs", "use a queue of EC2 instances"))
    if fargate and asked.shared_memory:
        lacks.append(("shared memory to set", "use a queue of EC2 instances"))
    cpu, memory = asked.cpu or DEFAULT_CPU, asked.memory or DEFAULT_MEMORY
    if fargate and fargate_pair(cpu, memory) is None:
        lacks.append((f"{cpu:g} vCPU with {memory} MiB", "ask for at most 16 vCPU and 122880 MiB"))
    if not fargate and asked.disk:
        lacks.append(("disk size for one job", "set the instances' volumes in the compute environment"))
    for what, cure in lacks:
        report.add(SIZE_NOT_ON_TARGET, task.span, platform=platform, what=what, cure=cure)


def _variables(task: Task, report: Report) -> None:
    for name in step_environment(task):
        if name.startswith("AWS_BATCH"):
            report.add(VARIABLE_NAME, task.span, name=name)


def _placeholders(plan: Plan, report: Report) -> None:
    """Report texts of the author's that CloudFormation would take for a placeholder."""
    for image, span in images(plan):
        if "${" in image:
            report.add(PLACEHOLDER_IN_TEXT, span, what="an image", text=image)
    for option in (option for task in plan.root.tasks() for option in task.options):
        for text in texts(option.value) if option.decorator == "batch" else ():
            if "${" in text:
                report.add(PLACEHOLDER_IN_TEXT, option.span, what=f"`{option.name}`", text=text)


def _value(option: Option, options: Options, report: Report) -> None:
    """An option of `@batch` that is spelled, but not with this value or on this platform."""
    known = BATCH.get(option.name) if option.decorator == "batch" else None
    if not known:
        return
    if isinstance(option.value, Dynamic) or not known.takes(option.value):
        report.add(OPTION_VALUE, option.span, decorator=option.decorator, option=option.name, wants=known.wants)
    fargate = settings.is_fargate(options)
    if option.value is not False and option.name in (EC2_ONLY if fargate else FARGATE_ONLY):
        platform = "Fargate" if fargate else "EC2"
        cure = "remove the option, or set `platform` of [tool.flowc.step-functions]"
        report.add(SIZE_NOT_ON_TARGET, option.span, platform=platform, what=f"`{option.name}`", cure=cure)
