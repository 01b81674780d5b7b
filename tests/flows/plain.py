import os

from metaflow import FlowSpec, card, catch, current, environment, get_cards, step


class PlainFlow(FlowSpec):
    """Steps that get decorators from the call."""

    @card(id="own")
    @step
    def start(self):
        assert current.retry_count == 1, "the call adds @retry"
        self.cards = [each.type for each in current.card.cards]
        self.variable = os.environ["A"]
        self.next(self.own)

    @environment(vars={"A": "own"})
    @catch(var="failure")
    @step
    def own(self):
        self.variables = [self.variable, os.environ["A"]]
        self.retried = current.retry_count
        raise ValueError("caught after the last attempt")
        self.next(self.end)

    @step
    def end(self):
        assert current.retry_count == 1
        self.ids = [found.id for found in get_cards(f"{current.flow_name}/{current.run_id}/start/-")]


if __name__ == "__main__":
    PlainFlow()
