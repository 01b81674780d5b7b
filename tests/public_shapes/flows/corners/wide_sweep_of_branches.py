from metaflow import FlowSpec, step


class NestedBranchesFlow(FlowSpec):
    """Splits in splits, and a foreach in one arm."""

    @step
    def start(self):
        self.base = 1
        self.next(self.features, self.labels)

    @step
    def features(self):
        self.next(self.text, self.image, self.tabular)

    @step
    def text(self):
        self.vector = [1.0]
        self.next(self.join_features)

    @step
    def image(self):
        self.tiles = [(x, y) for x in range(2) for y in range(2)]
        self.next(self.tile, foreach="tiles")

    @step
    def tile(self):
        self.mean = sum(self.input) / 2
        self.next(self.join_tiles)

    @step
    def join_tiles(self, inputs):
        self.vector = [each.mean for each in inputs]
        self.next(self.join_features)

    @step
    def tabular(self):
        self.vector = [0.5, 0.25]
        self.next(self.join_features)

    @step
    def join_features(self, inputs):
        self.vector = inputs.text.vector + inputs.join_tiles.vector + inputs.tabular.vector
        self.next(self.train)

    @step
    def labels(self):
        self.labels_ = [0, 1]
        self.next(self.train)

    @step
    def train(self, inputs):
        self.vector = inputs.join_features.vector
        self.targets = inputs.labels.labels_
        self.base = inputs[0].base
        self.next(self.end)

    @step
    def end(self):
        print(len(self.vector), self.targets, self.base)


if __name__ == "__main__":
    NestedBranchesFlow()
