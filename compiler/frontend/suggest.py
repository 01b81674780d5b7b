"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Collection


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`; did you mean `x`?` for the nearest known word, else nothing."""
    near = nearest(word, known)
    return f"; did you mean `{near}`?" if near else ""


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that is nearest to a misspelt one, if any is near."""
    lower = word.lower()
    for each in known:
        if each.lower() == lower and each != word:
            return each
    # Imported where a mistake was found: a right flow never pays for it.
    from difflib import get_close_matches  # noqa: PLC0415  # rarely needed

    same_size = [each for each in known if abs(len(each) - len(word)) <= max(2, len(word) // 2)]
    return next(iter(get_close_matches(word, same_size[:2000], n=1, cutoff=0.7)), None)
