from __future__ import annotations

from metaflow import FlowSpec, JSONType, Parameter, conda, resources, schedule, step

from .. import __version__
from ..core.settings import DEFAULTS, MEMORY
from .mixins import ReportMixin


@schedule(weekly=True)
class NightlyFlow(ReportMixin, FlowSpec):
    options = Parameter("options", type=JSONType, default=DEFAULTS)

    @conda(libraries={"statsmodels": "0.14.1"}, python="3.11.8")
    @resources(memory=MEMORY)
    @step
    def start(self):
        self.version = __version__
        self.series: list[float] = [float(n) for n in range(self.options["horizon"])]
        self.next(self.report)


if __name__ == "__main__":
    NightlyFlow()
