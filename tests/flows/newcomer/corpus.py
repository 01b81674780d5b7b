"""Keyword counts of a small corpus, with awkward settings."""

import os
import textwrap

from flowc import FlowSpec, JSONType, Parameter, environment, step

CORPUS = """\
The quick brown fox jumps over the lazy dog; the dog sleeps.
Ein Fuchs, zwei Füchse: naïve café — 狐 {{x}} %s %(y)s ${Z}.
$HOME is where the $(PATH) ends, "quoted" and 'quoted' \\ back.
"""


class Keyword:
    """A word and where it stands."""

    def __init__(self, word):
        self.word = word
        self.lines = []

    def __eq__(self, other):
        return isinstance(other, Keyword) and vars(self) == vars(other)

    def __repr__(self):
        return f"Keyword({self.word!r}, {self.lines})"


class CorpusFlow(FlowSpec):
    """Count words.

    Also: a second paragraph, with {{braces}} and "quotes".
    """

    n = Parameter("n", help="Keep the n most frequent words.", type=int, default=5)
    template = Parameter("template", help="Printed {{before}} the result.", default='{{x}} $HOME $(PATH) "')
    ratio = Parameter("ratio", type=float, default=0.5)
    lower = Parameter("lower", help="Ignore case.", type=bool, default=True)
    options = Parameter("options", type=JSONType, default='{"stop": ["the", "is"], "min": 2}')
    motto = Parameter("motto", required=False, default="", help="100% of it")

    @step
    def start(self):
        self.lines = CORPUS.splitlines()
        self.given = [self.n, self.template, self.ratio, self.lower, self.options, self.motto]
        self.next(self.count, self.wrap)

    @environment(
        vars={
            "HOSTILE": "{{workflow.name}} $HOME $(PATH) ${X} `id` \" ' \\ %d {% if %} é",
            "EMPTY": "",
            "LINES": "a\nb\tc\n",
            "YES": "yes",
            "NUMBER": "007",
        }
    )
    @step
    def count(self):
        self.seen = {k: os.environ.get(k) for k in ("HOSTILE", "EMPTY", "LINES", "YES", "NUMBER")}
        self.keywords = {}
        for number, line in enumerate(self.lines, 1):
            for word in (line.lower() if self.lower else line).split():
                word = word.strip(".,;:")
                if len(word) >= self.options["min"] and word not in self.options["stop"]:
                    self.keywords.setdefault(word, Keyword(word)).lines.append(number)
        self.top = sorted(self.keywords.values(), key=lambda k: (-len(k.lines), k.word))[: self.n]
        self.next(self.explain, foreach="top")

    @step
    def explain(self):
        self.keyword = self.input
        self.note = f"{self.index}: {self.keyword.word} in {self.keyword.lines}"
        self.next(self.notes)

    @step
    def notes(self, inputs):
        self.notes_ = [i.note for i in inputs]
        self.best = inputs[0].keyword
        self.seen = inputs[0].seen
        self.next(self.both)

    @step
    def wrap(self):
        self.wrapped = textwrap.fill(" ".join(self.lines), width=int(80 * self.ratio))
        self.lines = [line[::-1] for line in self.lines]
        self.next(self.both)

    @step
    def both(self, inputs):
        self.merge_artifacts(inputs)
        self.first = [hasattr(i, "best") for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.template, self.notes_)
        print(self.wrapped)
        print(repr(self.given), self.seen)


if __name__ == "__main__":
    CorpusFlow()
