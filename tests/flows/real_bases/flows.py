"""Two flows over bases and a mixin of another module; nothing here starts one by itself."""

import base as shared
from base import Base, Counting

import metaflow as mf


class Sorting(Base):
    KIND = "sorted"

    @mf.step
    def work(self):
        self.words.sort()
        self.next(self.counted)


class SortingFlow(Counting, Sorting):
    pass


class ReversingFlow(shared.Counting, shared.Base):
    KIND = "reversed"

    @mf.step
    def work(self):
        self.words.reverse()
        self.next(self.counted)

    @mf.step
    def finish(self):
        self.last = min(self.counts, key=self.counts.get)
        self.next(self.end)
