import asyncio
from contextlib import asynccontextmanager, suppress
from functools import lru_cache, singledispatch

from metaflow import FlowSpec, parallel_map, step


@singledispatch
def size(value) -> int:
    return 1


@size.register(list)
def _(value):
    return sum(map(size, value))


@lru_cache(maxsize=None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@asynccontextmanager
async def session():
    yield {"open": True}


async def fetch(n):
    async with session() as opened:
        await asyncio.sleep(0)
        return n if opened["open"] else None


class HelpersFlow(FlowSpec):
    @step
    def start(self):
        async def everything():
            return await asyncio.gather(*map(fetch, range(5)))

        self.fetched = asyncio.run(everything())
        self.squares = parallel_map(lambda n: n * n, self.fetched)
        with suppress(ZeroDivisionError):
            self.never = 1 / 0
        self.next(self.end)

    @step
    def end(self):
        print(size([self.squares, [fibonacci(10)]]), hasattr(self, "never"))


if __name__ == "__main__":
    HelpersFlow()
