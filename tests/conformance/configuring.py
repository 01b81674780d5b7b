"""A Config of a generated flow: where its value comes from, and how steps, decorators, defaults and switches use it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass

from compiler.ir.flow import Value
from tests.conformance.acts import Running
from tests.conformance.dice import chance
from tests.conformance.texts import GivenParameter, draw_keys, hostile

NAME = "settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """The Config `settings`: its declaration, the files and values that are given with it, and what steps must see.

    `bare`: the class body in which decorators stand can name it.
    """

    declaration: str
    files: Mapping[str, str]
    given: Mapping[str, Value]
    values: Mapping[str, Value]
    bare: bool

    def spelled(self, key: str, rng: random.Random) -> str:
        """A value as it stands in a decorator."""
        return f"{NAME}.{key}" if self.bare and chance(rng, 0.5) else f'config_expr("{NAME}.{key}")'

    def is_key(self, value: object) -> bool:
        """Whether a switch's key is the one that the Config holds."""
        return type(value) is type(self.values["key"]) and value == self.values["key"]


def draw_settings(rng: random.Random, flow: str, *, bare: bool) -> Settings:
    """From a file beside the flow, from a default in it, or given when it is compiled."""
    values, other = _values(rng), _values(rng)
    way = rng.choice(("file", "default", "given"))
    if way == "file":
        file = f"{flow.lower()}.json"
        return Settings(
            f'Config("{NAME}", default="{file}")', {file: json.dumps(values, ensure_ascii=False)}, {}, values, bare
        )
    default = json.dumps(other if way == "given" else values)
    given: Mapping[str, Value] = {NAME: values} if way == "given" else {}
    return Settings(f'Config("{NAME}", default_value={default!r})', {}, given, values, bare)


def _values(rng: random.Random) -> dict[str, Value]:
    (key,) = draw_keys(rng, 1)
    assert key is None or isinstance(key, str | int)
    return {
        "text": hostile(rng),
        "key": key,
        "times": 1,
        "nested": {"list": [1, None, {"a b": hostile(rng)}], "x": 0.5},
    }


@dataclass(frozen=True, slots=True)
class Configured:
    """What a step sees of the Config: an attribute, an item, or what lies deeper."""

    step: str
    source: str
    value: object

    @property
    def name(self) -> str:
        """The artifact."""
        return f"set_{self.step}"

    def lines(self) -> list[str]:
        return [f"self.{self.name} = {self.source}"]

    def apply(self, task: Running) -> None:
        task.state[self.name] = self.value


def defaulted(settings: Settings, rng: random.Random) -> GivenParameter:
    """A parameter whose default the Config has."""
    is_given, given = chance(rng, 0.3), hostile(rng)
    expected = given if is_given else settings.values["text"]
    # It stands where the Config does, so that it can always name it.
    spelled = rng.choice((f"{NAME}.text", f'config_expr("{NAME}.text")'))
    return GivenParameter(
        "par_set",
        "par_set",
        f"Parameter('par_set', default={spelled})",
        is_given,
        given if is_given else None,
        expected,
    )


def configured(settings: Settings, step: str, rng: random.Random) -> Configured:
    """One of the ways to read it."""
    values = settings.values
    nested = values["nested"]
    assert isinstance(nested, Mapping)
    ways: tuple[tuple[str, object], ...] = (
        (f"self.{NAME}.text", values["text"]),
        (f'self.{NAME}["key"]', values["key"]),
        (f"self.{NAME}.nested.x", nested["x"]),
        (f'self.{NAME}.nested["list"]', nested["list"]),
        (f'self.{NAME}.get("missing", 7), len(self.{NAME})', (7, len(values))),
    )
    source, value = rng.choice(ways)
    return Configured(step, source, value)
