"""Ein Ablauf auf Deutsch — мир, 世界, 🌍."""

from metaflow import FlowSpec, Parameter, step


class WetterFlow(FlowSpec):
    """Grüße an alle: „Anführungszeichen“, ½ und €."""

    stadt = Parameter("stadt", default="Köln", help="Name der Stadt – mit Umlaut")
    größe = 3

    @step
    def start(self):
        self.übersicht = {"東京": 21.5, self.stadt: 18.0}
        self.next(self.bericht)

    @step
    def bericht(self):
        for ort, grad in self.übersicht.items():
            print(f"{ort:<{self.größe * 4}} {grad:>6.1f} °C")
        self.next(self.end)

    @step
    def end(self):
        self.wärmster = max(self.übersicht, key=self.übersicht.__getitem__)


if __name__ == "__main__":
    WetterFlow()
