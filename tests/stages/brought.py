"""A target that an installed distribution brings, in a folder of the import path."""

from __future__ import annotations

from pathlib import Path


def brought_target(folder: Path, distribution: str, name: str, text: str) -> None:
    """Write a distribution whose one module is `text` and holds the target of that name as `BACKEND`."""
    module = distribution.replace("-", "_")
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[flowc.backends]\n{name} = {module}:BACKEND\n", encoding="utf-8")
