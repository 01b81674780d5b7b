"""Programs of authors, as a type checker reads them: `# wrong: CODE` ends the lines at which mypy must find something.

`# wrong: CODE, not pyright` where the other checker has no such rule. All else must be right, strictly.
"""

from __future__ import annotations

SQUARES = """
from typing import Any

from {package} import FlowSpec, Parameter, step


class SquaresFlow(FlowSpec):
    count = Parameter("count", help="How many numbers.", default=3)

    @step
    def start(self) -> None:
        self.numbers = list(range(self.count))
        self.next(self.square, foreach="numbers")

    @step
    def square(self) -> None:
        self.result = self.input**2
        self.next(self.add)

    @step
    def add(self, inputs: Any) -> None:
        self.total = sum(each.result for each in inputs)
        self.next(self.end)

    @step
    def end(self) -> None:
        print("the sum is", self.total)


if __name__ == "__main__":
    SquaresFlow()
"""

WRONG_IN_STEPS = """
from {package} import FlowSpec, Parameter, step


class F(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    beta = Parameter(default=0.5)  # wrong: call-arg

    @step
    def start(self) -> None:
        self.alpha = 1.0  # wrong: assignment, not pyright
        self.next("end")  # wrong: arg-type
        self.next(self.end, foreach=[1])  # wrong: arg-type
        self.next(self.end, for_each="xs")  # wrong: call-arg

    @step
    def end(self) -> None:
        self.start(1)  # wrong: call-arg
        self.index + 1  # wrong: operator
        self.merge_artifacts([], exclude="x")  # wrong: arg-type
"""

SWITCH_AND_CONFIG = """
from {package} import Config, FlowSpec, IncludeFile, JSONType, Parameter, config_expr, current, retry, step


class F(FlowSpec):
    settings = Config("settings", default_value='{{"times": 2}}')
    names = Parameter("names", type=JSONType, default="[]")
    text = IncludeFile("text", default="text.txt")

    @retry(times=settings.times, minutes_between_retries=config_expr("settings.times"))
    @step(start=True)
    def begin(self) -> None:
        self.kind = "a" if self.text else current.run_id
        self.next({{"a": self.one, "b": self.two}}, condition="kind")

    @step
    def one(self) -> None:
        self.next(self.end)

    @step
    def two(self) -> None:
        self.next(self.end)

    @step
    def end(self) -> None:
        print(self.settings.times, self.names)
"""

DECORATORS = """
from {package} import (
    FlowSpec,
    batch,
    card,
    catch,
    conda,
    environment,
    exit_hook,
    kubernetes,
    namespaced_event_name,
    project,
    pypi_base,
    resources,
    retry,
    schedule,
    secrets,
    step,
    timeout,
    trigger,
    trigger_on_finish,
)


def told() -> None: ...


@pypi_base(packages={{"numpy": "2.0"}}, python="3.11")
@exit_hook(on_success=[told], on_error=[told])
@trigger(event=namespaced_event_name("data"))
@trigger_on_finish(flows=["A", {{"name": "B"}}])
@schedule
@project(name="p")
class F(FlowSpec):
    @conda(packages={{"numpy": "2.0"}}, libraries=None)
    @card
    @card(type="default", timeout=30)
    @secrets(sources=["token", {{"type": "aws-secrets-manager", "id": "x"}}])
    @catch(var="failure", print_exception=False)
    @environment(vars={{"A": "1"}})
    @timeout(hours=1, seconds=30.5)
    @retry
    @batch(cpu=2, queue="q", host_volumes="/data")
    @kubernetes(cpu=0.5, memory="4096", gpu=None, tolerations=[{{"key": "k"}}], node_selector="a=b", secrets=["s"])
    @resources(cpu=1, memory=4096)
    @step
    def start(self) -> None:
        pass

    @schedule(daily=True)  # wrong: type-var
    @step
    def middle(self) -> None:
        pass

    @retry(time=3)  # wrong: call-overload
    @step
    def end(self) -> None:
        pass


@schedule(dayly=True)  # wrong: call-overload
@resources(cpu=[1])  # wrong: call-overload
@step
def alone(flow: F) -> None: ...
"""

NO_SUCH_NAME = """
from {package} import FlowSpec, inspect_spin  # wrong: attr-defined
from {package} import sttep  # wrong: attr-defined
"""

KEPT = """
from typing import Any

from {package} import FlowSpec, StepMutator, UserStepDecorator, retry, schedule, step, user_step_decorator
from {package} import FlowMutator, MutableFlow, MutableStep
from collections.abc import Iterator


@user_step_decorator
def counted(step_name: str, flow: Any, inputs: Any, attributes: Any) -> Iterator[None]:
    yield


@user_step_decorator  # wrong: arg-type
def not_a_generator(step_name: str, flow: Any, inputs: Any) -> None:
    pass


class Loud(UserStepDecorator):
    def post_step(self, step_name: str, flow: Any, exception: BaseException | None = None) -> Any:
        return exception


class Retried(StepMutator):
    def mutate(self, mutable_step: MutableStep) -> None:
        mutable_step.add_decorator(retry, deco_kwargs={{"times": 2}})


class Named(FlowMutator):
    def pre_mutate(self, mutable_flow: MutableFlow) -> None:
        for name, one in mutable_flow.steps:
            one.remove_decorator(name)


@Named
@schedule(daily=True)
class F(FlowSpec):
    @counted(by=3)
    @counted
    @retry(times=2)
    @step
    def start(self) -> int:
        return 3

    @Loud
    @Retried
    @step
    def end(self) -> None:
        pass


flow = F(use_cli=False)
number: int = flow.start()
text: str = flow.start()  # wrong: assignment, not pyright
"""

CLIENT = """
from {package} import S3, Flow, Runner, Task, get_cards, namespace, parallel_map

namespace(None)
run = Flow("F").latest_successful_run
print(run.data)  # wrong: union-attr
if run is not None:
    print([each.pathspec for each in run["add"]], run.finished_at, get_cards(Task("F/1/add/-")))
with Runner("flow.py") as runner:
    print(runner.run(alpha=1).status)
with S3() as s3:
    print(s3.get("s3://bucket/key").text)


def length(text: str) -> int:
    return len(text)


lengths: list[int] = parallel_map(length, ["a"])
wrong: list[str] = parallel_map(length, ["a"])  # wrong: arg-type
"""

CARDS = """
from {package} import current
from {package}.cards import Markdown, Table

current.card.append(Markdown("# Squares"))
Table([[1, 2]], headers=["n", "square"]).render()
Markdown(3)  # wrong: arg-type
"""

PROGRAMS = {
    "squares": SQUARES,
    "wrong_in_steps": WRONG_IN_STEPS,
    "switch_and_config": SWITCH_AND_CONFIG,
    "decorators": DECORATORS,
    "no_such_name": NO_SUCH_NAME,
    "kept": KEPT,
    "client": CLIENT,
    "cards": CARDS,
}
