"""What Acme asks of its flows: one function a rule. `[tool.flowc.policy] rules = ["acme"]` holds all flows of a repository to them."""

from collections.abc import Mapping

from compiler.policy import Check, Plan, Report, Rule

FLOATING_IMAGE = Rule(
    code="ACME001",
    name="floating-image",
    message="the image `{image}` of `{step}` may be another one tomorrow",
    help="name a version, or a digest: `{image}@sha256:…`",
)
SCHEDULE_WITHOUT_ZONE = Rule(
    code="ACME002",
    name="schedule-without-zone",
    message="the schedule starts runs by UTC, and its readers have clocks on the wall",
    help="say whose morning is meant: `@schedule(…, timezone='Europe/Berlin')`",
)
NOBODY_TO_ASK = Rule(
    code="ACME003",
    name="nobody-to-ask",
    message="nothing says who answers for `{flow}`",
    help="write a line `Contact: …` into its docstring",
    severity="warning",
)


def floating_image(plan: Plan, report: Report) -> None:
    """An image by `latest`, or by no tag at all, changes under a flow that nobody has changed."""
    for task in plan.root.tasks():
        if task.image is None:
            continue
        name = task.image.rpartition("/")[2]
        if "@" not in name and name.partition(":")[2] in ("", "latest"):
            decorators = plan.flow.steps[task.step].decorators
            span = next((each.span_of("image") for each in decorators if each.get("image") == task.image), task.span)
            report.add(FLOATING_IMAGE, span, image=task.image, step=task.step)


def schedule_without_zone(plan: Plan, report: Report) -> None:
    """A daily run by UTC moves by an hour, twice a year, for everybody who waits for it."""
    if plan.schedule and plan.schedule.timezone is None:
        report.add(SCHEDULE_WITHOUT_ZONE, plan.schedule.span)


def nobody_to_ask(plan: Plan, report: Report) -> None:
    """Whoever is woken by a failed run wants to know whom to wake."""
    lines = (plan.flow.doc or "").splitlines()
    if not any(line.strip().startswith("Contact:") and line.strip() != "Contact:" for line in lines):
        report.add(NOBODY_TO_ASK, plan.flow.span, flow=plan.flow.name)


RULES: Mapping[Rule, Check] = {
    FLOATING_IMAGE: floating_image,
    SCHEDULE_WITHOUT_ZONE: schedule_without_zone,
    NOBODY_TO_ASK: nobody_to_ask,
}
