"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Collection, Iterator

_MANY = 100
_LONG = 60
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`; did you mean `x`?` for the nearest known word, else nothing."""
    near = nearest(word, known)
    return f"; did you mean `{near}`?" if near else ""


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that is nearest to a misspelt one, if any is near.

    Among many words only those one edit away are found, so that a thousand mistakes in a thousand steps stay cheap.
    """
    if len(word) > _LONG:
        return None
    if len(known) > _MANY:
        return next((each for each in _edits(word) if each in known and each != word), None)
    lower = word.lower()
    for each in known:
        if each.lower() == lower and each != word:
            return each
    # Imported where a mistake was found: a right flow never pays for it.
    from difflib import get_close_matches  # noqa: PLC0415  # rarely needed

    return next(iter(get_close_matches(word, [each for each in known if len(each) <= _LONG], n=1, cutoff=0.7)), None)


def _edits(word: str) -> Iterator[str]:
    """Every word that is one swapped, left out, changed or added letter away."""
    yield word.lower()
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in _LETTERS:
            yield before + letter + after[1:]
            yield before + letter + after
