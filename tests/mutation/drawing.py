"""Mutants of generated and written flows, by a seed."""

from __future__ import annotations

import random
from pathlib import Path

from tests.conformance.generator import generate
from tests.mutation.mutants import Mutant, mutate

EXAMPLES = ("linear", "branch", "nested_split", "model_search", "two_foreaches", "retry_and_catch", "parameters")
FLOWS = ("deep", "items", "merging", "several", "values")
ROOT = Path(__file__).resolve().parents[2]


def drawn(seed: int) -> Mutant:
    """The mutant of a seed."""
    rng = random.Random(seed)
    while True:
        mutant = mutate(source(rng), rng)
        if mutant is not None:
            return mutant


def source(rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < 0.4:
        return generate(rng.randrange(1, 2_000)).source
    if drawn < 0.8:
        return (ROOT / "examples" / f"{rng.choice(EXAMPLES)}.py").read_text(encoding="utf-8")
    return (ROOT / "tests" / "flows" / f"{rng.choice(FLOWS)}.py").read_text(encoding="utf-8")
