from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, TypeAlias

from metaflow import (  # the names
    FlowSpec,
    Parameter,
    retry,  # for the network
    step,
)

Rows: TypeAlias = "list[dict[str, int | None]]"


class Reader(Protocol):
    def read(self) -> Rows: ...


@dataclass(slots=True, frozen=True)
class Fake:
    size: int

    def read(self) -> Rows:
        return [{"n": n if n % 3 else None} for n in range(self.size)]


class ModernFlow(FlowSpec):
    VERSION: ClassVar[str] = "1"
    kind: str
    size = Parameter(
        "size",
        default=10,
    )

    @staticmethod
    def reader(size: int) -> Reader:
        return Fake(size)

    @classmethod
    def described(cls) -> str:
        return f"{cls.__name__} {cls.VERSION}"

    @retry(
        times=2,
        # a pause would only cost time
        minutes_between_retries=0,
    )
    # the first step
    @step
    def start(self) -> None:
        """Read."""
        self.rows = self.reader(self.size).read()
        if (missing := sum(row["n"] is None for row in self.rows)) > 3:
            print(f"{missing=} in {self.described()!r:>20}")
        match self.rows:
            case [{"n": None}, *rest]:
                self.kind = f"begins with nothing, then {len(rest)}"
            case []:
                self.kind = "empty"
            case _:
                self.kind = "full"
        self.next(
            self.left,
            self.right,
        )

    @step
    def left(self) -> None:
        self.values = [*self._clean()]
        self.next(self.join)

    @step
    def right(self) -> None:
        self.values = list(reversed([*self._clean()]))
        self.next(self.join)

    def _clean(self) -> Iterator[int]:
        yield from (row["n"] for row in self.rows if row["n"] is not None)

    @step
    def join(self, inputs) -> None:
        left, right = inputs
        self.same = left.values == right.values[::-1]
        self.merge_artifacts(inputs, exclude=["values"])
        self.next(self.end)

    @step
    def end(self) -> None:
        print(self.kind, self.same, Path.cwd().name)


if __name__ == "__main__":
    ModernFlow()
