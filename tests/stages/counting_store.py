"""A store that counts what is asked of it."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Counting:
    """Any store; `asked` has the number of calls by their names."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.url = inner, inner.url
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)

        def counted(*words: Any, **more: Any) -> Any:
            self.asked[name] += 1
            return found(*words, **more)

        return counted
