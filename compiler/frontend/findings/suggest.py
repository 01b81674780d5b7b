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

    return next(
        iter(get_close_matches(word, [each for each in known if len(each) <= _LONG and each != word], n=1, cutoff=0.7)),
        None,
    )


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


def clear(word: str, known: Collection[str]) -> str | None:
    """The one of a closed list of words that a misspelt one can mean; None where two are near, or none."""
    near = nearest(word, known)
    return near if near and not nearest(word, [each for each in known if each != near]) else None


def slip(word: str, known: Collection[str]) -> str | None:
    """The one name of the author's own that a name is a slip of the hand of; None where it may well be another name.

    Letters' case and `_` apart the same, or one letter swapped, left out or added (in long names: changed). Names of three
    letters, other digits, another first letter and a plural are other names.
    """
    near = known if len(known) <= _MANY else {each for each in _edits(word) if each in known}
    found = [each for each in near if each != word and _is_slip(word, each)]
    return found[0] if len(found) == 1 else None


_SHORT = 4
_LONG_ENOUGH = 6


def _is_slip(word: str, name: str) -> bool:
    if min(len(word), len(name)) < _SHORT:
        return False
    if _bare(word) == _bare(name):
        return True
    if abs(len(word) - len(name)) > 1 or word[0] != name[0]:
        return False
    if _digits(word) != _digits(name) or word.rstrip("s") == name.rstrip("s"):
        return False
    at = next((at for at, (one, other) in enumerate(zip(word, name, strict=False)) if one != other), len(name))
    if len(word) != len(name):
        longer, shorter = (word, name) if len(word) > len(name) else (name, word)
        return longer[at + 1 :] == shorter[at:] and "_" not in longer[at : at + 1]
    swapped = word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :] == name[at:]
    changed = word[at + 1 :] == name[at + 1 :] and _part(word, at) == _part(name, at) >= _LONG_ENOUGH
    return swapped or changed


def _bare(word: str) -> str:
    return word.lower().replace("_", "")


def _digits(word: str) -> str:
    return "".join(letter for letter in word if letter.isdigit())


def _part(word: str, at: int) -> int:
    """The length of the part between `_` that a letter stands in."""
    return len(word[:at].rpartition("_")[2]) + len(word[at:].partition("_")[0])
