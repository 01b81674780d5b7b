"""What the flows beside it take from a module of their own."""

import os
from dataclasses import dataclass

PREFIX = "wine"
GIGABYTE = 1024
RETRIES = {"few": 1, "many": 2 + 1, "pause": 0}
LABELS = dict(TEAM="cellar", STAGE=f"{PREFIX}-stage")
COLUMNS = ("age", "price")


class Sizes:
    small = 2 * GIGABYTE
    cpu = 1


@dataclass
class Retry:
    times: int = 1
    minutes: int = 0


RETRY = Retry()
DATA = os.path.join("data", "wines.csv")
