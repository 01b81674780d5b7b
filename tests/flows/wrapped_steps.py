"""Decorators that act around steps, for `wrapping.py`."""

from metaflow import USER_SKIP_STEP, UserStepDecorator, user_step_decorator


def noted(flow, words):
    flow.notes = [*getattr(flow, "notes", []), words]


@user_step_decorator
def traced(step_name, flow, inputs, attributes):
    """Notes before and after, and takes a ValueError."""
    if inputs is not None:
        flow.notes = sum((each.notes for each in inputs), [])
    noted(flow, f"{attributes.get('word', 'in')} {step_name}")
    try:
        yield
    except ValueError as error:
        noted(flow, f"took {error}")
    noted(flow, f"out {step_name}")


@user_step_decorator
def left_out(step_name, flow, inputs):
    noted(flow, f"left out {step_name}")
    yield USER_SKIP_STEP


@user_step_decorator
def other_items(step_name, flow, inputs):
    flow.fewer = flow.items[:2]
    yield {"foreach": "fewer"}


@user_step_decorator
def replaced(step_name, flow, inputs):
    def instead(flow, inputs=None):
        noted(flow, f"instead of {step_name}")
        return True

    yield instead


class Timed(UserStepDecorator):
    """A class with arguments."""

    def init(self, unit="s"):
        self.unit = unit

    def pre_step(self, step_name, flow, inputs=None):
        noted(flow, f"begin {step_name} in {self.unit}")

    def post_step(self, step_name, flow, exception=None):
        noted(flow, f"end {step_name} with {type(exception).__name__}")
        return exception


class Guarded(UserStepDecorator):
    """Leaves the step out where there is nothing to do."""

    def pre_step(self, step_name, flow, inputs=None):
        self.skip_step = not flow.todo

    def post_step(self, step_name, flow, exception=None):
        return exception
