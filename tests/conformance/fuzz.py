"""`python -m tests.conformance.fuzz [SEED [MAX_TASKS]]`: new flows on every engine, one after the other, until it is interrupted."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path

from tests.conformance.engines import all_engines, target_of
from tests.conformance.generator import generate
from tests.conformance.judge import judge_generated
from tests.conformance.plan import MAX_STEPS, runs_on

MAX_TASKS = 14


def main() -> int:
    """Print each seed; stop at the first one that differs, or at an interrupt."""
    given = [int(word) for word in sys.argv[1:]]
    seed = given[0] if given else 10_000 + secrets.randbelow(10**9)
    max_tasks = given[1] if len(given) > 1 else MAX_TASKS
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, all_engines() as engines:
        while True:
            sys.stdout.write(f"seed {seed}: ")
            sys.stdout.flush()
            flow = generate(seed, max_tasks=max_tasks, max_steps=MAX_STEPS)
            able = {name: engine for name, engine in engines.items() if runs_on(flow, target_of(name))}
            if differences := judge_generated(flow, able, Path(folder, str(seed))):
                sys.stdout.write("differs\n" + "\n".join(differences) + "\n")
                return 1
            sys.stdout.write(f"the same on {', '.join(able)}\n")
            seed += 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
