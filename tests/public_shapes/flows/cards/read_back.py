from metaflow import FlowSpec, card, current, step
from metaflow.cards import Table, get_cards
import pandas as pd


class ReadBackFlow(FlowSpec):
    """A card of a DataFrame, read by the step behind it."""

    @card(type='blank', timeout=60)
    @step
    def start(self):
        self.frame = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})
        current.card.append(Table.from_dataframe(self.frame))
        self.task = current.pathspec
        self.next(self.end)

    @step
    def end(self):
        for each in get_cards(self.task):
            print(len(each.get()), each.type)


if __name__ == '__main__':
    ReadBackFlow()
