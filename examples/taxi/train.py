"""Train a model of how long a taxi trip takes. The table comes from object storage."""

import io

import numpy as np
import pandas as pd
from metaflow import S3, FlowSpec, Parameter, retry, step

from trips import LinearRegression, features


class TaxiTrainFlow(FlowSpec):
    """Read, clean, fit, score."""

    trips_url = Parameter("trips", help="Where the parquet file lies.", default="s3://taxi/train.parquet")
    holdout = Parameter("holdout", help="Part of the trips kept for the score.", default=0.25)

    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        with S3() as s3:
            found = s3.get(self.trips_url)
            trips = pd.read_parquet(io.BytesIO(found.blob))
        self.raw_rows = len(trips)
        sane = (trips["trip_distance"] > 0) & (trips["fare_amount"] > 0)
        self.trips = trips[sane].reset_index(drop=True)
        self.next(self.prepare)

    @step
    def prepare(self):
        seconds = (self.trips["dropoff_datetime"] - self.trips["pickup_datetime"]).dt.total_seconds()
        self.X = features(self.trips)
        self.y = seconds.to_numpy()
        self.train_rows = int(len(self.y) * (1 - self.holdout))
        self.next(self.train_model)

    @step
    def train_model(self):
        self.lr = LinearRegression().fit(self.X[: self.train_rows], self.y[: self.train_rows])
        self.next(self.evaluate)

    @step
    def evaluate(self):
        predicted = self.lr.predict(self.X[self.train_rows :])
        actual = self.y[self.train_rows :]
        self.error = float(np.sqrt(np.mean((predicted - actual) ** 2)))
        self.spread = float(np.std(actual))
        self.next(self.end)

    @step
    def end(self):
        self.feature_spread = {"trip_distance": float(self.trips["trip_distance"].std())}
        print(f"{self.train_rows} trips; off by {self.error:.0f} s, guessing the mean by {self.spread:.0f} s")


if __name__ == "__main__":
    TaxiTrainFlow()
