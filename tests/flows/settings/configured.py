"""Configs in every place that a flow may use one, and what a step sees of them."""

import os

import shapes
from metaflow import Config, FlowSpec, JSONType, Parameter, config_expr, environment, project, retry, step


def pairs(text):
    """A parser of the project's own: it runs where the flow runs."""
    return dict(line.split("=", 1) for line in text.splitlines())


@project(name=config_expr("settings.project"))
class ConfiguredFlow(FlowSpec):
    """Values from JSON, TOML, a parser of its own, and given texts."""

    settings = Config("settings", default="settings.json")
    sizes = Config("sizes", default="data/sizes.toml", parser="tomllib.loads")
    colours = Config("colours", default="data/colours.txt", parser=pairs)
    note = Config("note", default_value="it's {{x}} $(HOME) $$ ${Ref} %s", plain=True)
    given = Config("given-one", default_value='{"a": "default"}')
    nothing = Config("nothing")

    rate = Parameter("rate", default=settings.model.rate)
    names = Parameter("names", default=settings["names"], type=JSONType)
    power = Parameter("power", **settings.power)

    @environment(vars={"SIZE": f"{sizes.small}-{shapes.SUFFIX}", **settings.variables})
    @retry(times=settings.get("times", 0), minutes_between_retries=0)
    @step
    def start(self):
        self.environment = (os.environ["SIZE"], os.environ["GREETING"])
        self.kept = self.settings
        self.refused = []
        for change in ("self.settings.model.rate = 1", "self.settings['x'] = 1", "self.settings = 1"):
            try:
                exec(change)
            except (TypeError, AttributeError) as error:
                self.refused.append(type(error).__name__)
        self.next(self.end)

    @environment(vars={"NAME": config_expr("settings.names[0].upper()")})
    @step
    def end(self):
        self.name_ = os.environ["NAME"]
        self.plain = self.kept.to_dict()
        self.same = self.kept == self.settings == {**self.settings}
        self.facts = (len(self.sizes), "small" in self.sizes, list(self.sizes), self.sizes.get("none", 7))
        self.values = (self.colours.red, self.note, self.given.a, self.nothing, self.rate, self.names, self.power)
        try:
            self.settings.missing
        except AttributeError as error:
            self.missing = str(error)
