"""One flow that carries many texts at once, each by every way that leads from an author or a caller to a task."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from tests.conformance.engines import Engine
from tests.conformance.texts import TEXTS, mixture
from tests.engines import FlowCase, Outcome
from tests.engines.argo_tags import TagError, check_start

FLOW = "HostileFlow"
CANARY = "CANARY"
"""The file that a text would make if anything executed it."""
STEMS = ("{{workflow.name}} {% raw %}", 'it\'s $(id) $$ "x"', "new\nline: `touch CANARY`", "${JobQueue} é #x")
"""Names of the flow's file."""

_HEAD = """\
import os

import click

from flowc import Config, FlowSpec, IncludeFile, JSONType, Parameter, current, environment, step

TEXTS = {texts!r}
assert TEXTS[0]
AT_IMPORT = dict(os.environ)


class HostileFlow(FlowSpec):
    {doc!r}

{parameters}
    large = Parameter("large", default=TEXTS[0] * {times})
    filler = Parameter("filler", default="")
    everything = Parameter("everything", type=JSONType, default={everything!r})
    listed = Parameter("listed", multiple=True, default=())
    chosen = Parameter("chosen", type=click.Choice({texts!r}), default={last!r})
    settings = Config("settings", default_value={config!r})
    plain = Config("plain", plain=True, default={file!r})
    file = IncludeFile("file", default={file!r}, help={help!r})

    @environment(vars={variables!r})
    @step
    def start(self):
        {doc!r}
        self.given = {{name: getattr(self, name) for name in {given!r}}}
        self.defaults = {{name: getattr(self, name) for name in {defaults!r}}}
        self.variables = {{name: os.environ[name] for name in {names!r}}}
        self.early = {{name: AT_IMPORT[name] for name in {names!r}}}
        self.json = self.everything
        self.sizes = [self.large == TEXTS[0] * {times}, len(self.large), len(self.filler)]
        self.words = list(self.listed)
        self.choice = self.chosen
        self.config = [self.settings.to_dict(), self.plain, self.file]
        self.items = {items!r}
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.got = self.input
        self.next({{{cases}}}, condition="got")

    @step
    def one(self):
        self.arm = "one"
        self.next(self.met)

    @step
    def other(self):
        self.arm = "other"
        self.next(self.met)

    @step
    def met(self):
        self.stack = self.foreach_stack()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.came = [[each.got, each.arm, each.index] for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@dataclass(frozen=True, slots=True)
class Hostile:
    """A flow with the texts, what its run is given, and what its first step must see."""

    source: str
    parameters: Mapping[str, object]
    files: Mapping[str, str]
    seen: Mapping[str, object]
    came: Sequence[object]

    def case(self, folder: Path, stem: str = "hostile") -> FlowCase:
        """Written into a folder of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}.py").write_text(self.source, encoding="utf-8")
        for name, text in self.files.items():
            (folder / name).write_bytes(text.encode())
        return FlowCase(folder / f"{stem}.py", FLOW, self.parameters)


LARGE, GIVEN = 300_000, 65_536
"""Characters of a default, and of the JSON that a run is given."""
INNER = ("a\0b", "\0", "half \ud83d of a pair", "\udcff")
"""Texts that no environment and no command line can hold, but the code can."""


def _starts(text: str) -> bool:
    """Whether Argo's controller can read what it takes for expressions in the value of a parameter: else the run never begins."""
    try:
        check_start({"arguments": {"parameters": [{"value": text}]}, "volumes": [{"emptyDir": {}}]})
    except TagError:
        return "{{=" not in text
    return True


def hostile_flow(
    texts: Sequence[str], *, inner: Sequence[str] = INNER, file: str = "a file.sql", keys: int = 7
) -> Hostile:
    """The flow; the last `keys` of the texts are items and keys of a switch, of which the first takes an arm alone.

    What is `inner` is no value that the run is given, and no variable; nor is a text given with which Argo starts no run.
    """
    sent = [text for text in texts if _starts(text)]
    given = {f"g{at}": text for at, text in enumerate(sent)}
    code = [*texts, *inner]
    defaults = {f"d{at}": text for at, text in enumerate(code)}
    variables = {f"V{at}": text for at, text in enumerate(texts)}
    items = list(dict.fromkeys(code))[-keys:]
    config = {"a b": {str(at): text for at, text in enumerate(code)}, **{text: [text] for text in code}}
    content = "\n".join(texts)
    doc = "\n".join(texts) + "\n\0.md"
    times = LARGE // len(code[0]) + 1
    source = _HEAD.format(
        texts=list(dict.fromkeys(code)),
        doc=doc,
        parameters="\n".join(_declared(name, text) for name, text in (*given.items(), *defaults.items())),
        everything=json.dumps(texts),
        times=times,
        last=texts[-1],
        config=config,
        file=file,
        help=doc,
        variables=variables,
        names=list(variables),
        given=list(given),
        defaults=list(defaults),
        items=items,
        cases=", ".join(f"{item!r}: self.{'other' if at else 'one'}" for at, item in enumerate(items)),
    )
    everything = {"texts": sent, **dict.fromkeys(sent)}
    parameters: dict[str, object] = {**given, "everything": everything, "listed": sent, "chosen": texts[0]}
    parameters["filler"] = "x" * (GIVEN - len(json.dumps(parameters)))
    return Hostile(
        source,
        parameters,
        {file: content},
        {
            "given": given,
            "defaults": defaults,
            "variables": variables,
            "early": variables,
            "json": everything,
            "sizes": [True, len(code[0]) * times, len(str(parameters["filler"]))],
            "words": sent,
            "choice": texts[0],
            "config": [config, content, content],
        },
        [[item, "other" if at else "one", at] for at, item in enumerate(items)],
    )


def _declared(name: str, text: str) -> str:
    default = "unset" if name.startswith("g") else text
    return f"    {name} = Parameter({name!r}, default={default!r}, help={text!r})"


def lost(hostile: Hostile, outcome: Outcome) -> list[str]:
    """What is not as it was given, in words; nothing where every text came through."""
    if not outcome.success:
        return [f"the run failed:\n{outcome.log[-6000:]}"]
    store, run = open_store(outcome.store), RunAddress(outcome.flow, outcome.run_id)
    start, join = (read(store, run.task(name, "-")) for name in ("start", "join"))
    found = [
        f"{name}: {want!r} is {got!r}"
        for artifact, wanted in hostile.seen.items()
        for name, want, got in _pairs(artifact, wanted, start[artifact])
        if want != got
    ]
    return found + ([] if join["came"] == hostile.came else [f"items: {hostile.came!r} are {join['came']!r}"])


def _pairs(name: str, want: object, got: object) -> list[tuple[str, object, object]]:
    if isinstance(want, dict) and isinstance(got, dict) and list(want) == list(got):
        return [(f"{name}.{key}", want[key], got[key]) for key in want]
    return [(name, want, got)]


def canaries(*folders: Path) -> list[Path]:
    """Files that nobody should have made."""
    return [path for folder in folders for path in folder.rglob(CANARY)]


def texts(seed: int) -> tuple[str, ...]:
    """All texts of the table, and as many that chance put together."""
    rng = random.Random(seed)
    return tuple(dict.fromkeys((*TEXTS, *(mixture(rng) for _ in TEXTS))))


def carried(hostile: Hostile, seed: int, engines: Mapping[str, Engine], folder: Path, here: Path) -> list[str]:
    """What the engines lost or executed."""
    found: list[str] = []
    for name, engine in engines.items():
        outcome = engine(hostile.case(folder / name / "code", STEMS[seed % len(STEMS)]), folder / name)
        found += [f"{name}: {told}" for told in lost(hostile, outcome)]
    return found + [f"executed: {path}" for path in canaries(folder, here)]
