"""Nightly repricing of the shop's stock, per warehouse."""

from decimal import Decimal

from flowc import FlowSpec, Parameter, catch, current, retry, step, timeout

STOCK = {
    "Oslo": [("ski", 40, "120.50"), ("tent", 3, "310.00")],
    "Lyon": [("ski", 2, "110.00"), ("bike", 15, "799.90")],
    "Porto": [],
}


class RepricingFlow(FlowSpec):
    """New prices from stock, demand and exchange rates."""

    margin = Parameter("margin", help="Share added to the cost.", type=float, default=0.25)
    currency = Parameter("currency", help="What the prices are in.", default="NOK")

    @step
    def start(self):
        self.run_label = "nightly"
        self.next(self.stock, self.rates)

    @step
    def stock(self):
        self.warehouses = iter(sorted(STOCK))
        self.warehouses = tuple(self.warehouses)
        self.next(self.warehouse, foreach="warehouses")

    @retry(times=2, minutes_between_retries=0)
    @timeout(seconds=30)
    @step
    def rates(self):
        self.attempt = current.retry_count
        if current.retry_count == 0:
            self.half_done = True
            self.rate = Decimal("-1")
            raise ConnectionError("the bank's server hung up")
        self.leftover = hasattr(self, "half_done")
        self.rate = {"NOK": Decimal("11.5"), "EUR": Decimal(1)}[self.currency]
        self.next(self.reconcile)

    @step
    def warehouse(self):
        self.city = self.input
        self.items = STOCK[self.city]
        self.next(self.demand, self.cost)

    @catch(var="demand_error", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def demand(self):
        units = [count for _, count, _ in self.items]
        self.tries = current.retry_count
        self.scarcity = {name: round(1 - count / sum(units), 3) for name, count, _ in self.items}
        self.mean = sum(units) / len(units)
        self.next(self.price)

    @step
    def cost(self):
        self.costs = {name: Decimal(cost) for name, _, cost in self.items}
        self.next(self.price)

    @step
    def price(self, inputs):
        self.failed = inputs.demand.demand_error is not None
        self.scarcity = {} if self.failed else inputs.demand.scarcity
        self.merge_artifacts(inputs, exclude=["mean", "tries", "demand_error"])
        self.prices = {
            name: (cost * Decimal(str(1 + self.margin + self.scarcity.get(name, 0)))).quantize(Decimal("0.01"))
            for name, cost in self.costs.items()
        }
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.prices = {i.city: i.prices for i in inputs}
        self.cities = [i.city for i in inputs]
        self.unpriced = [i.city for i in inputs if i.failed]
        self.merge_artifacts(inputs, include=["run_label"])
        self.next(self.reconcile)

    @step
    def reconcile(self, inputs):
        self.merge_artifacts(inputs, exclude=["warehouses"])
        self.order = [type(i).__name__ is not None and hasattr(i, "rate") for i in inputs]
        self.final = {
            (city, name): str((price * self.rate).quantize(Decimal("1")))
            for city, prices in self.prices.items()
            for name, price in prices.items()
        }
        self.next(self.end)

    @step
    def end(self):
        for (city, name), price in sorted(self.final.items()):
            print(f"{city:6} {name:5} {price:>6} {self.currency}")
        print("attempt", self.attempt, "leftover", self.leftover, "unpriced", self.unpriced)


if __name__ == "__main__":
    RepricingFlow()
