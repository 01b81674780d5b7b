"""Features of each customer, for all that growth trains."""

from common.quality import check
from metaflow import FlowSpec, Parameter, schedule, step
from teams.growth.segments import segment, spend


@schedule(daily=True)
class Features(FlowSpec):
    """One row a customer."""

    day = Parameter("day", default="2026-01-31")

    @step
    def start(self):
        self.table = check(spend(self.day), ["spend"], least=50)
        self.next(self.build)

    @step
    def build(self):
        self.features = [
            {
                "id": row["id"],
                "months": row["months"],
                "per_order": row["spend"] / row["orders"],
                "segment": segment(row),
            }
            for row in self.table
        ]
        self.next(self.end)

    @step
    def end(self):
        print(f"{len(self.features)} customers")


if __name__ == "__main__":
    Features()
