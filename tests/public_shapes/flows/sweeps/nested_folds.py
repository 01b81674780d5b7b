from metaflow import FlowSpec, Parameter, step


class NestedFoldsFlow(FlowSpec):
    """Models by folds by seeds: foreaches three deep, with artifacts of every level read below."""

    seeds = Parameter("seeds", default=2)
    folds = Parameter("folds", default=3)

    @step
    def start(self):
        self.models = ["ridge", "lasso"]
        self.next(self.model, foreach="models")

    @step
    def model(self):
        self.model_name = self.input
        self.fold_ids = range(self.folds)
        self.next(self.fold, foreach="fold_ids")

    @step
    def fold(self):
        self.fold_id = self.input
        self.seed_list = [self.fold_id * 100 + seed for seed in range(self.seeds)]
        self.next(self.fit, foreach="seed_list")

    @step
    def fit(self):
        self.stack = self.foreach_stack()
        self.error = (len(self.model_name) + self.fold_id + self.input) / 10
        self.next(self.join_seeds)

    @step
    def join_seeds(self, inputs):
        self.error = min(each.error for each in inputs)
        self.merge_artifacts(inputs, exclude=["error", "stack"])
        self.next(self.join_folds)

    @step
    def join_folds(self, inputs):
        self.errors = [each.error for each in inputs]
        self.merge_artifacts(inputs, include=["model_name"])
        self.next(self.join_models)

    @step
    def join_models(self, inputs):
        self.by_model = {each.model_name: sum(each.errors) / len(each.errors) for each in inputs}
        self.next(self.end)

    @step
    def end(self):
        print(min(self.by_model, key=self.by_model.get))


if __name__ == "__main__":
    NestedFoldsFlow()
