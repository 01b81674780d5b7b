import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from metaflow import FlowSpec, Parameter, card, current, step
from metaflow.cards import Artifact, Image, Markdown, Table, VegaChart


def figure(values):
    fig, ax = plt.subplots(figsize=(6, 4))
    ax.plot(values)
    return fig


class PlotsFlow(FlowSpec):
    points = Parameter("points", default=20)

    @card(id="plots", type="blank")
    @card(id="summary")
    @step
    def start(self):
        self.values = [n**0.5 for n in range(self.points)]
        board = current.card["plots"]
        board.append(Markdown("# Roots"))
        board.append(Image.from_matplotlib(figure(self.values)))
        spec = {"mark": "line", "encoding": {"x": {"field": "x"}, "y": {"field": "y"}}}
        spec["data"] = {"values": [{"x": x, "y": y} for x, y in enumerate(self.values)]}
        board.append(VegaChart(spec))
        board.extend([Artifact(self.values, name="values"), Table([[Markdown("a"), "b"], [1, 2]])])
        self.next(self.end)

    @card
    @step
    def end(self):
        print(len(self.values))


if __name__ == "__main__":
    PlotsFlow()
