"""The sample: seeds that follow from a text, by default the commit's id, so that every commit tries flows and mutants of its own.

`python -m tests.conformance.sample [SAMPLE]` prints the text that is meant; `make sample` hands it to every worker.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

FORM, SAMPLE, SEED = "FLOWC_CONFORMANCE", "FLOWC_SAMPLE", "FLOWC_SEED"
"""The environment's variables, which all workers of one run share: which form it is, its sample, and the only seed if one is meant."""
BEYOND = 10_000
"""No sampled seed is as low: the seeds of the default suite and of the long forms lie below it."""
RANGE = 1_000_000_000
ROOT = Path(__file__).resolve().parents[2]


def form(environment: Mapping[str, str]) -> str:
    """Which form of the suite an environment names: `short`, `sample` or `long`."""
    return environment.get(FORM) or "short"


class NoSampleError(Exception):
    """Nothing names a sample."""


def first_seed(sample: str) -> int:
    """Where the seeds of a sample begin: the same number on every machine, above all fixed seeds."""
    digest = hashlib.sha256(sample.encode()).digest()
    return BEYOND + int.from_bytes(digest[:8], "big") % RANGE


def named_sample() -> str:
    """The sample that the environment names; raises NoSampleError where it names none."""
    if found := os.environ.get(SAMPLE, "").strip():
        return found
    raise NoSampleError(f"{SAMPLE} is not set: `make sample` sets it, from SAMPLE=… or the commit's id")


def commit(root: Path = ROOT) -> str:
    """The id of the commit that is checked out; raises NoSampleError where there is none to be found."""
    try:
        asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoSampleError(f"no commit to take the sample from ({error}): name one, make sample SAMPLE=…") from error
    return asked.stdout.strip()


def told(environment: Mapping[str, str]) -> str | None:
    """What a run of the sample, or of one seed, says of itself; None where the run is of another form."""
    if form(environment) != "sample":
        return None
    if seed := environment.get(SEED):
        return f"sample: only seed {seed} (again: make sample SEED={seed})"
    sample = environment.get(SAMPLE, "")
    return f"sample: {sample} (again: make sample SAMPLE={sample})"


@contextmanager
def seed_named(seed: int) -> Iterator[None]:
    """Whatever is raised says which seed it was, and how it is repeated."""
    try:
        yield
    except Exception as error:
        error.add_note(f"seed {seed}, {again(seed)}")
        raise


def again(seed: int) -> str:
    """The command that repeats one seed."""
    return f"alone: make sample SEED={seed}"


def main() -> int:
    """Print the sample of the arguments, of the environment, or of the commit."""
    given = " ".join(sys.argv[1:]).strip() or os.environ.get(SAMPLE, "").strip()
    try:
        sys.stdout.write(f"{given or commit()}\n")
    except NoSampleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
