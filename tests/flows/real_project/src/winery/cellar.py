"""Code of the project, imported by the flow from another root."""

from importlib import resources
from pathlib import Path

from . import units
from .units import per_bottle

ROOT = Path(__file__).parents[2]
BARRELS = {"oak": 225, "steel": 1000}


class Cellar:
    """Barrels and what is in them."""

    def __init__(self, kinds):
        self.litres = {kind: BARRELS[kind] for kind in kinds}

    def bottles(self):
        return {kind: per_bottle(litres) for kind, litres in self.litres.items()}


def query(name):
    return (ROOT / "flows" / "queries" / f"{name}.sql").read_text()


def labels():
    return resources.files("winery").joinpath("labels.json").read_text()


LITRES = units.LITRES
