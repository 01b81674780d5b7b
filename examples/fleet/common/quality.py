"""What every table must hold before others build on it."""


class BadTable(ValueError):
    """A table that nobody should build on."""


def check(table, columns, least=1):
    """The table, where it has so many rows and each has a value in these columns. Raises BadTable."""
    if len(table) < least:
        raise BadTable(f"{len(table)} rows, at least {least} were expected")
    for number, row in enumerate(table):
        missing = [column for column in columns if row.get(column) is None]
        if missing:
            raise BadTable(f"row {number} has no {', '.join(missing)}")
    return table
