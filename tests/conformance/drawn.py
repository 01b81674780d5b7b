"""`python -m tests.conformance.drawn [SEEDS]`: how many of the first generated flows hold each construct, in each combination."""

from __future__ import annotations

import sys
from collections import Counter

from tests.conformance.plan import draw

SEEDS = 1000


def drawn(seeds: int) -> Counter[str]:
    """How many flows of the seeds from 1 on have each trait."""
    return Counter(trait for seed in range(1, seeds + 1) for trait in draw(seed).traits)


def main() -> None:
    """Print them, the most frequent first."""
    for trait, flows in drawn(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS).most_common():
        sys.stdout.write(f"{flows:5} {trait}\n")


if __name__ == "__main__":
    main()
