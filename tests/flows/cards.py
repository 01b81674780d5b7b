from metaflow import FlowSpec, Parameter, card, current, get_cards, step
from metaflow.cards import Artifact, Error, Image, Markdown, MetaflowCard, ProgressBar, PythonCode, Table, ValueBox
from metaflow.cards import VegaChart

HOSTILE = "<script>alert(1)</script> & \"quotes\" {{ x }} ${y} é"
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


class CountingCard(MetaflowCard):
    """A card type of the flow's own."""

    type = "counting"

    def render(self, task):
        return f"<p>{len(task.data.films)} films at {task.pathspec.split('/')[2]}</p>"


class CardsFlow(FlowSpec):
    """Films, shown on cards."""

    title = Parameter("title", default=HOSTILE)

    @card
    @card(type="blank", id="films", options={"title": "Films & more"})
    @card(type="counting", id="count")
    @card(type="nowhere", id="missing")
    @step
    def start(self):
        self.films = ["Metropolis", "M", HOSTILE]
        self.pages = sorted(name for name in ("films", "count") if name in current.card)
        current.card.append(Markdown(f"# All went *well*\n\n- one `{HOSTILE}`\n- two\n\n| a | b |\n|---|---|\n| 1 | **2** |"))
        current.card.append(ValueBox("Films", len(self.films), theme="success"))
        films = current.card["films"]
        films.append(Table([[film, Markdown("*seen*")] for film in self.films], headers=["film", "state"]), id="table")
        films.append(Image(DOT, label="a dot"))
        films.append(Artifact({"a": [1, 2]}, name="data"))
        films.append(Error(ValueError(HOSTILE)))
        films.append(PythonCode(code_string="x = 1 < 2"))
        bar = ProgressBar(max=3, label="reading")
        films.append(bar)
        for place in range(4):
            bar.update(place)
            films.refresh()
        films.append(
            VegaChart(
                {
                    "title": "Lengths",
                    "mark": "bar",
                    "data": {"values": [{"film": film, "length": len(film)} for film in self.films]},
                    "encoding": {
                        "x": {"field": "film", "type": "nominal"},
                        "y": {"field": "length", "type": "quantitative"},
                    },
                }
            )
        )
        self.ids = films.components.keys()
        self.next(self.each, foreach="films")

    @card(type="blank")
    @step
    def each(self):
        current.card.append(Markdown(f"**{self.input}**"))
        self.length = len(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.lengths = [each.length for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        run = f"{current.flow_name}/{current.run_id}"
        cards = get_cards(f"{run}/start/-")
        self.found = [(found.type, found.id) for found in cards]
        self.count = get_cards(f"{run}/start/-", id="count")[0].get()
        pages = [found.get() for found in cards] + [get_cards(f"{run}/each/2")[0].get()]
        self.is_escaped = [HOSTILE in page or "<script" in page for page in pages] == [False] * 5
        self.reasons = "no card type" in pages[3]
        self.is_told = "could not be made" in current.run["start"].task.stderr


if __name__ == "__main__":
    CardsFlow()
