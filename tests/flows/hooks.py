"""A run that ends well or badly, and the functions that follow it: one of each that fails itself."""

import hooks_beside
from hooks_beside import stumble
from metaflow import FlowSpec, Parameter, Run, exit_hook, step


def celebrate(run):
    """After a success the run is there with all its artifacts."""
    assert isinstance(run, Run)
    assert run.successful
    assert run.data.total == 6
    print("celebrated", run.pathspec)


def mourn(**facts):
    """After a failure the steps that were done are there, and the failure."""
    run = facts["run"]
    assert not run.successful
    assert run["start"].task.data.numbers == [1, 2, 3]
    assert not run["total_up"].task.successful


@exit_hook(on_success=[celebrate, stumble], on_error=[mourn, "stumble"], options={})
@exit_hook(on_success=["hooks_beside.toast"], on_error=[hooks_beside.toast])
class HooksFlow(FlowSpec):
    """Three steps, of which the middle one fails if it is told to."""

    fail = Parameter("fail", default=False, type=bool)

    @step
    def start(self):
        self.numbers = [1, 2, 3]
        self.next(self.total_up)

    @step
    def total_up(self):
        if self.fail:
            raise ValueError("no total today")
        self.total = sum(self.numbers)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    HooksFlow()
