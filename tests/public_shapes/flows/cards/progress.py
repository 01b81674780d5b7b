import time

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, ProgressBar


class ProgressFlow(FlowSpec):
    @card(type="blank")
    @step
    def start(self):
        text = Markdown("starting")
        bar = ProgressBar(max=10, label="epochs")
        current.card.append(text)
        current.card.append(bar)
        for epoch in range(10):
            time.sleep(0.0)
            bar.update(epoch + 1)
            text.update(f"epoch {epoch}")
            current.card.refresh()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ProgressFlow()
