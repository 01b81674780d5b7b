"""How a mistake of the settings ends a call, and the words for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from compiler.diagnostics import Report, Rule
from compiler.mistakes import FoundError
from compiler.workspace.settings.keys import MLFLOW_URI

if TYPE_CHECKING:
    from compiler.workspace.settings.layers import Setting


class SettingsError(FoundError):
    """Settings that are wrong: all findings of their files."""

    @classmethod
    def at(cls, setting: Setting, rule: Rule, **facts: object) -> SettingsError:
        """One finding at the key of a setting of a file; the rule may name its `key` and its `table`."""
        report, span = Report(), setting.span
        assert span is not None, setting.key
        report.add(rule, span, key=setting.keys[-1], table=setting.layer.strip("[]"), **facts)
        return cls(report)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for a word close to a known one, else the list of all known ones."""
    near = nearest_word(word, known)
    return f"; did you mean `{near}`?" if near else f"; there are: {', '.join(sorted(known))}"


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """The known word that a word is close to; None where none is."""
    import difflib  # noqa: PLC0415 - only a mistake needs it

    return next(iter(difflib.get_close_matches(word, sorted(known), n=1)), None)


def secret_of(url: str, key: str = "") -> str:
    """Why a URL may not be the setting of that key; empty where it may, also for what is no URL of a store."""
    if "@" not in url and "?" not in url:
        return ""
    if key == MLFLOW_URI:
        return (
            "the URL holds a user, a password or a token, which everybody who reads the output would see. Give the server's address alone, "
            "and MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, to what runs"
        )
    from flowc.store import secret_in  # noqa: PLC0415 - most URLs need no look

    return secret_in(url)
