from metaflow import Parameter, kubernetes, project, retry, schedule, step
from pricing.model import best
from shared.flows import CompanyFlow
from shared.money import IMAGE, RETRIES, Money


@project(name="pricing")
@schedule(cron="*/30 6-22 * * *")
class PricingFlow(CompanyFlow):
    """Runs every half an hour in a monorepo."""

    countries = Parameter("countries", default="de,fr,it", separator=",")

    @retry(times=RETRIES)
    @kubernetes(image=IMAGE, cpu=0.5, memory=512)
    @step
    def start(self):
        self.notify(f"prices of {len(self.countries)} countries from {self.bucket}")
        self.next(self.price, foreach="countries")

    @retry(times=RETRIES)
    @kubernetes(image=IMAGE, cpu=0.5, memory=512, labels={"team": "pricing"})
    @step
    def price(self):
        self.country = self.input
        self.best = best([Money(10.0), Money(9.5)])
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.prices = {each.country: each.best for each in inputs}
        self.next(self.end)


if __name__ == "__main__":
    PricingFlow()
