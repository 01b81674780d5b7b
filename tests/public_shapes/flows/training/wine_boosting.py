#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""XGBoost of wines – with retries, a timeout and a @catch as the tutorial has them."""
import os
import logging

from metaflow import FlowSpec, Parameter, catch, retry, step, timeout, current

logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"))
logger = logging.getLogger(__name__)

DEFAULT_ROUNDS = 10 * 20
OBJECTIVE = "reg:squarederror"


def rmse(actual, predicted):
    import numpy as np

    return float(np.sqrt(((actual - predicted) ** 2).mean()))


class WineBoostingFlow(FlowSpec):
    rounds = Parameter("rounds", default=DEFAULT_ROUNDS, help=f"Boosting rounds, {DEFAULT_ROUNDS} by default")
    eta = Parameter("eta", default=0.1)
    early = Parameter("early-stopping", default=True)

    @retry(times=3, minutes_between_retries=1)
    @step
    def start(self):
        import pandas as pd

        url = "https://archive.example.org/wine/winequality-red.csv"
        self.df = pd.read_csv(url, sep=";")
        logger.info("run %s has %d rows", current.run_id, len(self.df))
        self.next(self.train)

    @catch(var="failure", print_exception=False)
    @timeout(hours=1, minutes=30)
    @retry(times=1)
    @step
    def train(self):
        import xgboost as xgb

        matrix = xgb.DMatrix(self.df.drop(columns="quality"), label=self.df["quality"])
        params = dict(eta=self.eta, objective=OBJECTIVE)
        self.booster = xgb.train(params, matrix, num_boost_round=self.rounds)
        self.error = rmse(self.df["quality"], self.booster.predict(matrix))
        self.next(self.end)

    @step
    def end(self):
        if self.failure:
            print("could not train:", self.failure)
        else:
            print("rmse %.3f" % self.error)


if __name__ == '__main__':
    WineBoostingFlow()
