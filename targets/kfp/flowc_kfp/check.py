"""What Kubeflow Pipelines refuses beyond features and options: names, values, sizes, texts that it would rewrite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.backends import Options, pod_options
from compiler.backends.command import images, texts
from compiler.backends.fields import is_names, is_text, one_of
from compiler.backends.gaps import check_retries
from compiler.backends.pod_options import Takes
from compiler.backends.sizes import check_sizes
from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Dynamic, Span, Value
from compiler.ir.plan import Plan
from flowc_kfp.names import is_pipeline_name, pipeline_name

MOST_DEPTH = 23
"""Argo, which runs a pipeline, ends it at 100 templates that call each other: two are the pipeline's, four a foreach's, three a step's."""

MOST_BYTES = 1_048_576
"""What Kubernetes takes for one object, here the workflow that a run becomes: it holds all of the file, and more."""

BAD_NAME = Rule(
    code="KFP01",
    name="kfp-name",
    message="Kubeflow Pipelines does not take `{name}` as a name: a-z, 0-9 and `-`, with a letter or digit at both ends",
    help="give another with --name; a long one is shortened",
)
BAD_VALUE = Rule(
    code="KFP02",
    name="kfp-value",
    message="{what} is not what Kubeflow Pipelines takes: {expected}",
    help="write a value of that kind",
)
REWRITTEN = Rule(
    code="KFP03",
    name="text-that-kfp-rewrites",
    message="Kubeflow Pipelines hands {what} through templates and command lines that rewrite `{{{{` and `$`: `{text}`",
    help="write it without them",
)
LACKS = Rule(
    code="KFP04",
    name="kfp-lacks",
    message="Kubeflow Pipelines has no {what}, which `{step}` asks for: {reason}",
    help="{cure}",
)
TOO_LARGE = Rule(
    code="KFP05",
    name="kfp-too-large",
    message="the pipeline has {size} bytes, and Kubernetes takes {most} for the workflow that holds it",
    help="split the flow, or put what many steps repeat into the image",
)

SETTINGS: Mapping[str, tuple[Takes, str]] = {
    "image_pull_policy": (pod_options.OPTIONS["image_pull_policy"], "Always, IfNotPresent or Never"),
    "image_pull_secrets": ((is_names, "a list of names"), "Secrets with which images are pulled"),
    "pipeline_root": ((is_text, "a URL"), "where the server keeps what it knows of runs, instead of its own place"),
    "qos": ((one_of("Guaranteed", "Burstable"), "one of Guaranteed, Burstable"), "Guaranteed: limits as requests; Burstable: requests alone"),
}  # fmt: skip
"""Every key that `[tool.flowc.kfp]` takes beyond the shared ones: its values, and its line of help."""


def wants(key: str, value: Value) -> str | None:
    """What a key takes where this value is not it."""
    if key not in SETTINGS:
        return "a key of the list in `flowc config`"
    is_right, expected = SETTINGS[key][0]
    return None if is_right(value) else expected


def check(plan: Plan, options: Options, report: Report) -> None:
    """Report what the server, Argo below it or Kubernetes would not take, or would take for something else."""
    name = pipeline_name(plan, options)
    if not is_pipeline_name(name):
        report.add(BAD_NAME, plan.flow.span, name=name)
    for key, value in options.target.items():
        expected = wants(key, value)
        if expected:
            report.add(BAD_VALUE, plan.flow.span, what=f"`{key}` of [tool.flowc.kfp]", expected=expected)
    for what, text, span in _handed(plan, options):
        if re.search(r"\{\{|\$", text):
            report.add(REWRITTEN, span, what=what, text=text)
    _check_tasks(plan, report)
    check_retries(plan, "kfp", report)
    check_sizes(plan, report)


def check_size(text: str, plan: Plan, report: Report) -> None:
    """Report a file that no workflow has room for."""
    size = len(text.encode())
    if size > MOST_BYTES:
        report.add(TOO_LARGE, plan.flow.span, size=size, most=MOST_BYTES)


def _handed(plan: Plan, options: Options) -> Iterator[tuple[str, str, Span]]:
    """The texts that go into the file as they are, and where they stand."""
    shared = {"the image": options.image or options.default_image, "the store": options.store, "the code": options.code}
    for what, text in shared.items():
        yield what, text or "", plan.flow.span
    for key in ("images", "target"):
        for text in texts(getattr(options, key)):
            yield "the settings", text, plan.flow.span
    for image, span in images(plan):
        yield "the image", image, span
    for task in plan.root.tasks():
        for option in task.options:
            for text in texts(option.value):
                yield f"`@{option.decorator}({option.name}=…)`", text, option.span


def _check_tasks(plan: Plan, report: Report) -> None:
    for task in plan.root.tasks():
        lacks = []
        if task.resources.disk:
            lacks.append(("disk size", "its containers have CPU, memory and accelerators", "leave `disk` out"))
        if task.depth > MOST_DEPTH:
            lacks.append((f"foreach in {task.depth} others", f"Argo below it has {MOST_DEPTH}", "go over pairs in one"))
        for what, reason, cure in lacks:
            report.add(LACKS, task.span, what=what, step=task.step, reason=reason, cure=cure)
        for secret in task.secrets:
            if secret.kind == "kubernetes":
                reason, cure = "it takes single keys by their names alone", f"name one of AWS: `aws-secrets-manager.{secret.name}`"
                what = f"whole Secret of Kubernetes, as `{secret.name}`"
                report.add(LACKS, secret.span, what=what, step=task.step, reason=reason, cure=cure)
        for option in task.options:
            is_right, expected = pod_options.OPTIONS.get(option.name, (None, ""))
            if option.decorator == "kubernetes" and is_right and (isinstance(option.value, Dynamic) or not is_right(option.value)):
                expected = "a literal" if isinstance(option.value, Dynamic) else expected
                what = f"`@kubernetes({option.name}=…)`"
                report.add(BAD_VALUE, option.span, what=what, expected=expected)
