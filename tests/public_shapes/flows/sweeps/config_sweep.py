from metaflow import Config, FlowSpec, Parameter, config_expr, current, kubernetes, pypi_base, resources, retry, step


@pypi_base(python=config_expr("sweep.python"), packages=config_expr("sweep.packages"))
class ConfigSweepFlow(FlowSpec):
    """What is tried stands in a TOML file, as do the resources."""

    sweep = Config("sweep", default="sweep.toml", parser="tomllib.loads")
    limits = Config("limits", default_value='{"memory": 2048, "retries": 2}')
    trials = Parameter("trials", default=sweep.trials)

    @step
    def start(self):
        self.variants = [dict(each) for each in self.sweep.variants]
        self.next(self.trial, foreach="variants")

    @retry(times=config_expr("limits.retries"))
    @resources(cpu=sweep.resources.cpu, memory=limits.memory)
    @step
    def trial(self):
        self.name, self.value = self.input["name"], self.input["value"] * self.trials
        self.next(self.join)

    @step
    def join(self, inputs):
        self.best = max(inputs, key=lambda each: each.value).name
        self.next(self.end)

    @step
    def end(self):
        print(current.run_id, self.best)


if __name__ == "__main__":
    ConfigSweepFlow()
