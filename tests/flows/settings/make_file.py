"""Writes a file that a run is given by its URL."""

import sys
from pathlib import Path

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
(folder / "given.txt").write_bytes("given é\r\n{{x}}\n".encode())
