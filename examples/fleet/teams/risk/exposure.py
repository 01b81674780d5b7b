"""The risk of a customer, as the risk team sees it."""

from pathlib import Path

from common.warehouse import rows

SQL = Path(__file__).parent / "sql"
COLUMNS = ("age", "months")


def returns(day):
    """Age, months and share of returned orders of each customer."""
    return rows(SQL / "returns.sql", day)


def error(points, slope, intercept):
    """The mean squared error of a line over pairs."""
    return sum((slope * x + intercept - y) ** 2 for x, y in points) / len(points)
