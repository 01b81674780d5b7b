"""`@secrets` on a target: which of a step's sources are its own, and what it cannot do with them."""

from __future__ import annotations

import re
from typing import Literal

from compiler.diagnostics import Report, Rule
from compiler.ir.plan import Plan, Secret, Task

Kind = Literal["kubernetes", "aws-secrets-manager"]

_NAME = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"

KUBERNETES_SECRET = Rule(
    code="FC623",
    name="kubernetes-secret",
    message="`{name}` would be a Kubernetes Secret here: {reason}",
    help="{cure}",
)
NO_KUBERNETES = Rule(
    code="FC624",
    name="secret-without-kubernetes",
    message="{target} has no Kubernetes, whose Secret `{name}` is",
    help="name a secret of AWS Secrets Manager: `aws-secrets-manager.{name}`",
)


def secret_environment(task: Task, own: Kind) -> dict[str, str]:
    """The variable that tells a step with secrets where its target keeps them."""
    return {"FLOWC_SECRETS": own} if task.secrets else {}


def kubernetes_secrets(task: Task) -> list[str]:
    """The Kubernetes Secrets whose keys are variables of the step's container; where no kind is said it is this one."""
    return list(dict.fromkeys(secret.name for secret in task.secrets if secret.kind != "aws-secrets-manager"))


def check_kubernetes(plan: Plan, report: Report) -> None:
    """Report what no Kubernetes Secret is called, and what only Secrets Manager can do."""
    for task in plan.root.tasks():
        for secret in task.secrets:
            if secret.kind == "aws-secrets-manager":
                continue
            cure = f"say that it is one of Secrets Manager: `aws-secrets-manager.{secret.name}`"
            for reason in _lacks(secret):
                report.add(KUBERNETES_SECRET, secret.span, name=secret.name, reason=reason, cure=cure)


def _lacks(secret: Secret) -> list[str]:
    found = (
        ["its name holds more than small letters, digits, `-` and `.`"] if not re.fullmatch(_NAME, secret.name) else []
    )
    found += ["no role is asked for it"] if secret.role else []
    found += ["it has no region"] if secret.region else []
    return found + (["its keys are variables by their own names"] if secret.as_text or secret.variable else [])


def check_aws(plan: Plan, target: str, report: Report) -> None:
    """Report the secrets that are said to be Kubernetes'."""
    for task in plan.root.tasks():
        for secret in task.secrets:
            if secret.kind == "kubernetes":
                report.add(NO_KUBERNETES, secret.span, target=target, name=secret.name)
