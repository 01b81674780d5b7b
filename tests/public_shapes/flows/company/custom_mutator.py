from metaflow import FlowMutator, FlowSpec, StepMutator, Parameter, step, user_step_decorator


@user_step_decorator
def logged(step_name, flow, inputs=None, attributes=None):
    print("enter", step_name)
    yield
    print("leave", step_name)


class patient(StepMutator):
    def mutate(self, mutable_step):
        mutable_step.add_decorator("retry", deco_kwargs={"times": 3})


class everywhere(FlowMutator):
    def mutate(self, mutable_flow):
        for _, each in mutable_flow.steps:
            each.add_decorator(logged)


@everywhere
class MutatedCompanyFlow(FlowSpec):
    title = Parameter("title", default="x")

    @patient
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.title)


if __name__ == "__main__":
    MutatedCompanyFlow()
