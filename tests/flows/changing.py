"""What changes flows and steps, for `mutated.py`."""


from metaflow import FlowMutator, Parameter, StepMutator, environment, retry, user_step_decorator


@user_step_decorator
def counted(step_name, flow, inputs, attributes):
    flow.counted = getattr(flow, "counted", 0) + attributes.get("by", 1)
    yield


class Sturdy(StepMutator):
    """Tries a step again, unless it says itself how often."""

    def init(self, times=2):
        self.times = times

    def pre_mutate(self, mutable_step):
        mutable_step.add_decorator("retry", deco_kwargs={"times": 7}, duplicates=mutable_step.IGNORE)
        mutable_step.add_decorator(
            retry,
            deco_kwargs={"times": self.times, "minutes_between_retries": 0},
            duplicates=mutable_step.OVERRIDE,
        )

    def mutate(self, mutable_step):
        names = [name for name, *_ in mutable_step.decorator_specs]
        assert names.count("retry") == 1, names
        mutable_step.add_decorator(environment, deco_kwargs={"vars": {"STURDY": f"{self.times} $(X) times"}})


class Surrounded(FlowMutator):
    """Adds a parameter, and decorators to every step."""

    def init(self, word):
        self.word = word

    def pre_mutate(self, mutable_flow):
        mutable_flow.add_parameter("greeting", Parameter("greeting", default=f"{self.word}!"))
        mutable_flow.add_parameter("limit", Parameter("limit", default=5), overwrite=True)
        assert mutable_flow.remove_parameter("old-name")
        assert sorted(name for name, _ in mutable_flow.parameters) == ["greeting", "limit"]
        mutable_flow.add_decorator("project:name=mutated_flows")

    def mutate(self, mutable_flow):
        for name, step in mutable_flow.steps:
            if name != "end":
                step.add_decorator("counted", deco_kwargs={"by": 2})
        mutable_flow.risky.remove_decorator("timeout")
        mutable_flow.start.add_decorator('environment:vars={"WORD": "' + self.word + '"}')
        mutable_flow.end.add_decorator("catch", deco_kwargs={"var": "problem", "print_exception": False})
