"""Parameters of every kind. Their text may hold anything: no shell, no template ever reads it."""

from metaflow import FlowSpec, JSONType, Parameter, step

# Each of these words means something to a program between the person who starts a run and the step.
HOSTILE = """it's "quoted" $HOME $(HOME) $$ `id` %s {{ 1 + 1 }} {{=1+1}} {% raw %} ${Ref} \\n & | ; * ~ é 漢 🎬"""


class ParametersFlow(FlowSpec):
    """Keep every parameter as an artifact, with its type."""

    title = Parameter("title", help="A text with a default.", default="The Third Man")
    year = Parameter("year", help="A whole number.", default=1949)
    rating = Parameter("rating", help="A number.", default=8.1)
    restored = Parameter("restored", help="Yes or no.", default=False)
    note = Parameter("note", help="A text that is hard to carry.", default=HOSTILE)
    lines = Parameter("lines", help="A text of several lines.", default="first\n\n  second\n")
    empty = Parameter("empty", help="An empty text is not the same as none.", default="")
    director = Parameter("director", help="No default: None unless it is given.", type=str)
    cast = Parameter("cast", help="JSON.", type=JSONType, default='{"Holly": "Cotten", "tags": ["noir", "{{x}}"]}')
    genres = Parameter("genres", help="May be given several times.", type=str, multiple=True, default=("noir", "a, b"))
    limits = Parameter("limits", help="JSON whose default is a dict.", type=JSONType, default={"min": 0, "max": None})
    budget = Parameter("max-budget", help="Its name on the command line has a hyphen.", type=float, default=0.5)

    SCALE = 10

    @step
    def start(self):
        self.kinds = {
            "title": type(self.title).__name__,
            "year": type(self.year).__name__,
            "rating": type(self.rating).__name__,
            "restored": type(self.restored).__name__,
            "director": type(self.director).__name__,
            "cast": type(self.cast).__name__,
            "genres": type(self.genres).__name__,
            "limits": type(self.limits).__name__,
            "budget": type(self.budget).__name__,
        }
        self.intact = self.note == HOSTILE
        self.next(self.end)

    @step
    def end(self):
        """Parameters and constants are read-only, and every step has them."""
        self.score = self.rating * self.SCALE
        self.rows = [self.title, self.year, self.lines, self.empty, self.cast["tags"], list(self.genres), self.limits]
        print(f"{self.title} ({self.year}): {self.score}")


if __name__ == "__main__":
    ParametersFlow()
