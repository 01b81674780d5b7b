"""Batch's quota of submissions on a clock of one's own, and a distributed Map whose children submit under it: no test sleeps.

`Quota` is what the stand-in refuses by; `submissions` walks an emitted Map by the rules of the States Language's `Retry`.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PER_SECOND = 50
"""SubmitJob calls that AWS takes a second of an account; documented, and fixed."""


@dataclass
class Quota:
    """A bucket of tokens that holds a second's worth and is filled as time goes on. Times never go back."""

    per_second: float = PER_SECOND
    tokens: float = field(init=False)
    last: float | None = None

    def __post_init__(self) -> None:
        self.tokens = max(1.0, self.per_second)

    def takes(self, now: float) -> bool:
        """Whether a submission at that time is taken; one that is refused costs nothing."""
        gone = 0.0 if self.last is None else now - self.last
        self.tokens = min(max(1.0, self.per_second), self.tokens + gone * self.per_second)
        self.last = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Refusals:
    """Which submissions are refused, each run for itself: the first `throttle` of each job's name, and what is over the quota.

    `refused` in the run's folder of logs holds a character for each.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._quotas: dict[str, Quota] = {}
        self._first: defaultdict[tuple[str, str], int] = defaultdict(int)

    def refuses(self, job: str, image: Mapping[str, Any]) -> bool:
        """Whether Batch refuses this submission; `image` is what the run's jobs start with."""
        run = str(image["logs"])
        with self._lock:
            self._first[run, job] += 1
            quota = self._quotas.setdefault(run, Quota(image["submissions"]))
            refuses = self._first[run, job] <= image["throttle"] or not quota.takes(self._clock())
            if refuses:
                with (Path(run) / "refused").open("a") as counted:
                    counted.write("x")
        return refuses


@dataclass(frozen=True, slots=True)
class Submitted:
    """How the children of a Map fared: how many got their job, how many gave up, the most refusals of one, and the seconds."""

    jobs: int
    lost: int
    most_refusals: int
    seconds: float


def submissions(
    state: Mapping[str, Any], children: int, *, job_seconds: float = 30, error: str, seed: int = 0
) -> Submitted:
    """Run the Map's children, each of which submits the job of its first state and ends with it, or when it gives up.

    `error` is the name under which a refusal reaches the retrier.
    """
    processor = state["ItemProcessor"]
    retriers = processor["States"][processor["StartAt"]]["Retry"]
    retrier = next(each for each in retriers if error in each["ErrorEquals"] or "States.ALL" in each["ErrorEquals"])
    dice, quota = random.Random(seed), Quota()
    waiting = children - min(children, state.get("MaxConcurrency") or 10_000)
    # (when, a tie-breaker, how often it was refused; -1: a job ends)
    events: list[tuple[float, int, int]] = [(0.0, number, 0) for number in range(children - waiting)]
    jobs = lost = most = 0
    now, number = 0.0, children
    while events:
        now, _, refused = heapq.heappop(events)
        number += 1
        ended = refused < 0
        if not ended and quota.takes(now):
            jobs += 1
            heapq.heappush(events, (now + job_seconds, number, -1))
        elif not ended and refused < retrier.get("MaxAttempts", 3):
            most = max(most, refused + 1)
            heapq.heappush(events, (now + _delay(retrier, refused, dice), number, refused + 1))
        else:
            lost += not ended
            if waiting:
                waiting -= 1
                heapq.heappush(events, (now, number, 0))
    return Submitted(jobs, lost, most, now)


def _delay(retrier: Mapping[str, Any], refused: int, dice: random.Random) -> float:
    """Seconds before the next attempt: grown by the rate, bounded, and with full jitter anything from 0 to that."""
    longest = retrier.get("MaxDelaySeconds", 99_999_999)
    # the power of a number beyond the bound need not be computed
    grown = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** min(refused, 60)
    delay = min(longest, grown)
    return dice.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay
