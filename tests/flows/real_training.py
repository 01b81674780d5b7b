"""A flow as projects write them: computed decorator arguments and defaults, decorators of its own, artifacts set in every way."""

import functools
import json
import logging
import os
import sys
from pathlib import Path
from typing import Optional

import metaflow as mf
from metaflow import FlowSpec, JSONType, Parameter, current, environment, resources, retry, step
from real_decorators import counted
from real_settings import COLUMNS, DATA, GIGABYTE, LABELS, PREFIX, RETRIES, Sizes

try:
    from metaflow import batch
except ImportError:

    def batch(function):
        return function


try:
    import a_faster_json_that_nobody_has as fast
except ImportError:
    fast = None

try:
    from dotenv_that_nobody_has import load_dotenv

    load_dotenv()
except ImportError:
    pass

sys.path.append(str(Path(__file__).parent / "lib"))
os.environ["WINERY_AT_IMPORT"] = "set when the module is imported"
logging.basicConfig(level=logging.INFO)

HERE = Path(__file__).parent
OPTIONS = {"cpu": Sizes.cpu, "memory": Sizes.small}
OVER = "vintages"
SUFFIX = "ages"


def logged(function):
    """A decorator that is a function."""

    @functools.wraps(function)
    def wrapped(self, *args):
        self.log = [*getattr(self, "log", []), f"{function.__name__} begins"]
        result = function(self, *args)
        self.log.append(f"{function.__name__} ends")
        return result

    return wrapped


def remember(flow, **facts):
    """A function that is handed the flow."""
    for name, value in facts.items():
        setattr(flow, f"fact_{name}", value)


class RealTrainingFlow(mf.FlowSpec):
    columns: list
    model: Optional[dict]
    TARGET = "price"

    data = Parameter("data-path", help="Where the wines lie.", default=str(Path("data") / "wines.csv"))
    other = Parameter("other_path", default=os.path.join("data", PREFIX + ".csv"))
    limits = Parameter("limits", type=JSONType, default=json.dumps({"low": 0, "high": GIGABYTE // 2}))
    fields = Parameter("fields", default=",".join(COLUMNS), separator=",")
    rate = Parameter("learning_rate", default=0.5 / 10)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.never = "an artifact"

    @property
    def label(self):
        return f"{self.name_of_run} on {self.data}"

    def _load(self):
        try:
            self.opened = open(HERE / "wines-that-nobody-has.csv").read()
        except OSError:
            self._invent()

    def _invent(self):
        self.opened = "invented"

    def _note(self, text):
        self._notes = [*getattr(self, "_notes", []), text]

    @logged
    @counted(by=2)
    @resources(**OPTIONS)
    @environment(vars={**LABELS, "WINES": DATA, "MODE": f"{PREFIX}/{Sizes.small}", "HERE": os.path.basename("x/y"), "THREADS": 2})
    @step
    def start(self):
        self.environment = [os.environ[name] for name in ("TEAM", "STAGE", "WINES", "MODE", "HERE", "THREADS")]
        self.at_import = os.environ["WINERY_AT_IMPORT"]
        self.has_fast_json = fast is not None
        self.name_of_run = current.flow_name
        self.table = {"age": [], "price": []}
        for n in range(4):
            self.table["age"].append(n)
            self.table["price"] += [n * 10]
        self.table["rows"] = len(self.table["age"])
        self.vintages, (self.first, *self._rest) = [2001, 2002, 2003], "abc"
        self.said = self.label
        self._load()
        self.opened = self.opened.upper()
        try:
            self.TARGET = "age"
        except AttributeError:
            self.tried = "TARGET is read-only"
        self._note("started")
        remember(self, rows=self.table["rows"], paths=(self.data, self.other), limits=self.limits, fields=self.fields)
        self.next(self.fit, foreach=OVER)

    @counted()
    @retry(times=RETRIES["few"], minutes_between_retries=RETRIES["pause"])
    @resources(cpu=Sizes.cpu, memory=GIGABYTE * 2)
    @step
    def fit(self):
        self.model = {"year": self.input, "rate": self.rate}
        self.model.update(score=sum(self.table["price"]) / self.input)
        self._note(f"fitted {self.input}")
        self.calls_so_far = self.calls
        self.next(self.choose)

    @logged
    @step
    def choose(self, inputs):
        self.best = max((one.model for one in inputs), key=lambda model: model["score"])
        self.models = [one.model["year"] for one in inputs]
        self.notes = [one._notes for one in inputs]
        self.merge_artifacts(inputs, include=["table", "fact_rows", "fact_paths", "fact_limits", "fact_fields", "said"])
        self.prices = {"min": min(self.table["price"])}
        self.next(self.show, foreach=f"pr{'ices'}")

    @step
    def show(self):
        self.shown = f"{self.TARGET} {self.input}"
        self.next(self.shown_all)

    @step
    def shown_all(self, inputs):
        self.shown = [one.shown for one in inputs]
        self.shown_all = self.shown  # flowc: ignore[FC415] for the client alone
        self.merge_artifacts(inputs, exclude=["shown"])
        self.next(self.end)

    @step
    def end(self):
        self.is_step = callable(self.shown_all)
        self.known = sorted(name for name in ("never", "best", "models", "columns", "calls", "log") if hasattr(self, name))


if __name__ == "__main__":
    RealTrainingFlow()
