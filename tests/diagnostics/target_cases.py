"""What one target refuses at the author's line (FC30x to FC33x, FC61x, FC62x, FC63x): the target, its options, and the flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compiler.ir.flow import Value
from compiler.ir.grouping import Grouping
from compiler.ir.plan import Chunk
from tests.diagnostics.option_cases import step_with


@dataclass(frozen=True)
class Aimed:
    """A marked flow for one target; `options` are fields of `Options`, `settings` keys of `[tool.flowc.<target>]`; `grouping` is what
    settings ask for to share containers."""

    target: str
    text: str
    options: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)
    grouping: Grouping = field(default_factory=Grouping)


def _flow(decorator: str = "", members: str = "", name: str = "F", mark: str = "") -> str:
    """A flow of one step, the mark under its name."""
    marks = f"      {'^' * len(name)} {mark}\n" if mark else ""
    head = f"from metaflow import *\n{decorator}\nclass {name}(FlowSpec):\n{marks}"
    return f"{head}{members}    @step\n    def start(self):\n        pass\n"


def _marked_step(decorator: str, code: str) -> str:
    """A flow whose second step has a decorator that is wrong for the whole step: the mark is under its name."""
    return step_with(decorator).replace("    def a(self):", f"    def a(self):\n        ^ {code}")


def _nested(depth: int, code: str) -> str:
    """As many foreaches within each other, the last body with the mark."""
    lines = ["from metaflow import *", "class F(FlowSpec):"]
    for level in range(depth):
        lines += ["    @step", f"    def {'start' if not level else f's{level}'}(self):", "        self.xs = [1]"]
        lines += [f"        self.next(self.s{level + 1}, foreach='xs')"]
    lines += ["    @step", f"    def s{depth}(self):", f"        {'^' * len(f's{depth}')} {code}"]
    lines += [f"        self.next(self.j{depth})"]
    for level in range(depth, 0, -1):
        lines += ["    @step", f"    def j{level}(self, inputs):"]
        lines += [f"        self.next(self.{f'j{level - 1}' if level > 1 else 'end'})"]
    return "\n".join([*lines, "    @step", "    def end(self):", "        pass", ""])


def _join(arms: int, code: str = "") -> str:
    """As many arms with long names that meet in one step, the mark under its name."""
    names = [f"an_arm_of_a_long_name_{at}" for at in range(arms)]
    lines = ["from metaflow import *", "class F(FlowSpec):", "    @step", "    def start(self):"]
    lines += [f"        self.next({', '.join(f'self.{name}' for name in names)})"]
    for name in names:
        lines += ["    @step", f"    def {name}(self):", "        self.next(self.j)"]
    lines += [
        "    @step",
        "    def j(self, inputs):",
        *([f"        ^ {code}"] if code else []),
        "        self.next(self.end)",
    ]
    return "\n".join([*lines, "    @step", "    def end(self):", "        pass", ""])


def _fields(count: int, code: str = "") -> str:
    """A flow whose parameters, all required, take as many fields of an event."""
    fields = ", ".join(f"'parameter_{at}': 'field_number_{at}'" for at in range(count))
    event = f"event={{'name': 'e', 'parameters': {{{fields}}}}}"
    marks = [f" {' ' * len('trigger(')}{'^' * len(event)} {code}"] if code else []
    lines = ["from metaflow import *", f"@trigger({event})", *marks, "class F(FlowSpec):"]
    lines += [f"    p{at} = Parameter('parameter_{at}', required=True)" for at in range(count)]
    return "\n".join([*lines, "    @step", "    def start(self):", "        pass", ""])


def _gang(mark: str, *, body: bool = False) -> str:
    """A gang of three nodes, in a foreach or alone."""
    first = "self.xs = [1]\n        self.next(self.b, foreach='xs')" if body else "self.next(self.b)"
    joined, rest = ("k", "    @step\n    def k(self, inputs):\n        self.next(self.end)\n") if body else ("end", "")
    return f"""from metaflow import *

class F(FlowSpec):
    @step
    def start(self):
        {first}
    @step
    def b(self):
        self.next(self.a, num_parallel=3)
        {"^" * len("self.next(self.a, num_parallel=3)")} {mark}
    @parallel
    @step
    def a(self):
        self.next(self.j)
    @step
    def j(self, inputs):
        self.next(self.{joined})
{rest}    @step
    def end(self):
        pass
"""


def _final_nodes(decorator: str, mark: str = "") -> str:
    """A gang whose nodes have a decorator."""
    lines = _gang("").splitlines(keepends=True)
    plain = "".join(line for line in lines if line.strip(" ^\n"))
    carets = f"     {'^' * len(decorator)} {mark}\n" if mark else ""
    return plain.replace("    @parallel\n", f"    @{decorator}\n{carets}    @parallel\n")


_RESERVED = "    x = Parameter('json', default=1)\n        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC314\n"


def _chain(count: int, code: str, *, name: str = "s", decorator: str = "") -> str:
    """Many steps in a row, the mark under the flow's name."""
    lines = ["from metaflow import *", "class F(FlowSpec):", f"      ^ {code}"]
    for index in range(count):
        lines += [
            f"    {decorator.replace('INDEX', str(index))}",
            "    @step",
            f"    def {f'{name}{index}' if index else 'start'}(self):",
        ]
        lines += [f"        self.next(self.{f'{name}{index + 1}' if index < count - 1 else 'end'})"]
    return "\n".join([*lines, "    @step", "    def end(self):", "        pass", ""])


_ON_FARGATE: Mapping[str, Value] = {"platform": "FARGATE"}

CASES: dict[str, Aimed] = {
    "a file that no run would have": Aimed(
        "argo",
        _flow(
            members="    t = IncludeFile('t', default='t.csv')\n        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC583\n"
            "                         ^^^^^^^^^^^^^^^ FC551\n"
        ),
    ),
    "a variable that a target does not read": Aimed(
        "airflow",
        _flow(
            members="    alpha = Parameter('alpha', default=1, envvar='ALPHA')\n            " + "^" * 45 + " FC584\n"
        ),
    ),
    "a sensor elsewhere": Aimed("argo", step_with(flow=("«airflow_s3_key_sensor(bucket_key='s3://b/k')» FC301",))),
    "a sensor on Step Functions": Aimed(
        "step-functions", step_with(flow=("«airflow_external_task_sensor(external_dag_id='a')» FC301",))
    ),
    "an option of Batch on Argo": Aimed("argo", step_with("batch(«queue='q'») FC302")),
    "an option of pods on Step Functions": Aimed(
        "step-functions", step_with("kubernetes(«node_selector='a=b'») FC302")
    ),
    "a queue of Batch on Airflow": Aimed("airflow", step_with("batch(«queue='q'») FC302")),
    "a resource's name in capitals": Aimed("argo", _flow(mark="FC311"), {"name": "Upper"}),
    "a flow whose name is longer than Kubernetes takes": Aimed("argo", _flow(name="F" + "x" * 63)),
    "a scheduled flow whose name is long": Aimed("argo", _flow("@schedule(daily=True)", name="F" + "x" * 52)),
    "a class of service that is none": Aimed("argo", step_with("kubernetes(«qos='Best'») FC312")),
    "a setting of Argo": Aimed("argo", _flow(mark="FC313"), settings={"suspend": "yes"}),
    "accounts without a namespace": Aimed("argo", _flow(mark="FC870"), settings={"rbac": True}),
    "accounts of a namespace": Aimed("argo", _flow(), {"namespace": "n"}, {"rbac": True}),
    "a flow that is called as Kustomize's file": Aimed(
        "argo", _flow(mark="FC871"), {"name": "kustomization"}, {"kustomize": True}
    ),
    "a parameter that Argo uses itself": Aimed("argo", _flow(members=_RESERVED)),
    "a template that is too large": Aimed(
        "argo", _chain(12, "FC315", decorator="@kubernetes(annotations={'a': 'x' * 99_000, 'b': 'INDEX'})")
    ),
    "foreaches in each other, too deep for Argo": Aimed("argo", _nested(98, "FC316")),
    "a class of service for Airflow": Aimed("airflow", step_with("kubernetes(«qos='Best'») FC320")),
    "tolerations with a misspelt key": Aimed("airflow", step_with("kubernetes(«tolerations=[{'kee': 'x'}]») FC320")),
    "a setting of Airflow": Aimed("airflow", _flow(mark="FC321"), settings={"operator": "docker"}),
    "arguments that belong to flowc": Aimed("airflow", _flow(mark="FC321"), settings={"default_args": {"env_vars": 3}}),
    "a secret's name that is a template": Aimed("airflow", step_with("kubernetes(«secrets='{% a %}'») FC322")),
    "a command that the kubelet rewrites": Aimed("airflow", step_with("kubernetes(«executable='$(HOME)'») FC322")),
    "an annotation with a tag of Argo's": Aimed("argo", step_with("kubernetes(«annotations={'a': '{{ x }}'}») FC646")),
    "a role with a placeholder": Aimed("step-functions", step_with("batch(«iam_role='a${b}'») FC647")),
    "a DAG's id with a blank": Aimed("airflow", _flow(mark="FC323"), {"name": "my flow"}),
    "a DAG's id that is longer than Airflow takes": Aimed("airflow", _flow(name="F" * 251)),
    "a pod's option without pods": Aimed(
        "airflow", step_with("kubernetes(«node_selector={'a': 'b'}») FC324"), settings={"operator": "bash"}
    ),
    "a store that is no S3": Aimed("step-functions", _flow(mark="FC331"), {"store": "file:/x"}),
    "a machine's name that is longer than AWS takes": Aimed("step-functions", _flow(name="F" * 81)),
    "a join of very many": Aimed("step-functions", _join(400, "FC339")),
    "a join of many": Aimed("step-functions", _join(100)),
    "a GPU on Fargate": Aimed("step-functions", _marked_step("resources(gpu=1)", "FC333"), settings=_ON_FARGATE),
    "more than Fargate has": Aimed(
        "step-functions", _marked_step("resources(cpu=32, memory=4096)", "FC333"), settings=_ON_FARGATE
    ),
    "a disk of its own on EC2": Aimed("step-functions", step_with("batch(«ephemeral_storage=30») FC333")),
    "a number for a queue": Aimed("step-functions", step_with("batch(«efs_volumes={'a': 3}») FC334")),
    "the last day of a month on Argo": Aimed("argo", step_with(flow=("schedule(«cron='0 0 L * *'») FC344",))),
    "a second Friday on Argo": Aimed("argo", step_with(flow=("schedule(«cron='0 0 ? * 6#2 *'») FC344",))),
    "a nearest weekday on Airflow": Aimed("airflow", step_with(flow=("schedule(cron='0 0 15W * *')",))),
    "a second Friday and a day of the month on Airflow": Aimed(
        "airflow", step_with(flow=("schedule(«cron='0 0 1 * 5#2'») FC344",))
    ),
    "a last Friday on EventBridge": Aimed("step-functions", step_with(flow=("schedule(cron='0 0 * * 5L')",))),
    "a last day among others on EventBridge": Aimed(
        "step-functions", step_with(flow=("schedule(«cron='0 0 L,*/10 * *'») FC344",))
    ),
    "six fields that Metaflow reads otherwise": Aimed(
        "argo", step_with(flow=("schedule(«cron='0 10 ? * 6 *'») FC345",))
    ),
    "six fields that mean the same": Aimed("argo", step_with(flow=("schedule(cron='0 10 ? * MON-FRI *')",))),
    "six fields on Airflow": Aimed("airflow", step_with(flow=("schedule(cron='0 10 ? * 6 *')",))),
    "a reset on a last day": Aimed(
        "argo",
        step_with(flow=("trigger(events=['a', 'b'], «options={'reset_at': {'cron': '0 6 L * *'}}») FC621",)),
    ),
    "more attempts than Step Functions counts": Aimed("step-functions", step_with("retry(«times=100_000_000») FC343")),
    "attempts that Step Functions counts": Aimed("step-functions", step_with("retry(times=99_999_999)")),
    "more attempts than Argo counts": Aimed("argo", step_with("catch(var='x')", "retry(«times=2**31 - 1») FC343")),
    "attempts that Argo counts": Aimed("argo", step_with("retry(times=2**31 - 1)")),
    "more attempts than Airflow counts": Aimed(
        "airflow", step_with("retry(«times='2147483647'») FC343", "catch(var='x')")
    ),
    "braces that together are too large": Aimed("argo", step_with("environment(«vars={'A': '{' * 30_000}») FC340")),
    "a docstring that is too large for an annotation": Aimed(
        "argo", _flow(members=f'    """{"x" * 270_000}"""\n', mark="FC315")
    ),
    "a tag that is longer than Airflow takes": Aimed("airflow", _flow(mark="FC321"), settings={"tags": ("x" * 101,)}),
    "variables that are too large for a job definition": Aimed(
        "step-functions", step_with("environment(«vars={'A': 'x' * 12_000, 'B': 'y' * 12_300}») FC341")
    ),
    "variables that fit into a job definition": Aimed(
        "step-functions", step_with("environment(vars={'A': 'x' * 12_000, 'B': 'y' * 11_000})")
    ),
    "settings that are too large for a job definition": Aimed(
        "step-functions",
        _flow().replace("def start(self):", "def start(self):\n        ^^^^^ FC341"),
        settings={"environment": {"A": "x" * 24_576}},
    ),
    "an event whose fields are too many for a rule": Aimed("step-functions", _fields(120, "FC342")),
    "an event with many fields": Aimed("step-functions", _fields(20)),
    "days of the month and of the week": Aimed(
        "step-functions", step_with(flow=("«schedule(cron='0 0 1 * 1')» FC335",))
    ),
    "a variable that Batch keeps": Aimed(
        "step-functions", _marked_step("environment(vars={'AWS_BATCH_X': '1'})", "FC336")
    ),
    "a setting of Step Functions": Aimed("step-functions", _flow(mark="FC337"), settings={"platform": "LAMBDA"}),
    "a machine that is too large": Aimed(
        "step-functions",
        _chain(2_000, "FC338"),
    ),
    "an event and a schedule": Aimed("airflow", step_with(flow=("schedule(daily=True)", "trigger(«event='a'») FC610"))),
    "a flow to wait for, nobody knows where": Aimed("argo", step_with(flow=("trigger_on_finish(«flow='A'») FC620",))),
    "a reset at a time that is none": Aimed(
        "argo",
        step_with(flow=("trigger(events=['a', 'b'], «options={'reset_at': {'cron': '0 6 * *'}}») FC621",)),
    ),
    "two events on EventBridge": Aimed("step-functions", step_with(flow=("trigger(«events=['a', 'b']») FC622",))),
    "a secret's name that Kubernetes does not take": Aimed("argo", step_with("secrets(«sources=['My_Secret']») FC623")),
    "a Kubernetes Secret on Batch": Aimed("step-functions", step_with("secrets(«sources=['kubernetes.db']») FC624")),
    "a project without a branch": Aimed("airflow", step_with(flow=("«project(name='films')» FC675",))),
    "a project with a branch": Aimed("airflow", step_with(flow=("project(name='films', branch='ann')",))),
    "a project in production": Aimed("argo", step_with(flow=("project(name='films', production=True)",))),
    "a gang that is wider than the limit": Aimed("argo", _gang("FC632"), {"max_workers": 2}),
    "nodes of which one alone may be final": Aimed(
        "step-functions", _final_nodes("retry(times=2, only_system=True)", "FC634")
    ),
    "nodes that are tried again together": Aimed("argo", _final_nodes("retry(times=2, only_system=False)")),
    "a gang in a foreach under a limit": Aimed("argo", _gang("FC633", body=True), {"max_workers": 3}),
    "steps of different containers that are to share one": Aimed(
        "argo", _marked_step("resources(cpu=2)", "FC635"), grouping=Grouping(fuse=("start", "a"))
    ),
    "a step of different resources where nothing is named": Aimed(
        "argo", step_with("resources(cpu=2)"), grouping=Grouping(fuse=True)
    ),
    "portions of what is no foreach": Aimed(
        "step-functions", _marked_step("retry(times=1)", "FC635"), grouping=Grouping(chunk={"a": Chunk(4)})
    ),
}
