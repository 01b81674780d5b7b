"""A foreach in a foreach: every model class, each with every one of its settings."""

import json

import numpy as np
from metaflow import FlowSpec, step


class NearestMeans:
    """Classify a point by the nearest mean of a class, after shrinking the means to their centre."""

    def __init__(self, shrink=0.0):
        self.shrink = shrink

    def fit(self, points, labels):
        centre = points.mean(axis=0)
        means = np.stack([points[labels == label].mean(axis=0) for label in np.unique(labels)])
        self.means = means + self.shrink * (centre - means)
        return self

    def predict(self, points):
        distances = ((points[:, None, :] - self.means[None, :, :]) ** 2).sum(axis=2)
        return distances.argmin(axis=1)


class NearestNeighbours:
    """Classify a point by a vote of its nearest neighbours."""

    def __init__(self, k=1):
        self.k = k

    def fit(self, points, labels):
        self.points, self.labels = points, labels
        return self

    def predict(self, points):
        distances = ((points[:, None, :] - self.points[None, :, :]) ** 2).sum(axis=2)
        votes = self.labels[np.argsort(distances, axis=1, kind="stable")[:, : self.k]]
        return np.array([np.bincount(row).argmax() for row in votes])


class ModelSearchFlow(FlowSpec):
    """Find the model and the settings that classify three clouds of points best."""

    @step
    def start(self):
        rng = np.random.default_rng(7)
        centres = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
        self.labels = np.repeat([0, 1, 2], 30)
        self.points = centres[self.labels] + rng.normal(size=(90, 2))
        self.candidates = [
            (NearestMeans, [{"shrink": 0.0}, {"shrink": 0.9}]),
            (NearestNeighbours, [{"k": 1}, {"k": 5}, {"k": 15}]),
        ]
        self.next(self.tune, foreach="candidates")

    @step
    def tune(self):
        """An artifact may hold a class; it is kept by reference, the code comes with the flow."""
        self.model, self.settings = self.input
        self.next(self.train, foreach="settings")

    @step
    def train(self):
        self.params = self.input
        self.where = [index for index, _, _ in self.foreach_stack()]
        even = np.arange(len(self.points)) % 2 == 0
        self.fitted = self.model(**self.params).fit(self.points[even], self.labels[even])
        self.hits = self.fitted.predict(self.points[~even]) == self.labels[~even]
        self.next(self.join_settings)

    @step
    def join_settings(self, inputs):
        self.scores = {"model": [], "params": [], "accuracy": []}
        for trained in inputs:
            self.scores["model"].append(type(trained.fitted))
            self.scores["params"].append(json.dumps(trained.params))
            self.scores["accuracy"].append(round(float(trained.hits.mean()), 4))
        self.places = [trained.where for trained in inputs]
        self.next(self.join_models)

    @step
    def join_models(self, inputs):
        """Extend the lists of the first input in place: that is safe, they are this task's own copies."""
        self.scores = inputs[0].scores
        for model in list(inputs)[1:]:
            for column, values in model.scores.items():
                self.scores[column] += values
        self.places = [place for model in inputs for place in model.places]
        self.next(self.end)

    @step
    def end(self):
        best = int(np.argmax(self.scores["accuracy"]))
        self.best_model = self.scores["model"][best]
        self.best_params = json.loads(self.scores["params"][best])
        print(f"{self.best_model.__name__} {self.best_params} {self.scores['accuracy'][best]}")


if __name__ == "__main__":
    ModelSearchFlow()
