"""Every object of names.json in an artifact of its own: in a list, since functions alone are not saved."""

import base64
import json
import pickle
from pathlib import Path

from flowc import FlowSpec, step


class NamesFlow(FlowSpec):
    """Names in pickles."""

    @step
    def start(self):
        rows = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))
        vars(self).update({row["artifact"]: [pickle.loads(base64.b64decode(row["pickle"]))] for row in rows})
        self.next(self.end)

    @step
    def end(self):
        print("kept")


if __name__ == "__main__":
    NamesFlow()
