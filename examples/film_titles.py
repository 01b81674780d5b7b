"""One task for each film title, with credentials that only the machine which runs a task knows."""

import os

from metaflow import FlowSpec, environment, step

# Read where the task runs, never where the flow is compiled: the output holds no secret.
CREDENTIALS = {
    "FILM_USER": os.environ.get("FILM_USER", "nobody"),
    "FILM_TOKEN": os.environ.get("FILM_TOKEN", ""),
}


class FilmTitlesFlow(FlowSpec):
    """Look up each title in a catalogue that wants a user name."""

    @environment(vars=CREDENTIALS)
    @step
    def start(self):
        self.titles = ["Metropolis", "The General", "Sunrise: A Song of Two Humans", "Nosferatu"]
        self.next(self.look_up, foreach="titles")

    @environment(vars=CREDENTIALS)
    @step
    def look_up(self):
        """`self.input` is the title of this task, `self.index` its place in the list."""
        self.user = os.environ["FILM_USER"]
        self.signed = bool(os.environ["FILM_TOKEN"])
        self.shelf = f"{self.index:03d}-{self.input.split()[0].strip(':').lower()}"
        self.next(self.index_cards)

    @step
    def index_cards(self, inputs):
        """The inputs come in the order of the titles, whichever task ended first."""
        self.shelves = [task.shelf for task in inputs]
        self.users = sorted({task.user for task in inputs})
        self.next(self.end)

    @step
    def end(self):
        print("\n".join(self.shelves))


if __name__ == "__main__":
    FilmTitlesFlow()
