"""Why a task went wrong: the engine's own word found in the end of its log, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from compiler.slotted_class import record

SHOWN = 400
"""Characters of the engine's sentence that are told."""


@record
class Cause:
    """The engine's own word, its sentence, and our cure; empty where nothing is known."""

    reason: str = ""
    message: str = ""
    cure: str = ""


_IMAGE = (
    "the image is not there, or its registry wants a login: build it with `flowc image FLOW --build docker`, push it to the registry "
    "that its name begins with (`registry` in [tool.flowc]), and look at the `image_pull_secrets` of the pod"
)
_MEMORY = "the container needed more memory than it may have: raise `memory` in @resources or @kubernetes"
_DEADLINE = "the step ran longer than it may: raise @timeout, or `execution_timeout` of default_args"
_NODE = "the machine was taken away under the pod: retry the run (`flowc retry`); @retry does so by itself"
_GONE = "the DAG file does not load on the worker: `flowc airflow list` tells import errors, `flowc airflow deploy` puts it back"
_KNOWN: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), reason, cure)
    for pattern, reason, cure in (
        (r"OOMKilled", "", _MEMORY),
        (r"\b(?P<word>ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull)\b", "", _IMAGE),
        (r"[Ii]mage cannot be pulled", "ErrImagePull", _IMAGE),
        (
            r"CreateContainerConfigError",
            "",
            "a Secret, ConfigMap or key that the pod names is not in its namespace: create it, or correct its name",
        ),
        (
            r"\b(?P<word>CrashLoopBackOff|CreateContainerError|RunContainerError|ContainerCannotRun)\b",
            "",
            "the container cannot start: is `python -m flowc` in the image, and may its user read the code?",
        ),
        (
            r"FailedScheduling|too long to be scheduled|Unschedulable",
            "Unschedulable",
            "no machine has room for the pod: ask for less cpu, memory or gpu, or check node selectors, tolerations and quotas",
        ),
        (
            r"too long to start|PodLaunchTimeoutException",
            "PodLaunchTimeout",
            "the pod did not start in time: look at its events, or raise `startup_timeout_seconds`",
        ),
        (r"[Ee]victed", "Evicted", _NODE),
        (r"Preempt(?:ed|ing|ion)", "Preempted", _NODE),
        (r"NodeLost|NodeShutdown|node is shutting down|NodeNotReady|TerminationByKubelet", "NodeLost", _NODE),
        (r"DeadlineExceeded", "", _DEADLINE),
        (r"AirflowTaskTimeout", "", _DEADLINE),
        (
            r"exceeded quota|is forbidden: User|\(403\)\s*Reason: Forbidden",
            "Forbidden",
            "Kubernetes does not let Airflow make the pod: give its service account the rights to pods, or raise the quota",
        ),
        (
            r"Invalid kube-config|kube_config|ServiceHostNotSet|No configuration found|Max retries exceeded with url: /api/v1/namespaces",
            "NoCluster",
            "Airflow does not reach the Kubernetes API: check its connection (`kubernetes_conn_id`, `in_cluster`)",
        ),
        (
            r"conn_id `?[\w-]+`? isn't defined",
            "NoConnection",
            "make the connection in Airflow, or name one that is there",
        ),
        (r"Dag not found during start up|could not be found; either it does not exist", "DagNotFound", _GONE),
        (r"heartbeat timeout|[Zz]ombie", "HeartbeatTimeout", _NODE),
        (
            r"the task instance's state attribute is",
            "StateMismatch",
            "the executor ended the task before it began: look at the worker and at its log",
        ),
        (
            r"Task received SIGTERM|externally set to|Detected state change|marked as (?:failed|success)",
            "EndedFromOutside",
            "somebody set the state of the task or the run by hand, or the worker was stopped",
        ),
        (
            r"a mistake in the call",
            "Call",
            "flowc's own command in the pod was wrong: the image is of another version of the code",
        ),
    )
)
_SENTENCE = re.compile(r"Exception|Error|failed|failure|exit[ _]code|killed|refused", re.IGNORECASE)

NEVER_STARTED = Cause(
    "NeverStarted",
    "the task failed before any process of it began",
    "look at the executor and at Airflow's scheduler log; `flowc doctor airflow` tells which part does not work",
)
NOTHING_SAID = Cause(
    "failed", "", "Airflow has kept nothing of its log that says why: look at the task in its interface"
)
PAUSED = Cause("Paused", "the DAG is paused, so the run waits", "`flowc airflow resume {dag}` lets it go on")


def cause(lines: Iterable[str]) -> Cause:
    """The first known cause that the end of a log holds, its last line of an error where none is known."""
    told = [line for line in lines if line.strip()]
    for pattern, word, cure in _KNOWN:
        for line in told:
            if found := pattern.search(line):
                reason = word or found.groupdict().get("word") or found[0]
                return Cause(reason, _sentence(line, found.start()), cure)
    last = next((line for line in reversed(told) if _SENTENCE.search(line)), "")
    return Cause("failed", _sentence(last, 0), "`flowc logs` shows all of it") if last else NOTHING_SAID


def _sentence(line: str, at: int) -> str:
    """The line in one line and bounded, with the place of interest in it."""
    begin = max(0, at - SHOWN // 2)
    text = " ".join(line[begin : begin + SHOWN * 2].split())
    return ("…" if begin else "") + (text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…")
