"""Three foreaches in each other, each body of several steps, a split in the innermost one; widths differ from place to place."""

from metaflow import FlowSpec, step


def place(flow):
    return ".".join(str(index) for index, _, _ in flow.foreach_stack())


class DeepFlow(FlowSpec):
    @step
    def start(self):
        self.regions = ["north", "south"]
        self.next(self.region, foreach="regions")

    @step
    def region(self):
        self.name_of_region = self.input
        self.next(self.pick)

    @step
    def pick(self):
        self.towns = [f"{self.name_of_region}-{n}" for n in range(1 + self.index)]
        self.next(self.town, foreach="towns")

    @step
    def town(self):
        self.name_of_town = self.input
        self.streets = list(range(2 - self.index))
        self.next(self.street, foreach="streets")

    @step
    def street(self):
        self.here = place(self)
        self.next(self.odd, self.even)

    @step
    def odd(self):
        self.odd_side = f"{self.name_of_town}/{self.input}/odd@{place(self)}"
        self.next(self.both)

    @step
    def even(self):
        self.even_side = f"{self.name_of_town}/{self.input}/even@{place(self)}"
        self.next(self.both)

    @step
    def both(self, inputs):
        self.merge_artifacts(inputs)
        self.sides = [self.odd_side, self.even_side]
        self.next(self.walked)

    @step
    def walked(self):
        self.walked_at = place(self)
        self.next(self.join_streets)

    @step
    def join_streets(self, inputs):
        self.sides = [side for one in inputs for side in one.sides]
        self.at = [one.walked_at for one in inputs]
        self.merge_artifacts(inputs, include=["name_of_town", "name_of_region"])
        self.next(self.after_streets)

    @step
    def after_streets(self):
        self.town_done = f"{self.name_of_town}@{place(self)}"
        self.next(self.join_towns)

    @step
    def join_towns(self, inputs):
        self.sides = [one.sides for one in inputs]
        self.done = [one.town_done for one in inputs]
        self.next(self.join_regions)

    @step
    def join_regions(self, inputs):
        self.sides = [one.sides for one in inputs]
        self.done = [one.done for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(len(town) for region in self.sides for town in region)


if __name__ == "__main__":
    DeepFlow()
