from metaflow import FlowSpec, Parameter, card, current, step
from metaflow.cards import Markdown, Table


class IrisForestFlow(FlowSpec):
    """
    Train a random forest on iris, as the first lesson of a course does.
    """

    max_depth = Parameter("max_depth", type=int, default=None, help="Depth of the trees")
    n_estimators = Parameter("trees", default=100)
    random_state = Parameter("seed", default=12)

    @step
    def start(self):
        from sklearn import datasets
        from sklearn.model_selection import train_test_split

        self.iris = datasets.load_iris()
        X, y = self.iris["data"], self.iris["target"]
        self.labels = self.iris["target_names"]
        split = train_test_split(X, y, test_size=0.2, random_state=self.random_state)
        self.X_train, self.X_test, self.y_train, self.y_test = split
        self.next(self.rf_model)

    @step
    def rf_model(self):
        from sklearn.ensemble import RandomForestClassifier

        self.clf = RandomForestClassifier(
            n_estimators=self.n_estimators,
            max_depth=self.max_depth,
            random_state=self.random_state,
        )
        self.clf.fit(self.X_train, self.y_train)
        self.next(self.evaluate)

    @card(type="blank", id="scores")
    @step
    def evaluate(self):
        from sklearn.metrics import classification_report

        self.report = classification_report(self.y_test, self.clf.predict(self.X_test), output_dict=True)
        current.card["scores"].append(Markdown("# Scores of the forest"))
        rows = [[name, str(self.report.get(name))] for name in self.labels]
        current.card["scores"].append(Table(rows, headers=["class", "scores"]))
        self.next(self.end)

    @step
    def end(self):
        print("trained", self.clf)


if __name__ == "__main__":
    IrisForestFlow()
