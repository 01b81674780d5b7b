"""Steps that ask for packages: on a target each set has an image of its own, here this Python must hold them."""

from metaflow import FlowSpec, conda, pypi, pypi_base, step


@pypi_base(packages={"click": ">=8"})
class PackagesFlow(FlowSpec):
    """Three sets: the flow's, one with more, and none."""

    @step
    def start(self):
        import click

        self.bold = click.style("x", bold=True)
        self.next(self.quote, self.plain)

    @pypi(packages={"pyyaml": ">=5,<100", "click": "!=8.0.0"})
    @step
    def quote(self):
        import yaml

        self.quoted = yaml.safe_dump({"on": "y"})
        self.next(self.join)

    @pypi(disabled=True)
    @conda(packages={}, disabled=True)
    @step
    def plain(self):
        self.quoted = ""
        self.next(self.join)

    @step
    def join(self, inputs):
        self.quoted = inputs.quote.quoted + inputs.plain.quoted
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PackagesFlow()
