"""The document: properties of the workflow, what a run of it may be given, and its steps."""

from __future__ import annotations

from compiler.backends import Options
from compiler.backends.command import environment, given_text
from compiler.backends.fields import names
from compiler.backends.names import within
from compiler.ir.flow import Parameter
from compiler.ir.plan import Plan
from flowc_maestro.sel import MOST_EXPRESSION, Json, expression, text_param
from flowc_maestro.steps import MOST_ID, Writer, described, report_to

_SCHEDULED = (
    "return params.getFromInstance('INITIATOR_TYPE').equals('TIME') "
    "? new DateTime(RUN_TS).withZone(DateTimeZone.UTC).toString() : '';"
)


def workflow_id(plan: Plan, options: Options) -> str:
    """The id of the workflow, and the name of its file; a long one is shortened."""
    return within(options.name or plan.name, MOST_ID)


def definition(plan: Plan, options: Options) -> Json:
    """What Maestro calls a `WorkflowCreateRequest`, its fields in the order of its models."""
    shared = environment(plan, options, report_to())
    steps = Writer(plan, options, shared).steps(plan.root)
    workflow: Json = {"id": workflow_id(plan, options), "description": _description(plan)}
    if options.target.get("tags"):
        workflow["tags"] = names(options.target["tags"])
    if options.target.get("timeout"):
        workflow["timeout"] = int(str(options.target["timeout"]))
    if plan.schedule:
        zone = plan.schedule.timezone or "UTC"
        workflow["time_triggers"] = [{"type": "CRON", "cron": plan.schedule.cron, "timezone": zone}]
    if options.target.get("criticality"):
        workflow["criticality"] = str(options.target["criticality"]).upper()
    if options.max_workers is not None:
        workflow["instance_step_concurrency"] = options.max_workers
    workflow["params"] = _params(plan, shared)
    return {"properties": _properties(options), "workflow": workflow | {"steps": steps}}


def _description(plan: Plan) -> str:
    told = f"Compiled from {plan.flow.path} by flowc: change the flow and compile it again."
    return described(f"{told}\n\n{plan.flow.doc}" if plan.flow.doc else told)


def _properties(options: Options) -> Json:
    owner, rule = (options.target.get(key) for key in ("owner", "run_strategy"))
    properties: Json = {"owner": str(owner)} if owner else {}
    return properties | ({"run_strategy": {"rule": str(rule).upper()}} if rule else {})


def _params(plan: Plan, shared: dict[str, str]) -> Json:
    """What all steps see. Constants stay as they are in a restarted run; foreaches hand all of it on as values."""
    params: Json = {
        "claim": {**expression("LONG", "return System.currentTimeMillis();"), "mode": "CONSTANT"},
        "env": {"type": "STRING_MAP", "value": shared},
    }
    if plan.schedule:
        params["scheduled"] = {**expression("STRING", _SCHEDULED), "mode": "CONSTANT"}
    if plan.parameters:
        defaults = ((each.name, default(each)) for each in plan.parameters)
        params["parameters"] = {"type": "MAP", "value": {name: param for name, param in defaults if param}}
    return params


def default(parameter: Parameter) -> Json | None:
    """A parameter's default; None where it is left to the code: what cannot be read here, and what no expression has room for."""
    text = given_text(parameter)
    if text is None or not text.replace("\n", "").isprintable():
        return None
    param = text_param(text)
    return param if len(str(param.get("expression"))) <= MOST_EXPRESSION else None
