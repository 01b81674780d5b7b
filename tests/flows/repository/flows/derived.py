"""A flow whose bases lie in another root of the repository, under other names."""

import os
import sys

try:
    from dotenv import load_dotenv

    load_dotenv()
except ImportError:
    load_dotenv = None

HERE = os.getcwd()
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src"))
os.environ["MADE_AT_IMPORT"] = "made"
os.environ.pop("AWS_PROFILE", None)
os.chdir("/")

import shared.bases as bases
from metaflow import *
from shared import SIZES, Ready, often

again = often


def note(flow, name, value):
    """A helper that sets an artifact."""
    setattr(flow, name, value)


class DerivedFlow(Ready, bases.Counted):
    """The last steps are its own."""

    @resources(**SIZES["small"])
    @step
    def join(self, inputs):
        self.counts = [each.counted for each in inputs]
        note(self, "noted", self.unit)
        self.next(self.end)

    @again
    @step
    def end(self):
        assert current.retry_count == 1, "the first attempt fails"
        self.seen = (self.counts, self.noted, os.environ["MADE_AT_IMPORT"], os.getcwd(), self.times)
