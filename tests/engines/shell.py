"""The script of the target `shell`, run by the shell that is here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from flowc_shell import BACKEND

from compiler.backends import Options
from tests.engines import FlowCase, Outcome
from tests.engines.compiling import compiled
from tests.engines.local import PATIENCE

SHIM = Path(__file__).resolve().parents[2] / "runtime_shim"


def run_shell(case: FlowCase, folder: Path) -> Outcome:
    """Compile the case and run its script in the code's root. Raises TimeoutExpired for one that does not end."""
    store = f"file:{folder / 'store'}"
    options = Options(default_image="case:0", store=store, target={"python": sys.executable})
    source, files = compiled(case, BACKEND, options)
    found = replace(case, flow=source.name, root=Path(source.root))
    script = folder / "flow.sh"
    script.write_text(files[0].text, encoding="utf-8")
    words = ["/bin/sh", str(script), "one", json.dumps(found.parameters)]
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1", **found.environment,
    }  # fmt: skip
    ended = subprocess.run(
        words, cwd=found.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        errors="replace", timeout=PATIENCE,
    )  # fmt: skip
    return Outcome(found.flow, "shell-one", store, ended.returncode == 0, ended.stdout)
