"""The customers of a day."""

from pathlib import Path

from common.quality import check
from common.warehouse import rows
from metaflow import FlowSpec, Parameter, schedule, step

SQL = Path(__file__).parent / "sql"


@schedule(daily=True)
class Customers(FlowSpec):
    """Read the customers and count them."""

    day = Parameter("day", default="2026-01-31")

    @step
    def start(self):
        self.customers = check(rows(SQL / "customers.sql", self.day), ["region", "age"], least=100)
        self.next(self.count)

    @step
    def count(self):
        self.counts = {}
        for customer in self.customers:
            self.counts[customer["region"]] = self.counts.get(customer["region"], 0) + 1
        self.next(self.end)

    @step
    def end(self):
        print(self.counts)


if __name__ == "__main__":
    Customers()
