"""Which hosts misbehaved this week? Access logs, one task a host and a day."""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from metaflow import FlowSpec, Parameter, current, step

HOSTS = {4: "web-1", 9: "web-2", 17: "db-1"}
LINE = re.compile(r"(?P<verb>[A-Z]+) (?P<path>\S+) (?P<status>\d{3}) (?P<ms>\d+)ms")


@dataclass(frozen=True)
class Request:
    verb: str
    path: str
    status: int
    ms: int

    @property
    def failed(self):
        return self.status >= 500


@dataclass
class HostReport:
    host: str
    requests: int = 0
    errors: Counter = field(default_factory=Counter)

    def __iadd__(self, other):
        self.requests += other.requests
        self.errors.update(other.errors)
        return self


def synthetic_log(host, day):
    """Lines like an access log's, the same ones every time."""
    seed = sum(map(ord, host)) * 31 + day
    for i in range(20 + day):
        seed = (seed * 1103515245 + 12345) % 2**31
        status = (200, 200, 304, 404, 500, 503)[seed // 65536 % 6]
        yield f"GET /item/{seed % 7} {status} {seed % 900}ms"


class LogTriageFlow(FlowSpec):
    """Find the hosts with the most server errors."""

    days = Parameter("days", help="How many days back.", default=3)
    slow_ms = Parameter("slow-ms", help="A request is slow from here on.", type=int, default=700)

    @step
    def start(self):
        self.hosts = {4, 17, 9}  # the numbers of the hosts in the rack
        self.next(self.host, foreach="hosts")

    @step
    def host(self):
        self.name = HOSTS[self.input]
        self.depth = len(self.foreach_stack())
        # db-1 has been up for a day only
        self.windows = {d: f"day {d}" for d in range(1 if self.name == "db-1" else self.days)}
        self.next(self.day, foreach="windows")

    @step
    def day(self):
        self.stack = [(index, size) for index, size, _ in self.foreach_stack()][1:]
        self.where = [value for _, _, value in self.foreach_stack()]
        self.requests = [
            Request(m["verb"], m["path"], int(m["status"]), int(m["ms"]))
            for m in map(LINE.match, synthetic_log(self.name, self.index))
            if m
        ]
        self.report = HostReport(self.name, len(self.requests), Counter(r.path for r in self.requests if r.failed))
        self.p95 = np.percentile([r.ms for r in self.requests], 95)
        self.slow = np.array([r.ms > self.slow_ms for r in self.requests])
        print(f"{current.step_name} {self.where}: {len(self.requests)} requests, p95 {self.p95:.0f} ms")
        self.next(self.week)

    @step
    def week(self, days):
        self.merge_artifacts(days, include=["name"])
        self.report = HostReport(self.name)
        for day in days:
            self.report += day.report
        self.order = [day.where[-1] for day in days]
        self.worst_p95 = max(day.p95 for day in days)
        self.slow = np.concatenate([day.slow for day in days])
        self.next(self.rank)

    @step
    def rank(self, inputs):
        self.reports = sorted((i.report for i in inputs), key=lambda r: (-sum(r.errors.values()), r.host))
        self.orders = {i.name: i.order for i in sorted(inputs, key=lambda i: i.name)}
        self.slow_share = {i.name: float(i.slow.mean()) for i in sorted(inputs, key=lambda i: i.name)}
        self.next(self.end)

    @step
    def end(self):
        for r in self.reports:
            print(f"{r.host:6} {r.requests:4} requests, {sum(r.errors.values()):3} errors, worst {r.errors.most_common(1)}")


if __name__ == "__main__":
    LogTriageFlow()
