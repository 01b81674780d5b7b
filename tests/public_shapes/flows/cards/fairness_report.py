from collections import Counter
from string import Template
from textwrap import dedent

from metaflow import FlowSpec, Parameter, card, current, step
from metaflow.cards import Markdown

PAGE = Template(dedent("""\
    # Report of $name

    | group | rate |
    | --- | --- |
    $rows
"""))


class FairnessFlow(FlowSpec):
    threshold = Parameter("threshold", default=0.8)

    @step
    def start(self):
        self.decisions = [("a", True), ("a", False), ("b", True)]
        self.groups = sorted({group for group, _ in self.decisions})
        self.next(self.rate, foreach="groups")

    @step
    def rate(self):
        self.group = self.input
        counts = Counter(good for group, good in self.decisions if group == self.group)
        self.value = counts[True] / sum(counts.values())
        self.next(self.join)

    @card(type="blank", id="report")
    @step
    def join(self, inputs):
        self.rates = {each.group: each.value for each in inputs}
        rows = "\n".join(f"| {group} | {rate:.0%} |" for group, rate in self.rates.items())
        current.card["report"].append(Markdown(PAGE.substitute(name=current.flow_name, rows=rows)))
        self.fair = min(self.rates.values()) >= self.threshold * max(self.rates.values())
        self.merge_artifacts(inputs, exclude=["group", "value"])
        self.next(self.end)

    @step
    def end(self):
        print("fair" if self.fair else "unfair", len(self.decisions))


if __name__ == "__main__":
    FairnessFlow()
