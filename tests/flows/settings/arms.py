"""A switch whose cases are what a Config says."""

from metaflow import Config, FlowSpec, step


class ArmsFlow(FlowSpec):
    """The second case holds."""

    settings = Config("settings", default="settings.json")

    @step
    def start(self):
        self.arm = self.settings.arms.second
        self.next({self.settings.arms.first: self.small, self.settings.arms["second"]: self.large}, condition="arm")

    @step
    def small(self):
        self.taken = "small"
        self.next(self.end)

    @step
    def large(self):
        self.taken = "large"
        self.next(self.end)

    @step
    def end(self):
        self.all = self.taken
