import json
from typing import Any

import numpy as np
import pandas as pd
from metaflow import FlowSpec, IncludeFile, Parameter, conda_base, resources, step


@conda_base(python="3.10.4", libraries={"scikit-learn": "1.2.2", "xgboost": "1.7.5", "pandas": "1.5.3"})
class CompareModelsFlow(FlowSpec):
    """Two branches fit two models of the same data; the join keeps the better one."""

    data = IncludeFile("data", help="Rows with a target", default="houses.csv")
    target = Parameter("target", default="price")
    folds = Parameter("cv-folds", default=5, type=int)
    grid = Parameter("grid", type=str, default=json.dumps({"max_depth": [3, 5], "eta": [0.1, 0.3]}))

    @step
    def start(self):
        from io import StringIO

        frame: pd.DataFrame = pd.read_csv(StringIO(self.data))
        self.columns = [column for column in frame.columns if column != self.target]
        self.X: Any = frame[self.columns].to_numpy()
        self.y = frame[self.target].to_numpy()
        self.next(self.linear, self.boosted)

    @resources(memory=4000)
    @step
    def linear(self):
        from sklearn.linear_model import Ridge
        from sklearn.model_selection import cross_val_score

        self.model = Ridge()
        self.score = float(np.mean(cross_val_score(self.model, self.X, self.y, cv=self.folds)))
        self.next(self.choose)

    @resources(memory=16000, cpu=4)
    @step
    def boosted(self):
        import xgboost as xgb
        from sklearn.model_selection import GridSearchCV

        search = GridSearchCV(xgb.XGBRegressor(), json.loads(self.grid), cv=self.folds)
        search.fit(self.X, self.y)
        self.model, self.score = search.best_estimator_, search.best_score_
        self.next(self.choose)

    @step
    def choose(self, inputs):
        best = max(inputs, key=lambda each: each.score)
        self.model = best.model
        self.scores = {"linear": inputs.linear.score, "boosted": inputs.boosted.score}
        self.merge_artifacts(inputs, include=["columns", "X", "y"])
        self.next(self.end)

    @step
    def end(self):
        self.model.fit(self.X, self.y)
        print(self.scores)


if __name__ == "__main__":
    CompareModelsFlow()
