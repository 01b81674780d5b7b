"""`python -m tests.conformance.fuzz [SEED]`: new flows on every engine, one after the other, until it is interrupted."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path

from tests.conformance.engines import all_engines
from tests.conformance.generator import generate
from tests.conformance.judge import judge_generated

MAX_TASKS = 14


def main() -> int:
    """Print each seed; stop at the first one that differs, or at an interrupt."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000 + secrets.randbelow(10**9)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, all_engines() as engines:
        while True:
            sys.stdout.write(f"seed {seed}: ")
            sys.stdout.flush()
            if differences := judge_generated(generate(seed, max_tasks=MAX_TASKS), engines, Path(folder, str(seed))):
                sys.stdout.write("differs\n" + "\n".join(differences) + "\n")
                return 1
            sys.stdout.write(f"the same on {', '.join(engines)}\n")
            seed += 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
