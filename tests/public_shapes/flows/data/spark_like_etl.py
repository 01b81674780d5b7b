# coding: utf8
"""ETL with extract/transform/load classes in the file and a registry of sources."""
import abc
import functools
import operator
import typing as t

from metaflow import FlowSpec, Parameter, step, resources, current, project

SOURCES: t.Dict[str, t.Type["Source"]] = {}


def register(name):
    def wrap(cls):
        SOURCES[name] = cls
        return cls
    return wrap


class Source(abc.ABC):
    columns: t.ClassVar[t.Sequence[str]] = ()

    @abc.abstractmethod
    def rows(self) -> t.Iterator[dict]: ...


@register("orders")
class Orders(Source):
    columns = ("id", "amount")

    def rows(self):
        yield from ({"id": n, "amount": n * 10} for n in range(5))


@register("refunds")
class Refunds(Source):
    columns = ("id", "amount")

    def rows(self):
        yield {"id": 1, "amount": -10}


def timed(function):
    @functools.wraps(function)
    def inner(self, *args, **kwargs):
        import time
        begin = time.perf_counter()
        try:
            return function(self, *args, **kwargs)
        finally:
            print(f"{function.__name__}: {time.perf_counter() - begin:.2f}s")
    return inner


@project(name="etl")
class EtlFlow(FlowSpec):
    sources = Parameter("sources", separator=",", default="orders,refunds")

    @timed
    @step
    def start(self):
        unknown = set(self.sources) - SOURCES.keys()
        if unknown:
            raise ValueError(f"unknown: {sorted(unknown)}")
        self.next(self.extract, foreach="sources")

    @resources(cpu=1)
    @timed
    @step
    def extract(self):
        self.rows = list(SOURCES[self.input]().rows())
        self.next(self.load)

    @timed
    @step
    def load(self, inputs):
        self.rows = functools.reduce(operator.iconcat, (i.rows for i in inputs), [])
        self.next(self.end)

    @timed
    @step
    def end(self):
        print(current.project_name, sum(row["amount"] for row in self.rows))


if __name__ == "__main__":
    EtlFlow()
