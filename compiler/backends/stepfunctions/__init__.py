"""AWS Step Functions: a state machine whose steps are AWS Batch jobs.

May import: what `compiler.backends` holds. Start reading in `states`, then `jobs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from compiler.backends import Gap, OptionKind, Options, OutputFile
from compiler.backends.command import loads_text
from compiler.backends.gaps import ONLY_ON_AIRFLOW
from compiler.backends.stepfunctions import schedule, settings
from compiler.backends.stepfunctions.check import DEFINITION_TOO_LARGE, LARGEST_DEFINITION, check, machine_name
from compiler.backends.stepfunctions.jobs import BATCH, DEFAULT_CPU, DEFAULT_MEMORY, JobDefinitions
from compiler.backends.stepfunctions.layout import Json, layout
from compiler.backends.stepfunctions.sizes import check_jobs, check_rule
from compiler.backends.stepfunctions.states import Place, machine, named
from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.ir.plan import Feature, Plan, Resources

_MANY, _LONG = 500, 300_000
"""Steps, and characters that say what they load, from which a definition may come near its limit; below, it is not measured."""

if TYPE_CHECKING:
    from compiler.backends.operating import Connection, Engine


class StepFunctions:
    """Emits `<flow>.asl.json` and `<flow>.jobs.json`; a schedule, both roles' policies and a SAM template where they are asked for."""

    name: ClassVar[str] = "step-functions"
    gaps: ClassVar[Mapping[Feature, Gap]] = ONLY_ON_AIRFLOW
    without: ClassVar[frozenset[str]] = frozenset({"namespace"})
    spells: ClassVar[Mapping[str, frozenset[str]]] = {"batch": frozenset(BATCH)}
    target_options: ClassVar[Mapping[str, str]] = {key: one.help for key, one in settings.SETTINGS.items()}
    default_resources: ClassVar[Resources] = Resources(cpu=DEFAULT_CPU, memory=DEFAULT_MEMORY)
    """What the job of a step has that asks for nothing."""

    connection_options: ClassVar[Mapping[str, str]] = settings.CONNECTION
    run_prefix: ClassVar[str] = "sfn-"

    def connect(self, connection: Connection) -> Engine:
        """The account that the connection names. Raises as `operating.Operable` says."""
        from compiler.backends.stepfunctions.operate.engine import StepFunctionsEngine  # noqa: PLC0415  boto3 costs 100 ms

        return StepFunctionsEngine(connection)

    def wants(self, key: str, value: Value) -> str | None:
        """What a key takes where this value is not it."""
        setting = settings.SETTINGS[key]
        return None if setting.takes(value) else setting.wants

    def kind(self, key: str) -> OptionKind:
        """What a key is on a command line."""
        takes = settings.SETTINGS[key].takes
        return "flag" if takes is settings.is_flag else "number" if takes is settings.is_attempts else "other"

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Report what this target refuses beyond its tables."""
        check(plan, options, report)
        if report.failed:
            return
        check_jobs(plan, options, machine_name(plan, options), report)
        check_rule(plan, options, report)
        if len(plan.tasks) > _MANY or sum(len(loads_text(task.loads)) for task in plan.tasks.values()) > _LONG:
            size = len(self.emit(plan, options)[0].text.encode())
            if size > LARGEST_DEFINITION:
                report.add(DEFINITION_TOO_LARGE, plan.flow.span, size=size, limit=LARGEST_DEFINITION)

    def deployment(self, plan: Plan, options: Options) -> str:
        """The machine's name."""
        return machine_name(plan, options)

    def nodes(self, plan: Plan) -> Mapping[str, str]:
        """By the first step of each container, the name of its state."""
        return {task.step: named(task) for task in plan.root.containers()}

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """The machine, its job definitions, and what the options ask for. Pure."""
        name = self.deployment(plan, options)
        definitions = JobDefinitions(plan, options, name)
        place = Place(plan, options, settings.store(options), definitions, name)
        main = OutputFile(f"{name}.asl.json", layout(machine(place)))
        files = [main, OutputFile(f"{name}.jobs.json", layout(definitions.documents))]
        if plan.schedule:
            files.append(OutputFile(f"{name}.schedule.json", layout(schedule.document(plan.schedule, name))))
        if plan.triggers:
            files.append(OutputFile(f"{name}.events.json", layout(_rule(plan, options, name))))
        if options.target.get("policy") or options.target.get("sam"):
            files += _deployment(plan, options, name, definitions)
        return tuple(files)


def _rule(plan: Plan, options: Options, name: str) -> Json:
    from compiler.backends.stepfunctions import events  # noqa: PLC0415  as below

    return events.rule(plan, options, name)


def _deployment(plan: Plan, options: Options, name: str, definitions: JobDefinitions) -> list[OutputFile]:
    from compiler.backends.stepfunctions import deployment, policies  # noqa: PLC0415  few ask for it, all pay for it

    of_machine = policies.machine_policy(plan, options, name, definitions.documents)
    rights = deployment.Rights(of_machine, policies.job_policy(plan, options))
    files: list[OutputFile] = []
    if options.target.get("policy"):
        files.append(OutputFile(f"{name}.policy.json", layout(rights.machine)))
        files.append(OutputFile(f"{name}.job-policy.json", layout(rights.jobs)))
    if options.target.get("sam"):
        template = deployment.template(plan, options, name, f"{name}.asl.json", definitions.documents, rights)
        files.append(OutputFile(f"{name}.sam.json", layout(template)))
    return files


BACKEND = StepFunctions()
