"""Functions of pure text beside `computed.py`."""

_UNITS = {"MB": 1, "GB": 1024, "TB": 1024**2}


def by_unit(amount, source, target="MB"):
    """An amount in another unit."""
    if source not in _UNITS or target not in _UNITS:
        raise ValueError(f"no unit: {source}, {target}")
    return int(amount * _UNITS[source] / _UNITS[target])


def lines_parser(text):
    found = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        key, _, value = line.partition("=")
        found[key.strip()] = int(value) if value.strip().isdigit() else value.strip()
    return found


def place_of(context):
    return "data/%s.json" % context.flow_name.lower()
