"""Airflow: one DAG file that loads on Airflow 2.11 and 3.x, a pod a step.

May import: what `compiler.backends` holds. Start reading in `dag`, then `segments`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from compiler.backends import Gap, OptionKind, Options, OutputFile
from compiler.backends.airflow import default_args, sensors
from compiler.backends.airflow.pods import SPELLED
from compiler.backends.airflow.settings import CONNECTION, SETTINGS, is_seconds, is_whole, operator
from compiler.backends.command import images, texts
from compiler.backends.fields import is_flag
from compiler.backends.gaps import check_days, check_retries
from compiler.backends.pod_options import lost_mounts
from compiler.backends.secrets import check_kubernetes
from compiler.backends.sizes import check_sizes
from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Dynamic, Span, Value
from compiler.ir.plan import Feature, Plan

if TYPE_CHECKING:
    from compiler.backends.operating import Connection, Engine

BAD_OPTION_VALUE = Rule(
    code="FC320",
    name="airflow-option-value",
    message="`{option}` is {value}, and Airflow's output needs {wants}",
    help="write the value where the option stands; what only run time knows cannot shape a pod",
)
BAD_SETTING = Rule(
    code="FC321",
    name="airflow-setting-value",
    message="`{key}` of [tool.flowc.airflow] is {value}, and must be {wants}",
    help="`flowc config` says where each value came from",
)
REWRITTEN_TEXT = Rule(
    code="FC322",
    name="text-that-airflow-rewrites",
    message="`{text}` holds what Airflow's templates or the kubelet would replace ({what})",
    help="use a text without `{{{{`, `{{%`, `{{#`, `$(` and `$$` here",
)
BAD_DAG_ID = Rule(
    code="FC323",
    name="airflow-dag-id",
    message="`{name}` cannot be a DAG's id: letters, digits, `_`, `.` and `-`",
    help="give a name with `--name`; a long one is shortened",
)
EVENT_AND_SCHEDULE = Rule(
    code="FC610",
    name="airflow-event-and-schedule",
    message="a DAG starts by its schedule or by events, and the flow has both",
    help="keep one of them, or deploy the flow a second time without `@schedule`",
)
POD_ONLY = Rule(
    code="FC324",
    name="option-needs-pod",
    message="`@kubernetes({option}=…)` needs a pod, and `--operator bash` starts none",
    help="compile with `--operator kubernetes`, or remove the option",
)


class Airflow:
    """The target `airflow`."""

    name: ClassVar[str] = "airflow"
    gaps: ClassVar[Mapping[Feature, Gap]] = {}
    spells: ClassVar[Mapping[str, frozenset[str]]] = {"kubernetes": frozenset(SPELLED)}
    target_options: ClassVar[Mapping[str, str]] = {key: setting.help for key, setting in SETTINGS.items()}
    connection_options: ClassVar[Mapping[str, str]] = CONNECTION
    run_prefix: ClassVar[str] = "airflow-"

    def wants(self, key: str, value: Value) -> str | None:
        """What a key takes where this value is not it."""
        setting = SETTINGS[key]
        if key == "default_args" and isinstance(value, Mapping):
            return "; ".join(f"for {name} {wants}" for name, _, wants in default_args.wrong(value)) or None
        return None if setting.takes(value) else setting.wants

    def kind(self, key: str) -> OptionKind:
        """What a key is on a command line."""
        takes = SETTINGS[key].takes
        return "flag" if takes is is_flag else "number" if takes in (is_whole, is_seconds) else "other"

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Report names, settings and decorator values that have no spelling here."""
        name = options.name or plan.name
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
            report.add(BAD_DAG_ID, plan.flow.span, name=name)
        _check_settings(plan, options, report)
        _check_steps(plan, options, report)
        _check_hooks(plan, options, report)
        _check_triggers(plan, report)
        check_kubernetes(plan, report)
        check_retries(plan, "airflow", report)
        check_sizes(plan, report)
        _check_schedule(plan, report)
        for wrong in sensors.wrong(plan.flow):
            report.add(BAD_OPTION_VALUE, wrong.span, option=wrong.option, value=wrong.value, wants=wrong.wants)

    def deployment(self, plan: Plan, options: Options) -> str:
        """The DAG's id."""
        from compiler.backends.airflow.steps import dag_id  # noqa: PLC0415

        return dag_id(options.name or plan.name)

    def nodes(self, plan: Plan) -> Mapping[str, str]:
        """By the first step of each container, the id of its task, with its group's."""
        from compiler.backends.airflow.segments import node_ids  # noqa: PLC0415 - only a picture needs it

        return node_ids(plan.root)

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """The DAG file, named after the DAG."""
        from compiler.backends.airflow.dag import dag_text  # noqa: PLC0415 `check` alone needs none of it

        return (OutputFile(f"{self.deployment(plan, options)}.py", dag_text(plan, options)),)

    def connect(self, connection: Connection) -> Engine:
        """The Airflow of a connection. Raises CallError for wrong options, EngineError without an address or the client library."""
        from importlib.util import find_spec  # noqa: PLC0415 - compiling needs none of it

        from compiler.backends.airflow.operate.connecting import place  # noqa: PLC0415 - as above
        from compiler.backends.operating import EngineError  # noqa: PLC0415 - as above

        settled = place(connection)
        if not (find_spec("airflow_client") and find_spec("urllib3")):
            raise EngineError("Airflow's client library is not installed: pip install 'flowc[airflow]'")
        from compiler.backends.airflow.operate.engine import AirflowEngine  # noqa: PLC0415 - it takes seconds to import

        return AirflowEngine(settled)


def _check_settings(plan: Plan, options: Options, report: Report) -> None:
    from compiler.backends.airflow.steps import is_rewritten  # noqa: PLC0415

    for key, setting in SETTINGS.items():
        if key in options.target and not setting.takes(options.target[key]):
            facts = {"key": key, "value": repr(options.target[key]), "wants": setting.wants}
            report.add(BAD_SETTING, plan.flow.span, **facts)
    for name in lost_mounts(options):
        facts = {"key": "volume_mounts", "value": f"a mount of `{name}`", "wants": "of volumes of `volumes`"}
        report.add(BAD_SETTING, plan.flow.span, **facts)
    for name, value, wants in default_args.faults(options):
        report.add(BAD_SETTING, plan.flow.span, key=f"default_args.{name}", value=value, wants=wants)
    shared = (options.image, options.store, options.code, options.namespace)
    settings = [value for key, value in options.target.items() if key != "default_args"]
    for text in (*filter(None, shared), *texts(settings)):
        if is_rewritten(text):
            report.add(REWRITTEN_TEXT, plan.flow.span, text=text, what="it goes into every task")


def _check_steps(plan: Plan, options: Options, report: Report) -> None:
    from compiler.backends.airflow.steps import is_rewritten  # noqa: PLC0415

    for image, span in images(plan):
        if is_rewritten(image, expands=False):
            report.add(REWRITTEN_TEXT, span, text=image, what="an image")
    for task in plan.root.tasks():
        for option in task.options:
            if option.decorator != "kubernetes" or option.name not in SPELLED:
                continue
            takes, wants = SPELLED[option.name]
            if operator(options) == "bash":
                report.add(POD_ONLY, option.span, option=option.name)
            elif isinstance(option.value, Dynamic) or not takes(option.value):
                value = option.value.text if isinstance(option.value, Dynamic) else repr(option.value)
                report.add(BAD_OPTION_VALUE, option.span, option=option.name, value=f"`{value}`", wants=wants)
            else:
                _check_text(option.value, option.span, option.name, report)


def _check_triggers(plan: Plan, report: Report) -> None:
    for trigger in plan.triggers:
        if plan.schedule:
            report.add(EVENT_AND_SCHEDULE, trigger.span)


def _check_schedule(plan: Plan, report: Report) -> None:
    _, _, monthday, _, weekday = plan.schedule.cron.split() if plan.schedule else "*****"
    if "*" not in (monthday, weekday):
        reason = "beside another day of the other kind its cron leaves one of the two out"
        check_days(plan, "Airflow", report, reason, "leave one of the two fields `*`")


def _check_hooks(plan: Plan, options: Options, report: Report) -> None:
    for hook in plan.hooks:
        if hook.image and operator(options) == "bash":
            report.add(POD_ONLY, hook.span, option="image")


def _check_text(value: Value, span: Span, option: str, report: Report) -> None:
    from compiler.backends.airflow.steps import is_rewritten  # noqa: PLC0415

    if option == "annotations":
        return
    for text in texts(value):
        if is_rewritten(text, expands=option == "executable"):
            report.add(REWRITTEN_TEXT, span, text=text, what=f"`{option}` of the pod")


BACKEND = Airflow()
