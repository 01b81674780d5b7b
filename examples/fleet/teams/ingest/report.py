"""What the day's tables look like, once both are there."""

from pathlib import Path

from common.fits import mean
from common.quality import check
from common.warehouse import REGIONS, rows
from metaflow import FlowSpec, Parameter, step, trigger_on_finish

SQL = Path(__file__).parent / "sql"


@trigger_on_finish(flows=["Orders", "Customers"])
class Report(FlowSpec):
    """One line a region."""

    day = Parameter("day", default="2026-01-31")

    @step
    def start(self):
        self.ages = {}
        for row in check(rows(SQL / "customers.sql", self.day), ["age"]):
            self.ages.setdefault(row["region"], []).append(row["age"])
        self.regions = list(REGIONS)
        self.next(self.describe, foreach="regions")

    @step
    def describe(self):
        orders = rows(SQL / "orders.sql", self.day, region=self.input)
        amount = mean(order["amount"] for order in orders)
        self.line = f"{self.input}: {len(orders)} orders of {amount:.2f}, mean age {mean(self.ages[self.input]):.1f}"
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.lines = [each.line for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print("\n".join(self.lines))


if __name__ == "__main__":
    Report()
