"""Values that functions make: of pure text, or that only the import tells."""

import configparser
import os

from helpers import by_unit, lines_parser, place_of
from metaflow import Config, FlowSpec, Parameter, config_expr, current, environment, resources, retry, step


def sections(text):
    """Not pure text: a parser of the standard library's."""
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}


def defaults(context):
    """Not pure text either."""
    return {"name": "-".join(reversed(context.flow_name.split("F"))), "id": len(os.path.sep)}


class ComputedFlow(FlowSpec):
    found = Config("found", default=place_of)
    lines = Config("lines", default_value="tries = 2\n\n# no line\nname = $(é) {{x}}", parser=lines_parser)
    parts = Config("parts", default_value="[retry]\ntimes = 1\n", parser=sections)
    made = Config("made", default_value=defaults)
    short = Config("short", default_value=lambda context: {"of": context.parameter_name})
    amount = Parameter("amount", default=by_unit(2, "GB", "MB"))
    doubled = Parameter("doubled", default=[each * 2 for each in range(4) if each])

    @retry(times=lines.tries, minutes_between_retries=0)
    @resources(memory=by_unit(1, "GB"), cpu=found.cpu)
    @environment(vars={"NAME": lines.name, "ID": str(made.id)})
    @step
    def start(self):
        self.seen = (os.environ["NAME"], os.environ["ID"], current.retry_count)
        if current.retry_count < 2:
            raise RuntimeError("not yet")
        self.next(self.end)

    @retry(times=config_expr("int(parts['retry']['times'])"), minutes_between_retries=0)
    @step
    def end(self):
        if not current.retry_count:
            raise RuntimeError("once more")
        self.all = (self.found, self.lines, self.parts, self.made, self.short, self.amount, self.doubled)


if __name__ == "__main__":
    ComputedFlow()
