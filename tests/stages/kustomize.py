"""The real Kustomize: the program of that name, or kubectl's own, or one that Go builds once for this machine."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

MODULE = "sigs.k8s.io/kustomize/kustomize/v5@v5.6.0"
_BUILT = Path.home() / ".cache" / "flowc-tests" / "kustomize"


def build(folder: Path) -> str:
    """What `kustomize build` prints for a folder."""
    done = subprocess.run([*_program(), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def _program() -> tuple[str, ...]:
    if kustomize := shutil.which("kustomize") or shutil.which("kustomize", path=str(_BUILT)):
        return kustomize, "build"
    if (kubectl := shutil.which("kubectl")) and _has_kustomize(kubectl):
        return kubectl, "kustomize"
    if not (go := shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")):
        pytest.skip("neither kustomize nor kubectl nor Go is here")
    environment = {**os.environ, "GOBIN": str(_BUILT)}
    subprocess.run([go, "install", MODULE], env=environment, check=True, capture_output=True, timeout=540)
    return str(_BUILT / "kustomize"), "build"


def _has_kustomize(kubectl: str) -> bool:
    return subprocess.run([kubectl, "kustomize", "--help"], capture_output=True, check=False).returncode == 0
