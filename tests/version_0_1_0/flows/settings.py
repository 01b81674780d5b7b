"""Parameters of every kind, a Config and an IncludeFile, in a flow without branches."""

import hashlib
import pickle
from typing import NamedTuple

from flowc import Config, ConfigValue, FlowSpec, IncludeFile, JSONType, Parameter, step
from flowc.exceptions import MetaflowException


class Film(NamedTuple):
    """A value of a class of the flow's own file."""

    name: str
    year: int


class Outside:
    """Its bytes lie outside of its pickle; it is a bytearray when it is loaded."""

    def __init__(self, data):
        self.data = data

    def __reduce_ex__(self, protocol):
        return bytearray, (pickle.PickleBuffer(self.data),)


def noise(size):
    """Bytes that no codec makes smaller."""
    return b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(size // 32))


class SettingsFlow(FlowSpec):
    """Settings."""

    settings = Config("settings", default="settings.json")
    note = Config("note", default_value="it's {{x}} $HOME", plain=True)
    words = IncludeFile("words", default="words.txt")
    count = Parameter("count", default=3)
    rate = Parameter("rate", default=settings.model.rate)
    title = Parameter("title", default='a "b" é 🎬')
    is_dry = Parameter("is-dry", default=False)
    extra = Parameter("extra", type=JSONType, default={"a": [1, None, {"b": True}]})
    many = Parameter("many", type=int, multiple=True, default=(1, 2))
    constant = ("c", 1)

    @step
    def start(self):
        self.kept = self.settings
        self.model = self.settings.model
        self.kind = ConfigValue
        self.lines = self.words.splitlines()
        self.values = [1, 2.5, "é", None, True, b"\x00", {1, 2}, (3,), {"a": [1]}, range(3)]
        self.large = "long " * 20_000
        self.noise = noise(70_000)
        self.outside = [Outside(b"outside" * 10_000), "inside"]
        self._hidden = "hidden"
        print("out é")
        self.next(self.middle)

    @step
    def middle(self):
        self.given = (self.count, self.rate, self.title, self.is_dry, self.extra, list(self.many), self.note)
        try:
            self.settings["x"] = 1
        except TypeError as error:
            self.refused = error
        self.own = MetaflowException("of the author's")
        self.film = Film("M", 1931)
        self.next(self.end)

    @step
    def end(self):
        self.same = (self.kept == self.settings, self.kept.model.layers[2].kind, bytes(self.outside[0][:7]))


if __name__ == "__main__":
    SettingsFlow()
