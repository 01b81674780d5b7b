"""One flow, run under bad luck and resumed until it is done."""

from __future__ import annotations

import os
import random
import shutil
import sys
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flowc.artifacts.address import RunAddress
from flowc.store import open_store

from tests.conformance.sharing import FORMS, sharing
from tests.engines import FlowCase
from tests.engines.local import shared_words
from tests.soak import damage
from tests.soak.bucket import Bucket
from tests.soak.flows import FLOW, SoakFlow, draw
from tests.soak.judge import Left, faults, read_back, unexplained
from tests.soak.processes import Killer, ended, left_behind

UNLUCKY = Path(__file__).parent / "unlucky"
KINDS = ("processes", "disk", "disk and processes", "bucket", "bucket and processes", "damage")
MOST_ROUNDS = 6
_WENT_WRONG = frozenset((1, 2))
_WAS_KILLED = frozenset((-2, -9, -15, 130, 137, 143))


@dataclass
class Tally:
    """What was injected and what came of it; `wrong` are the verdicts, each with what is needed to see it again."""

    injected: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def _shares(flow: SoakFlow, seed: int) -> list[list[str]]:
    """The options by which tasks of a flow share processes, in each form that says anything of it."""
    found = [sharing(FlowCase(flow.path, FLOW), form, seed) for form in FORMS]
    return [shared_words(case) for case in found if case]


class Trial:
    """A seed's flow under one kind of bad luck."""

    def __init__(self, seed: int, kind: str, folder: Path, bucket: Bucket) -> None:
        self.seed, self.kind, self.folder, self.bucket = seed, kind, folder, bucket
        self.dice, self.tally = random.Random(f"{seed} {kind}"), Tally()
        self.flow: SoakFlow = draw(seed, folder / "code")
        self.shares = [[], *_shares(self.flow, seed)]
        self.store = bucket.make() if "bucket" in kind else f"file:{folder / 'store'}"

    def run(self) -> Tally:
        """Run it undisturbed, then with bad luck, then resume it until it is done, at last undisturbed; judge each."""
        wanted = self._undisturbed()
        if wanted is None:
            return self.tally
        for number in range(MOST_ROUNDS + 1):
            is_last = number == MOST_ROUNDS
            if self._round(number, wanted, is_calm=is_last):
                self.tally.did["flows done"] += 1
                return self.tally
            if self.kind == "damage" and not is_last:
                self._damage()
        self._wrong(f"lost: it does not come to its end, though nothing disturbs it any more\n{self._log(MOST_ROUNDS)}")
        return self.tally

    def _undisturbed(self) -> Left | None:
        calm = f"file:{self.folder / 'calm'}"
        code, log = ended(self._command(calm, "calm", None), self._environment({}), self.folder, self._mark(), None)
        if code != 0:
            self._wrong(f"undisturbed it ends with {code}\n{log}")
            return None
        return read_back(open_store(calm), "calm")

    def _round(self, number: int, wanted: Left, *, is_calm: bool) -> bool:
        """One run, or the next that goes on from it; True where it was a success."""
        run, mark = f"r{number}", self._mark()
        command = self._command(self.store, run, self._newest(number))
        killer = (
            Killer(self.dice.randrange(1 << 30), self.dice.choice((0.1, 0.4)), 40)
            if "processes" in self.kind and not is_calm
            else None
        )
        killer = Killer(self.dice.randrange(1 << 30), 0.8, 3) if self.kind == "damage" and not is_calm else killer
        counted = self.folder / "counted"
        self._luck(self.dice.choice((0.1, 0.3)) if not is_calm else 0)
        code, log = ended(command, self._environment(self._disk(counted, is_calm=is_calm)), self.folder, mark, killer)
        left = left_behind(mark)
        (self.folder / f"{run}.log").write_text(log)
        self.tally.injected += self._luck(0)
        if killer:
            self.tally.injected += killer.counts
        if counted.exists():
            self.tally.injected += Counter(f"disk: {kind}" for kind in counted.read_text().split())
            counted.unlink()
        self.tally.did["runs"] += 1
        self.tally.did["runs resumed"] += "--resume" in command
        self.tally.did["runs whose tasks share processes"] += bool({"--fuse", "--chunk"} & set(command))
        self._judge(run, code, log, left, wanted, was_killed=killer is not None or "disk" in self.kind)
        return code == 0

    def _judge(self, run: str, code: int | None, log: str, left: list[str], wanted: Left, *, was_killed: bool) -> None:
        found = [f"hung: {run} does not end"] if code is None else []
        found += [f"left behind: {run}: {command}" for command in left]
        found += unexplained(
            code, log, run, frozenset((0, *_WENT_WRONG)) | (_WAS_KILLED if was_killed else frozenset())
        )
        there = read_back(open_store(self.store), run)
        self.tally.did["tasks read back"] += len(there.tasks)
        found += faults(there, wanted, run, is_whole=code == 0)
        for each in found:
            self._wrong(f"{each}\n{log[-4000:]}")

    def _damage(self) -> None:
        """Damage an object of the newest run, and let the product mend what it can."""
        run = self._newest(MOST_ROUNDS)
        if run is None:
            return
        folder = self.folder / "store" / RunAddress(FLOW, run).folder
        kind = damage.strike(folder, self.dice)
        if not kind:
            return
        self.tally.injected[f"file: {kind}"] += 1
        command = [sys.executable, "-P", "-m", "compiler", "verify", "--store", self.store, "--repair", "--ended"]
        code, log = ended([*command, f"{FLOW}/{run}"], self._environment({}), self.folder, self._mark(), None)
        # What nothing refers to any more nobody can miss: the manifest of a last task, or a blob of an attempt that failed.
        if code == 1:
            self.tally.did["damage told and repaired"] += 1
        elif code != 0 or "turned" in kind or "cut" in kind:
            self._wrong(f"unexplained: {run}: {kind}, and verify ends with {code}\n{log}")

    def _newest(self, number: int) -> str | None:
        """The newest run before that number that has got as far as its claim."""
        store = open_store(self.store)
        for before in range(number - 1, -1, -1):
            if store.size(f"{RunAddress(FLOW, f'r{before}').folder}/_run.json") is not None:
                return f"r{before}"
        return None

    def _command(self, store: str, run: str, origin: str | None) -> list[str]:
        command = [sys.executable, "-P", "-m", "compiler", "run", "--store", store, "--run-id", run]
        command += [
            "--max-workers",
            str(self.dice.choice((1, 3, 8))),
            *(["--resume", origin, "--force"] if origin else []),
            *self.dice.choice(self.shares),
        ]
        return [*command, str(self.flow.path)]

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
        return {**kept, "HOME": str(self.folder), "USER": "soak", **self.bucket.environment, **more}

    def _disk(self, counted: Path, *, is_calm: bool) -> dict[str, str]:
        if "disk" not in self.kind or is_calm:
            return {}
        share = self.dice.choice((0.005, 0.02))
        chances = f"full={share};broken={share / 2};refused={share / 2};killed={share / 2}"
        return {"PYTHONPATH": str(UNLUCKY), "SOAK_DISK": f"{counted};{chances}"}

    def _luck(self, rate: float) -> Counter[str]:
        return self.bucket.luck(self.store, rate) if "bucket" in self.kind else Counter()

    def _mark(self) -> str:
        return uuid.uuid4().hex

    def _log(self, number: int) -> str:
        return (self.folder / f"r{number}.log").read_text()[-4000:]

    def _wrong(self, verdict: str) -> None:
        self.tally.wrong.append(f"seed {self.seed}, {self.kind}: {verdict}")

    def clean(self) -> None:
        """Remove what a trial without faults has left."""
        shutil.rmtree(self.folder, ignore_errors=True)
