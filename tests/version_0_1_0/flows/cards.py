"""Cards of several types and with many components."""

from metaflow import FlowSpec, card, current, get_cards, step
from metaflow.cards import Artifact, Error, Image, JSONViewer, Markdown, MetaflowCard, ProgressBar, PythonCode, Table
from metaflow.cards import EventsTimeline, ValueBox, VegaChart, YAMLViewer

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


class CountingCard(MetaflowCard):
    """A card type of the flow's own."""

    type = "counting"

    def render(self, task):
        return f"<p>{len(task.data.films)} films</p>"


class CardsFlow(FlowSpec):
    """Films on cards."""

    @card
    @card(type="blank", id="films", options={"title": "Films & more"})
    @card(type="counting", id="count")
    @step
    def start(self):
        self.films = ["Metropolis", "<b>M</b>"]
        current.card.append(Markdown("# All went *well*\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | **2** |"))
        current.card.append(ValueBox("Films", 2, theme="success"))
        films = current.card["films"]
        films.append(Table([[film, Markdown("*seen*")] for film in self.films], headers=["film", "state"]), id="table")
        films.append(Image(DOT, label="a dot"))
        films.append(Artifact({"a": [1, 2]}, name="data"))
        films.append(Error(ValueError("an error")))
        films.append(PythonCode(code_string="x = 1 < 2"))
        films.append(ProgressBar(max=3, label="reading", value=2))
        films.append(JSONViewer({"a": 1}))
        films.append(YAMLViewer("a: 1"))
        timeline = EventsTimeline(title="what happened")
        timeline.update({"event": "first"})
        films.append(timeline)
        films.append(
            VegaChart(
                {
                    "mark": "bar",
                    "data": {"values": [{"film": film, "length": len(film)} for film in self.films]},
                    "encoding": {
                        "x": {"field": "film", "type": "nominal"},
                        "y": {"field": "length", "type": "quantitative"},
                    },
                }
            )
        )
        self.part = Markdown("*kept*")
        self.parts = films.components
        self.ids = films.components.keys()
        self.next(self.end)

    @card(type="blank")
    @step
    def end(self):
        current.card.append(Markdown(f"**{len(self.films)}**"))
        self.pages = get_cards(f"{current.flow_name}/{current.run_id}/start/-")


if __name__ == "__main__":
    CardsFlow()
