"""What Argo refuses beyond features and options: names, sizes, values."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import Options
from compiler.backends.argo.deployment import FIELDS, FILE_NAME_TAKEN, KUSTOMIZATION, NAMESPACE_NEEDED
from compiler.backends.argo.kubernetes import fault
from compiler.backends.argo.manifest import deployment_name
from compiler.backends.argo.names import is_object_name
from compiler.backends.argo.parameters import RESERVED
from compiler.backends.argo.settings import faults
from compiler.backends.command import images, texts
from compiler.backends.gaps import check_days, check_retries
from compiler.backends.secrets import check_kubernetes
from compiler.backends.sizes import check_sizes
from compiler.backends.yaml_text import Tree
from compiler.diagnostics import Report, Rule
from compiler.ir.cron import five_fields, special_days
from compiler.ir.plan import FlowTrigger, Plan

MOST_DEPTH = 97
"""Argo ends a run at 100 templates that call each other: the flow's, one a foreach, and the container's."""

MOST_BYTES = 1_048_576
"""What Kubernetes takes for one object, as the JSON that it stores."""

MOST_ANNOTATIONS = 262_144 - 4096
"""What Kubernetes takes for all annotations of an object, less what Argo adds to those of a run."""

_MOST_UTF8 = 4

BAD_NAME = Rule(
    code="FC311",
    name="argo-name",
    message="Kubernetes does not take `{name}` as a name: a-z, 0-9, `-` and `.`, with a letter or digit at both ends",
    help="give another with --name; a long one is shortened",
)
BAD_OPTION_VALUE = Rule(
    code="FC312",
    name="argo-option-value",
    message="`@{decorator}({option}=…)` cannot go into a pod: {reason}",
    help="write a value of that kind as a literal",
)
BAD_SETTING = Rule(
    code="FC313",
    name="argo-setting",
    message="`{key}` of [tool.flowc.argo] is not what Argo takes: {expected}",
    help="correct it in pyproject.toml",
)
RESERVED_PARAMETER = Rule(
    code="FC314",
    name="argo-reserved-parameter",
    message="Argo itself uses the parameter name `{name}`",
    help="give the parameter another name",
)
TOO_LARGE = Rule(
    code="FC315",
    name="argo-too-large",
    message="{what} has {size} bytes, and Kubernetes takes {most}",
    help="{cure}",
)
TOO_DEEP = Rule(
    code="FC316",
    name="argo-too-deep",
    message="`{step}` is the body of {depth} nested foreaches, and Argo has {most}",
    help="go over pairs in one foreach instead of nesting two",
)

TAG_IN_TEXT = Rule(
    code="FC646",
    name="text-that-argo-rewrites",
    message="Argo takes the `{{{{` in {what} for a tag of its own, and has no way to write it: `{text}`",
    help="write it without `{{{{`",
)
ALL_NAMESPACES = Rule(
    code="FC620",
    name="argo-watches-all-namespaces",
    message="no namespace is named: to see `{flow}` finish, the EventSource watches the workflows of all namespaces",
    help="give --namespace, or `namespace` in [tool.flowc.argo]: else its account needs a ClusterRole to list and watch workflows",
    severity="warning",
)
_FIVE = 5
SIX_FIELDS = Rule(
    code="FC345",
    name="six-fields-on-argo",
    message="Metaflow hands the first five fields of `{cron}` to Argo as they are; here it is read as EventBridge does: `{here}`",
    help="write the five fields that you mean, in which days of the week count from 0 for Sunday",
    severity="warning",
)
DYNAMIC_OPTION = Rule(
    code="FC621",
    name="argo-trigger-option",
    message="`@{decorator}(options=…)`: {reason}",
    help="write `options={{'reset_at': {{'cron': '0 0 * * *', 'timezone': 'Europe/Berlin'}}}}`",
)


def check(plan: Plan, options: Options, report: Report) -> None:
    """Report the names and values that Kubernetes or Argo would not take."""
    _check_deployment(plan, options, report)
    for parameter in plan.parameters:
        if parameter.name == RESERVED:
            report.add(RESERVED_PARAMETER, parameter.span, name=parameter.name)
    for key, expected in faults(options):
        report.add(BAD_SETTING, plan.flow.span, key=key, expected=expected)
    _check_tags(plan, options, report)
    _check_triggers(plan, options, report)
    check_kubernetes(plan, report)
    check_retries(plan, "argo", report)
    check_sizes(plan, report)
    check_days(
        plan,
        "Argo",
        report,
        "its cron has plain days alone",
        "name days by their numbers, or compile for AWS or Airflow",
    )
    _check_six_fields(plan, report)
    for task in plan.root.tasks():
        if task.depth > MOST_DEPTH:
            report.add(TOO_DEEP, task.span, step=task.step, depth=task.depth, most=MOST_DEPTH)
        for option in task.options:
            reason = fault(option) if option.decorator == "kubernetes" else None
            if reason:
                report.add(BAD_OPTION_VALUE, option.span, decorator=option.decorator, option=option.name, reason=reason)


def _check_deployment(plan: Plan, options: Options, report: Report) -> None:
    """Report a name that Kubernetes or Kustomize has no room for, and accounts without a namespace."""
    name = deployment_name(plan, options)
    if not is_object_name(name):
        report.add(BAD_NAME, plan.flow.span, name=name)
    if options.target.get("rbac") is True and not options.namespace:
        report.add(NAMESPACE_NEEDED, plan.flow.span, flow=plan.flow.name)
    if options.target.get("kustomize") is True and f"{name}.yaml" in (KUSTOMIZATION, FIELDS):
        report.add(FILE_NAME_TAKEN, plan.flow.span, name=name)


def _check_six_fields(plan: Plan, report: Report) -> None:
    """Warn of six fields whose first five say other times."""
    for decorator in plan.flow.decorators:
        cron = decorator.get("cron") if decorator.name == "schedule" else None
        fields = cron.split() if isinstance(cron, str) else []
        if not plan.schedule or len(fields) <= _FIVE or special_days(plan.schedule.cron):
            continue
        if five_fields(" ".join(fields[:_FIVE])) != plan.schedule.cron:
            report.add(SIX_FIELDS, decorator.span_of("cron"), cron=cron, here=plan.schedule.cron)


def _check_tags(plan: Plan, options: Options, report: Report) -> None:
    """Report what the author or the platform wrote that Argo would expand. The values of `[tool.flowc.argo]` are Argo's own text."""
    shared = {"image": options.image, "store": options.store, "code": options.code, "namespace": options.namespace}
    for what, text in (*shared.items(), *options.images.items()):
        if text and "{{" in text:
            report.add(TAG_IN_TEXT, plan.flow.span, what=f"`{what}`", text=text)
    for image, span in images(plan):
        if "{{" in image:
            report.add(TAG_IN_TEXT, span, what="an image", text=image)
    for option in (option for task in plan.root.tasks() for option in task.options):
        for text in texts(option.value) if option.decorator == "kubernetes" else ():
            if "{{" in text:
                report.add(TAG_IN_TEXT, option.span, what=f"`{option.name}`", text=text)


def _check_triggers(plan: Plan, options: Options, report: Report) -> None:
    for trigger in plan.triggers:
        if isinstance(trigger, FlowTrigger) and not options.namespace:
            report.add(ALL_NAMESPACES, trigger.span, flow=trigger.deployment)
    for option in plan.options:
        cron = option.value.get("cron") if isinstance(option.value, Mapping) else None
        fields = five_fields(cron) if isinstance(cron, str) else None
        if fields is None or special_days(fields):
            reason = f"`reset_at` has no cron that says a time: `{cron}`"
            report.add(DYNAMIC_OPTION, option.span, decorator=option.decorator, reason=reason)


def check_size(document: Mapping[str, Tree], plan: Plan, report: Report) -> None:
    """Report a manifest that Kubernetes would not store, the flow's docstring alone among them: it is an annotation."""
    described = len(plan.flow.doc.encode("utf-8", "replace")) if plan.flow.doc else 0
    if described > MOST_ANNOTATIONS:
        facts = {"what": "the flow's docstring", "size": described, "most": MOST_ANNOTATIONS}
        report.add(TOO_LARGE, plan.flow.span, cure="put most of it into a comment, which no target sees", **facts)
        return
    if _MOST_UTF8 * len(repr(document)) <= MOST_BYTES:
        return  # no character of the text becomes more than four bytes of JSON
    import json  # noqa: PLC0415 - only large flows need the exact size

    size = len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MOST_BYTES:
        facts = {"what": "the WorkflowTemplate", "size": size, "most": MOST_BYTES}
        report.add(
            TOO_LARGE, plan.flow.span, cure="split the flow, or put what many steps repeat into the image", **facts
        )
