"""`python -m tests.soak [SEED [SECONDS [WORKERS]]]`: trial after trial until the time is over or it is interrupted.

The exit code is 1 where anything was wrong, and where nothing was injected.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import count
from pathlib import Path

from tests.soak.bucket import Bucket
from tests.soak.judge import VERDICTS
from tests.soak.trial import KINDS, Tally, Trial

SECONDS, WORKERS = 600.0, 4


def main() -> int:
    """Print each fault as it is found, and the counts at the end, also after an interrupt."""
    given = sys.argv[1:]
    seed = int(given[0]) if given else secrets.randbelow(10**9)
    seconds = float(given[1]) if len(given) > 1 else SECONDS
    workers = int(given[2]) if len(given) > 2 else WORKERS
    total, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        bucket = Bucket(seed)
        os.environ.update(bucket.environment)  # what is read back is read in this process
        try:
            for tally in _trials(seed, Path(folder), bucket, began + seconds, workers):
                for each in tally.wrong:
                    sys.stdout.write(f"{each}\n\n")
                sys.stdout.flush()
                total.injected += tally.injected
                total.did += tally.did
                total.wrong += tally.wrong
        except KeyboardInterrupt:
            sys.stdout.write("interrupted\n")
        finally:
            bucket.close()
    sys.stdout.write(report(total, seed, time.monotonic() - began))
    return 1 if total.wrong or not total.injected else 0


def _trials(seed: int, folder: Path, bucket: Bucket, until: float, workers: int) -> Iterator[Tally]:
    """Trials side by side, each kind in turn; none is begun when the time is over."""
    numbers, running = count(), set[Future[Tally]]()
    with ThreadPoolExecutor(workers) as pool:
        while running or time.monotonic() < until:
            while len(running) < workers and time.monotonic() < until:
                running.add(pool.submit(_one, seed, next(numbers), folder, bucket))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)


def _one(seed: int, number: int, folder: Path, bucket: Bucket) -> Tally:
    trial = Trial(seed + number // len(KINDS), KINDS[number % len(KINDS)], folder / str(number), bucket)
    tally = trial.run()
    trial.clean()
    return tally


def report(total: Tally, seed: int, seconds: float) -> str:
    """The counts, as a person reads them."""
    lines = [f"soak from seed {seed}, {seconds / 60:.0f} min", ""]
    lines += [f"{number:8,}  {what}" for what, number in sorted(total.did.items())]
    lines += ["", f"{total.injected.total():8,}  faults injected"]
    lines += [f"{number:8,}  {what}" for what, number in sorted(total.injected.items())]
    found = Counter(each.split(": ")[1].partition(":")[0] for each in total.wrong)
    lines += ["", *(f"{found.pop(verdict, 0):8,}  {verdict}" for verdict in VERDICTS)]
    lines += [f"{number:8,}  {verdict}" for verdict, number in found.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
