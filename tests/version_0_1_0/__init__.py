"""What 0.1.0 wrote, as data, and the tests that every later version passes on them; README.md says which is which."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FLOWS, STORE, OUTPUTS = HERE / "flows", HERE / "store", HERE / "outputs"
NAMES, EXPECTED = FLOWS / "names.json", HERE / "expected.json"

PLACE = "/tmp/flowc-0.1.0"
"""Where 0.1.0 had the code (`flows`) and the store (`store`) when it wrote all this; the name of no real place."""
