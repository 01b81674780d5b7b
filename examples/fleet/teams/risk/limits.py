"""Is the share of returns within its limit?"""

from common.fits import mean
from metaflow import FlowSpec, Parameter, schedule, step
from teams.risk.exposure import returns


@schedule(cron="0 6 * * 1-5", timezone="Europe/Berlin")
class Limits(FlowSpec):
    """A switch: what happens follows from what was found."""

    day = Parameter("day", default="2026-01-31")
    limit = Parameter("limit", default=0.08)

    @step
    def start(self):
        self.share = round(mean(row["share"] for row in returns(self.day)), 4)
        self.state = "breached" if self.share > self.limit else "kept"
        self.next({"breached": self.warn, "kept": self.note}, condition="state")

    @step
    def warn(self):
        self.told = f"the limit of {self.limit} is breached: {self.share}"
        self.next(self.end)

    @step
    def note(self):
        self.told = f"within the limit: {self.share}"
        self.next(self.end)

    @step
    def end(self):
        print(self.told)


if __name__ == "__main__":
    Limits()
