"""The segments of the growth team."""

from pathlib import Path

from common.warehouse import rows

SQL = Path(__file__).parent / "sql"
SEGMENTS = ("new", "loyal", "large")


def spend(day):
    """What each customer has spent."""
    return rows(SQL / "spend.sql", day)


def segment(customer):
    """The one segment of a customer."""
    if customer["months"] <= 6:
        return "new"
    return "large" if customer["spend"] > 600 else "loyal"
