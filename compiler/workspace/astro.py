"""How a project of Astro's is known: what it asks for in `requirements.txt` is Airflow's own, and not the steps'."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from compiler.reading import SOURCE, is_there, read_file

RECIPE = "Dockerfile"
MARKS = ("airflow_settings.yaml", ".astro/config.yaml")
_RUNTIME = r"(?mi)^[ \t]*FROM[ \t]+(--\S+[ \t]+)*\S*(astro-runtime|astronomer/|astrocrpublic)"


def astro_mark(files: Collection[str], recipe: str) -> str:
    """The file that tells it: one of `files`, or the Dockerfile with this text, where it begins with Astro's runtime; else nothing."""
    found = next((name for name in MARKS if name in files), "")
    return found or (RECIPE if re.search(_RUNTIME, recipe) else "")


def airflows(root: Path) -> str:
    """The file by which the requirements of a folder are Airflow's own; empty where they are the steps'."""
    there = [name for name in MARKS if is_there(root / name)]
    try:
        recipe = read_file(root / RECIPE, SOURCE).decode("utf-8", "replace") if is_there(root / RECIPE) else ""
    except OSError:
        recipe = ""
    return astro_mark(there, recipe)
