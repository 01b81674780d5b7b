"""Constants."""

from metaflow import retry

ITEMS = "words"
SIZES = {"small": {"cpu": 1, "memory": 512}}


class Limits:
    """A class that is plain text."""

    tries = 1 + 1


limits = Limits()

often = retry(times=len(ITEMS), minutes_between_retries=0)
