"""Files that travel with the code, and are given by URL."""

import json
import os
from pathlib import Path

from metaflow import FlowSpec, IncludeFile, step

FOLDER = Path(__file__).parent / "data"


class IncludedFlow(FlowSpec):
    """Text, bytes, another encoding, a parser, none."""

    text = IncludeFile("text", default="data/colours.txt")
    data = IncludeFile("data", is_text=False, default=FOLDER / "latin.txt")
    latin = IncludeFile("latin", encoding="latin-1", default=os.path.join(os.path.dirname(__file__), "data", "latin.txt"))
    parsed = IncludeFile("parsed", default=str(FOLDER / "given.json"), parser=json.loads)
    by_name = IncludeFile("by-name", default=lambda context: f"data/{context.parameter_name}.json", parser="json.loads")
    nothing = IncludeFile("nothing")

    @step
    def start(self):
        self.lines = self.text.splitlines()
        self.next(self.end)

    @step
    def end(self):
        self.all = (self.text, self.data, self.latin, self.parsed, self.by_name, self.nothing)
