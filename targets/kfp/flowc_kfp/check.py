"""What Kubeflow Pipelines refuses beyond features and options: names, values, sizes, texts that it would rewrite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.backends import Options
from compiler.backends.command import images, texts
from compiler.backends.gaps import check_retries
from compiler.backends.pod_options import OPTIONS, Takes
from compiler.backends.sizes import check_sizes
from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Dynamic, Span, Value
from compiler.ir.plan import Plan, Task
from flowc_kfp.names import pipeline_name
from flowc_kfp.pipeline import pipeline_documents

MOST_DEPTH = 23
"""Argo, which runs a pipeline, ends it at 100 templates that call each other: two are the pipeline's, four a foreach's, three a step's."""

MOST_BYTES = 1_048_576
"""What Kubernetes takes for one object, here the workflow that a run becomes: it holds all of the pipeline, and more."""

BAD_VALUE = Rule(
    code="KFP01",
    name="kfp-value",
    message="{what} is not what Kubeflow Pipelines takes: {expected}",
    help="write it so; another name is given with --name",
)
REWRITTEN = Rule(
    code="KFP02",
    name="text-that-kfp-rewrites",
    message="Kubeflow Pipelines hands {what} through templates and command lines that rewrite `{{{{` and `$`: `{text}`",
    help="write it without them",
)
LACKS = Rule(
    code="KFP03",
    name="kfp-lacks",
    message="Kubeflow Pipelines has no {what}, which `{step}` asks for: {reason}",
    help="{cure}",
)
TOO_LARGE = Rule(
    code="KFP04",
    name="kfp-too-large",
    message="the pipeline has some {size} bytes, and Kubernetes takes {most} for the workflow that holds it",
    help="split the flow, or put what many steps repeat into the image",
)

SETTINGS: Mapping[str, tuple[Takes, str]] = {
    "image_pull_policy": (OPTIONS["image_pull_policy"], "Always, IfNotPresent or Never"),
    "image_pull_secrets": (OPTIONS["image_pull_secrets"], "Secrets with which images are pulled"),
    "qos": (OPTIONS["qos"], "Guaranteed: limits as requests; Burstable: requests alone"),
}
"""Every key that `[tool.flowc.kfp]` takes beyond the shared ones: its values, and its line of help."""


def wants(key: str, value: Value) -> str | None:
    """What a key takes where this value is not it."""
    if key not in SETTINGS:
        return "a key of the list in `flowc config`"
    is_right, expected = SETTINGS[key][0]
    return None if is_right(value) else expected


def check(plan: Plan, options: Options, report: Report) -> None:
    """Report what the server, Argo below it or Kubernetes would not take, or would take for something else."""
    for what, expected, span in _wrong(plan, options):
        report.add(BAD_VALUE, span, what=what, expected=expected)
    for what, text, span in _handed(plan, options):
        if re.search(r"\{\{|\$", text):
            report.add(REWRITTEN, span, what=what, text=text)
    for task in plan.root.tasks():
        for what, reason, cure, span in _lacking(task):
            report.add(LACKS, span, what=what, step=task.step, reason=reason, cure=cure)
    check_retries(plan, "kfp", report)
    check_sizes(plan, report)
    # as Python writes it, which is about as long as JSON and takes no time
    if (
        not report.failed
        and (size := len(repr(pipeline_documents(plan, options)).encode("utf-8", "replace"))) > MOST_BYTES
    ):
        report.add(TOO_LARGE, plan.flow.span, size=size, most=MOST_BYTES)


def _wrong(plan: Plan, options: Options) -> Iterator[tuple[str, str, Span]]:
    """The name, settings and options that do not fit, with what was expected."""
    name = pipeline_name(plan, options)
    if not re.fullmatch("[a-z0-9]([a-z0-9-]*[a-z0-9])?", name):
        yield f"the name `{name}`", "a-z, 0-9 and `-`, with a letter or digit at both ends", plan.flow.span
    for key, value in options.target.items():
        if expected := wants(key, value):
            yield f"`{key}` of [tool.flowc.kfp]", expected, plan.flow.span
    if (options.max_workers or 0) >= 2**31:
        yield "`max_workers`", "less than 2147483648, for more a `parallelismLimit` does not hold", plan.flow.span
    for option in (each for task in plan.root.tasks() for each in task.options):
        is_right, expected = OPTIONS.get(option.name, (None, ""))
        if isinstance(option.value, Dynamic) or (is_right and not is_right(option.value)):
            yield f"`@kubernetes({option.name}=…)`", expected, option.span


def _handed(plan: Plan, options: Options) -> Iterator[tuple[str, str, Span]]:
    """The texts that go into the file as they are, and where they stand."""
    shared = {"the image": options.image or options.default_image, "the store": options.store, "the code": options.code}
    yield from ((what, text or "", plan.flow.span) for what, text in shared.items())
    yield from (("the settings", text, plan.flow.span) for text in texts([options.images, options.target]))
    yield from (("the image", image, span) for image, span in images(plan))
    for option in (each for task in plan.root.tasks() for each in task.options):
        yield from ((f"`@kubernetes({option.name}=…)`", text, option.span) for text in texts(option.value))


def _lacking(task: Task) -> Iterator[tuple[str, str, str, Span]]:
    """What a step asks for that there is not, why, the cure, and where."""
    if task.depth > MOST_DEPTH:
        reason = f"it would be the body of {task.depth}, and Argo below has room for {MOST_DEPTH}"
        yield "foreach that is nested so deeply", reason, "go over pairs in one foreach", task.span
    for secret in task.secrets:
        if secret.kind == "kubernetes":
            cure = f"name one of AWS: `aws-secrets-manager.{secret.name}`"
            yield f"whole Secret `{secret.name}`", "it hands on keys that are named one by one", cure, secret.span
