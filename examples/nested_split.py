"""A split inside a branch of a split. Each split has its own join; the inner one ends first."""

from flowc import FlowSpec, step


class NestedSplitFlow(FlowSpec):
    """Price a meal: the kitchen works at two stations while somebody sets the table."""

    @step
    def start(self):
        self.guests = 4
        self.next(self.kitchen, self.table)

    @step
    def kitchen(self):
        self.order = "menu for " + str(self.guests)
        self.next(self.starter, self.main)

    @step
    def starter(self):
        self.cost = 3 * self.guests
        self.next(self.plate)

    @step
    def main(self):
        self.cost = 11 * self.guests
        self.next(self.plate)

    @step
    def plate(self, inputs):
        """The inner join: its inputs come in the order of the split, starter first."""
        self.food = [dish.cost for dish in inputs]
        self.merge_artifacts(inputs, include=["order", "guests"])
        self.next(self.serve)

    @step
    def table(self):
        self.cover = 2 * self.guests
        self.next(self.serve)

    @step
    def serve(self, inputs):
        """The outer join: one of its inputs is itself a join."""
        self.bill = sum(inputs.plate.food) + inputs.table.cover
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        print(f"{self.order}: {self.food} and {self.cover} for the covers, {self.bill} in all")


if __name__ == "__main__":
    NestedSplitFlow()
