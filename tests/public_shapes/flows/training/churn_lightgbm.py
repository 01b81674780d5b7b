from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from pathlib import Path

import lightgbm as lgb
import polars as pl
from metaflow import FlowSpec, JSONType, Parameter, kubernetes, project, pypi, schedule, step


class Segment(str, Enum):
    NEW = "new"
    LOYAL = "loyal"


@dataclass(frozen=True)
class Window:
    begin: datetime
    end: datetime

    @classmethod
    def last(cls, days: int) -> "Window":
        now = datetime.now(timezone.utc)
        return cls(now - timedelta(days=days), now)


@dataclass
class Result:
    auc: float
    window: Window
    importances: dict[str, float] = field(default_factory=dict)


HERE = Path(__file__).resolve().parent
REQUIREMENTS = {"lightgbm": "4.3.0", "polars": ">=0.20"}


@project(name="churn")
@schedule(cron="0 5 * * MON", timezone="Europe/Berlin")
class ChurnFlow(FlowSpec):
    """A weekly model of who leaves."""

    days = Parameter("days", default=90)
    settings = Parameter("settings", type=JSONType, default='{"num_leaves": 31, "objective": "binary"}')

    @pypi(python="3.11", packages=REQUIREMENTS)
    @kubernetes(cpu=2, memory=8192)
    @step
    def start(self):
        self.window = Window.last(self.days)
        self.segments = [each.value for each in Segment]
        self.next(self.fit, foreach="segments")

    @pypi(python="3.11", packages=REQUIREMENTS)
    @kubernetes(cpu=4, memory=16 * 1024, disk=20_000)
    @step
    def fit(self):
        self.segment: str = self.input
        table = pl.scan_parquet(f"s3://warehouse/churn/{self.segment}/*.parquet").collect()
        booster = lgb.train(self.settings, lgb.Dataset(table.drop("label").to_numpy(), table["label"].to_numpy()))
        self.result = Result(auc=0.5, window=self.window)
        self.result.importances.update(zip(table.columns, booster.feature_importance()))
        self.model = booster.model_to_string()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = {each.segment: asdict(each.result) for each in inputs}
        self.models = {each.segment: each.model for each in inputs}
        self.next(self.end)

    @step
    def end(self):
        for segment, result in self.results.items():
            print(f"{segment:>10}: {result['auc']:.3f}")


if __name__ == "__main__":
    ChurnFlow()
