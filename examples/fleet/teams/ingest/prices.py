"""The prices of every hour."""

from pathlib import Path

from common.fits import mean
from common.quality import check
from common.warehouse import rows
from metaflow import FlowSpec, Parameter, retry, schedule, step

SQL = Path(__file__).parent / "sql"


@schedule(hourly=True)
class Prices(FlowSpec):
    """Read both products at the same time and compare them."""

    day = Parameter("day", default="2026-01-31")

    @step
    def start(self):
        self.next(self.power, self.gas)

    @retry(times=4)
    @step
    def power(self):
        self.prices = check(rows(SQL / "prices.sql", self.day, product="power"), ["price"], least=24)
        self.next(self.compare)

    @retry(times=4)
    @step
    def gas(self):
        self.prices = check(rows(SQL / "prices.sql", self.day, product="gas"), ["price"], least=24)
        self.next(self.compare)

    @step
    def compare(self, inputs):
        self.means = {
            "power": round(mean(row["price"] for row in inputs.power.prices), 2),
            "gas": round(mean(row["price"] for row in inputs.gas.prices), 2),
        }
        self.next(self.end)

    @step
    def end(self):
        print(self.means)


if __name__ == "__main__":
    Prices()
