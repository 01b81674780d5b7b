"""`@exit_hook`: the flow's states inside one Parallel, whose Catch leads to the hooks of a failure and on to a failed end.

A hook that fails is passed over: the run's result stays. The states of a flow without hooks stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends.names import within
from compiler.backends.stepfunctions.layout import Json
from compiler.ir.plan import Hook, Plan

RUN, SUCCEEDED, FAILED = "Run", "Succeeded", "Failed"
"""States' names that no step has: steps' have no capitals."""

LONGEST_STATE = 80

_ALL: Json = ["States.ALL"]


def state_name(hook: Hook) -> str:
    """The name of a hook's state."""
    return within(f"on {hook.on} {hook.function}", LONGEST_STATE)


def around(
    plan: Plan, first: str, states: Mapping[str, Json], jobs: Mapping[str, Mapping[str, Json]]
) -> dict[str, Json]:
    """The states of the flow, which begin at `first`, with what follows their end; `jobs` are the hooks' states without theirs."""
    success = [hook for hook in plan.hooks if hook.on == "success"]
    error = [hook for hook in plan.hooks if hook.on == "error"]
    onward: dict[str, Json] = {"Next": state_name(success[0])} if success else {"End": True}
    run: dict[str, Json] = {
        "Type": "Parallel",
        "Branches": [{"StartAt": first, "States": states}],
        "ResultPath": None,
        **({"Catch": [_catch(state_name(error[0]), "$.error")]} if error else {}),
        **onward,
    }
    ends: dict[str, Json] = {SUCCEEDED: {"Type": "Succeed"}} if success else {}
    return {
        RUN: run,
        **_chain(success, jobs, SUCCEEDED),
        **ends,
        **_chain(error, jobs, FAILED),
        **(_failed() if error else {}),
    }


def _chain(hooks: list[Hook], jobs: Mapping[str, Mapping[str, Json]], last: str) -> dict[str, Json]:
    """One after the other, each going on whatever became of it."""
    names = [state_name(hook) for hook in hooks]
    return {
        name: {**jobs[name], "Catch": [_catch(following, None)], "Next": following}
        for name, following in zip(names, [*names[1:], last], strict=False)
    }


def _catch(following: str, place: str | None) -> Json:
    return {"ErrorEquals": _ALL, "ResultPath": place, "Next": following}


def _failed() -> dict[str, Json]:
    """The end of a failed run, with the error that failed it."""
    return {FAILED: {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}}
