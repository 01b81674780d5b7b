"""What Argo refuses beyond features and options: names, sizes, values."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import Options
from compiler.backends.argo.events import MOST_HASH
from compiler.backends.argo.kubernetes import fault
from compiler.backends.argo.manifest import deployment_name
from compiler.backends.argo.names import MOST_CRON, MOST_OBJECT, is_object_name
from compiler.backends.argo.parameters import RESERVED
from compiler.backends.argo.settings import faults
from compiler.backends.argo.yaml_text import Tree
from compiler.backends.command import images, texts
from compiler.backends.secrets import check_kubernetes
from compiler.diagnostics import Report, Rule
from compiler.ir.cron import five_fields
from compiler.ir.plan import FlowTrigger, Plan

MOST_DEPTH = 97
"""Argo ends a run at 100 templates that call each other: the flow's, one a foreach, and the container's."""

MOST_BYTES = 1_048_576
"""What Kubernetes takes for one object, as the JSON that it stores."""

_MOST_UTF8 = 4

BAD_NAME = Rule(
    code="FC311",
    name="argo-name",
    message="Kubernetes does not take `{name}` as a name: at most {most} of a-z, 0-9, `-` and `.`",
    help="give another with --name",
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
    message="the WorkflowTemplate has {size} bytes, and Kubernetes takes {most}",
    help="split the flow, or put what many steps repeat into the image",
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
DYNAMIC_OPTION = Rule(
    code="FC621",
    name="argo-trigger-option",
    message="`@{decorator}(options=…)`: {reason}",
    help="write `options={{'reset_at': {{'cron': '0 0 * * *', 'timezone': 'Europe/Berlin'}}}}`",
)


def check(plan: Plan, options: Options, report: Report) -> None:
    """Report the names and values that Kubernetes or Argo would not take."""
    name = deployment_name(plan, options)
    # a scheduled run's name ends in a time, one that follows others in hashes
    follows = sum(isinstance(trigger, FlowTrigger) for trigger in plan.triggers)
    most = min(MOST_CRON, MOST_OBJECT - follows * MOST_HASH) if plan.schedule or plan.triggers else MOST_OBJECT
    if not is_object_name(name, most):
        report.add(BAD_NAME, plan.flow.span, name=name, most=most)
    for parameter in plan.parameters:
        if parameter.name == RESERVED:
            report.add(RESERVED_PARAMETER, parameter.span, name=parameter.name)
    for key, expected in faults(options):
        report.add(BAD_SETTING, plan.flow.span, key=key, expected=expected)
    _check_tags(plan, options, report)
    _check_triggers(plan, options, report)
    check_kubernetes(plan, report)
    for task in plan.root.tasks():
        if task.depth > MOST_DEPTH:
            report.add(TOO_DEEP, task.span, step=task.step, depth=task.depth, most=MOST_DEPTH)
        for option in task.options:
            reason = fault(option) if option.decorator == "kubernetes" else None
            if reason:
                report.add(BAD_OPTION_VALUE, option.span, decorator=option.decorator, option=option.name, reason=reason)


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
        if not isinstance(cron, str) or five_fields(cron) is None:
            reason = f"`reset_at` has no cron that says a time: `{cron}`"
            report.add(DYNAMIC_OPTION, option.span, decorator=option.decorator, reason=reason)


def check_size(document: Mapping[str, Tree], plan: Plan, report: Report) -> None:
    """Report a manifest that Kubernetes would not store."""
    if _MOST_UTF8 * len(repr(document)) <= MOST_BYTES:
        return  # no character of the text becomes more than four bytes of JSON
    import json  # noqa: PLC0415 - only large flows need the exact size

    size = len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MOST_BYTES:
        report.add(TOO_LARGE, plan.flow.span, size=size, most=MOST_BYTES)
