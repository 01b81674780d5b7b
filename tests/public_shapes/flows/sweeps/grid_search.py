from itertools import product

from metaflow import FlowSpec, JSONType, Parameter, current, kubernetes, retry, step

GRID = {
    "learning_rate": [10**-exponent for exponent in range(1, 4)],
    "depth": list(range(2, 5)),
    "subsample": (0.8, 1.0),
}


class GridSearchFlow(FlowSpec):
    grid = Parameter("grid", type=JSONType, default=GRID)
    metric = Parameter("metric", default="auc", help="auc, logloss or error")

    @step
    def start(self):
        names = sorted(self.grid)
        self.points = [dict(zip(names, values)) for values in product(*(self.grid[name] for name in names))]
        print(f"{len(self.points)} points of the grid")
        self.next(self.evaluate, foreach="points")

    @kubernetes(cpu=1, memory=2048)
    @retry(times=1)
    @step
    def evaluate(self):
        self.point = self.input
        self.score = sum(hash((name, value)) % 100 for name, value in sorted(self.point.items())) / 300
        print(current.task_id, self.index, self.score)
        self.next(self.best)

    @step
    def best(self, inputs):
        winner = max(inputs, key=lambda run: run.score)
        self.point, self.score = winner.point, winner.score
        self.table = sorted(((i.score, i.point) for i in inputs), key=lambda pair: -pair[0])
        self.next(self.end)

    @step
    def end(self):
        print(self.metric, self.score, self.point)


if __name__ == "__main__":
    GridSearchFlow()
