"""Two foreaches in a row, and a foreach with a split in its body in one branch of a split."""

from flowc import FlowSpec, step


class TwoForeachesFlow(FlowSpec):
    """Plant a garden bed by bed, then weigh the harvest, while the shed is tidied."""

    @step
    def start(self):
        self.beds = ["beans", "peas", "leeks"]
        self.next(self.garden, self.shed)

    @step
    def garden(self):
        self.next(self.plant, foreach="beds")

    @step
    def plant(self):
        """A body of a foreach may hold anything, here a split and its join."""
        self.crop = self.input
        self.next(self.water, self.weed)

    @step
    def water(self):
        self.litres = len(self.crop) * (self.index + 1)
        self.next(self.tended)

    @step
    def weed(self):
        self.weeds = [f"{self.crop}-weed-{n}" for n in range(self.index)]
        self.next(self.tended)

    @step
    def tended(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.harvest)

    @step
    def harvest(self, inputs):
        """The join of the first foreach; the step after it opens the second."""
        self.litres = [bed.litres for bed in inputs]
        self.baskets = [(bed.crop, len(bed.weeds) + 1) for bed in inputs]
        self.merge_artifacts(inputs, exclude=["litres", "crop", "weeds"])
        self.next(self.market)

    @step
    def market(self):
        self.price = 2.5
        self.next(self.weigh, foreach="baskets")

    @step
    def weigh(self):
        crop, baskets = self.input
        self.line = f"{crop}: {baskets * self.price} euros"
        self.next(self.sold)

    @step
    def sold(self, inputs):
        self.lines = [task.line for task in inputs]
        self.merge_artifacts(inputs, include=["beds", "litres"])
        self.next(self.evening)

    @step
    def shed(self):
        self.tools = ["spade", "rake"]
        self.next(self.evening)

    @step
    def evening(self, inputs):
        self.report = inputs.sold.lines + inputs.shed.tools
        self.merge_artifacts(inputs, exclude=["lines"])
        self.next(self.end)

    @step
    def end(self):
        print("\n".join(self.report))


if __name__ == "__main__":
    TwoForeachesFlow()
