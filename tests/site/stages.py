"""What the reader of a page has: programs, a repository of git, a cluster. A page names its own with `<!-- with argo, git -->`.

`pip` and `docker` are programs of ours that look at what they are asked for and do nothing: nothing is fetched here, no image built.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tests.engines.argo_api.kubernetes import Kubernetes
from tests.engines.argo_api.store import Store
from tests.engines.argo_api.world import World, kubeconfig, served
from tests.engines.argo_case import SHIM
from tests.engines.argo_pods import Host
from tests.engines.rights import open_to_it, prefix
from tests.engines.stepfunctions import server
from tests.site.build import ROOT
from tests.site.pages import Page, read
from tests.site.session import walk
from tests.stages.aws import NOWHERE
from tests.targets.surface import TARGETS

PIP = f"""#!{sys.executable}
# Whether what is to be installed is ours, with extras that it has.
import re, sys, tomllib
words = [each for each in sys.argv[2:] if not each.startswith("-")]
known = {{}}
for folder in {[str(ROOT), str(ROOT / "runtime_shim"), *map(str, TARGETS.values())]!r}:
    project = tomllib.load(open(folder + "/pyproject.toml", "rb"))["project"]
    known[project["name"]] = set(project.get("optional-dependencies", ()))
for word in words:
    name, extras = re.fullmatch(r"([\\w.-]+)(?:\\[([\\w,]+)\\])?", word).groups()
    assert sys.argv[1] == "install" and set((extras or "").split(",")) - {{""}} <= known[name], word
"""
DOCKER = """#!/bin/sh
case "$1 $#" in "build "*|"push 2") exit 0;; esac
echo "docker: $*" >&2
exit 1
"""
BUCKET = "company-flows"
"""The bucket of the pages' store."""


@contextmanager
def standing(page: Page, folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """The reader's own folder, and the variables of their shell."""
    own, programs, home = (folder / name for name in ("flows", "programs", "home"))
    for each in (own, programs, home):
        each.mkdir()
    for name, text in (("pip", PIP), ("docker", DOCKER)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "USER": "ada",
        "LANG": "C.UTF-8",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        **NOWHERE,
    }
    with ExitStack() as stack:
        for name in page.stages:
            environment |= stack.enter_context(_STAGES[name](own, home))
        yield own, environment


def walked(page: Page, folder: Path) -> int:
    """Walk a page on its stages: how many commands were run."""
    with standing(page, folder) as (own, environment):
        return walk(page, own, environment)


@contextmanager
def _squares(own: Path, _home: Path) -> Iterator[dict[str, str]]:
    """README's flow, as `squares.py`."""
    (block,) = (each for each in read(ROOT / "README.md").blocks if each.file == "squares.py")
    (own / block.file).write_text(block.text, encoding="utf-8")
    yield {}


@contextmanager
def _fleet(own: Path, _home: Path) -> Iterator[dict[str, str]]:
    """The files of `examples/fleet`."""
    shutil.copytree(ROOT / "examples" / "fleet", own, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    yield {}


@contextmanager
def _git(own: Path, home: Path) -> Iterator[dict[str, str]]:
    """A repository of git, in which all that earlier stages have brought is committed on the branch `main`."""
    variables = {"GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        variables |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.com"}
    for words in (
        ["init", "--quiet", "-b", "main"],
        ["add", "."],
        ["commit", "--quiet", "--allow-empty", "-m", "Begin"],
    ):
        subprocess.run(["git", *words], cwd=own, check=True, env={**os.environ, **variables, "HOME": str(home)})
    yield variables


@contextmanager
def _argo(own: Path, home: Path) -> Iterator[dict[str, str]]:
    """A cluster with Argo, named by the kubeconfig of the home, and a bucket that its pods and the reader reach."""
    engine = server()
    storage = engine.client("s3")
    if BUCKET not in {each["Name"] for each in storage.list_buckets()["Buckets"]}:
        storage.create_bucket(Bucket=BUCKET)
    image = {"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1", **engine.environment}
    host = Host(open_to_it(home / "pods"), own, environment=image, commands={"python": [sys.executable]}, user=prefix())
    world = World(host, "flows", Store("flows"))
    with ExitStack() as stack:
        stack.callback(world.close)
        url = stack.enter_context(served(Kubernetes, world))
        config = home / ".kube" / "config"
        config.parent.mkdir()
        text = kubeconfig(url, "flows").replace("current-context: elsewhere", "current-context: production")
        config.write_text(text.replace("name: here, context", "name: production, context"))
        yield dict(engine.environment)


_STAGES: Mapping[str, Callable[[Path, Path], AbstractContextManager[dict[str, str]]]] = {
    "argo": _argo,
    "fleet": _fleet,
    "git": _git,
    "squares": _squares,
}
