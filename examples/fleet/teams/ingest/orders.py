"""The orders of a day, region by region."""

from pathlib import Path

from common.quality import check
from common.warehouse import REGIONS, rows
from metaflow import FlowSpec, Parameter, schedule, step

SQL = Path(__file__).parent / "sql"


@schedule(cron="15 4 * * *", timezone="Europe/Berlin")
class Orders(FlowSpec):
    """Read the orders, check them, add them up."""

    day = Parameter("day", default="2026-01-31", help="The day, as YYYY-MM-DD.")

    @step
    def start(self):
        self.regions = REGIONS
        self.next(self.read, foreach="regions")

    @step
    def read(self):
        self.region = self.input
        self.orders = check(rows(SQL / "orders.sql", self.day, region=self.region), ["amount"], least=10)
        self.revenue = round(sum(order["amount"] for order in self.orders if not order["returned"]), 2)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.revenue = {each.region: each.revenue for each in inputs}
        self.next(self.end)

    @step
    def end(self):
        print(f"{self.day}: {self.revenue}")


if __name__ == "__main__":
    Orders()
