"""The image of a flow: a slim Python, the declared packages, the shim, the code. Its recipe, and all that the recipe copies."""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from compiler.backends.names import within
from compiler.ir.plan import Packages, Plan
from compiler.mistakes import CallError
from compiler.workspace.astro import RECIPE, astro_mark
from compiler.workspace.package import REQUIREMENTS, Archive, for_clouds
from compiler.workspace.settings import Settings

PYTHON = "3.11"
"""The Python of an image where `[tool.flowc] python` says nothing."""

_COMPILE = "python -I -m compileall -qf --invalidation-mode"
"""By content, so no clock and no mtime counts; `-f`, since Python leaves bytecode by mtime of what it imports itself.

`-I`: a module of the author's with the name of one of Python's own is not what compiles."""

_LIBRARY = "$(python -I -c 'import os; print(os.path.dirname(os.__file__))')"
_NOT_IMPORTED = "/(site-packages|test|idlelib|lib2to3|tkinter|turtledemo|ensurepip)/"
"""What of Python's own library no step imports, and packages, which pip compiles."""

_USER = 1000
_HOME = "/home/flowc"


class ImageError(CallError):
    """The image cannot be described or built: what, and why."""


MICROMAMBA = "mambaorg/micromamba:2.3.0"
"""What an image with packages of conda is built on."""


def dockerfile(settings: Settings, archive: Archive, packages: Packages | None = None) -> str:
    """The recipe. It copies `code.tar.gz` and `flowc/` of the build context (`context`) and nothing else, and runs as no root,
    who may write to the working directory and at home.

    With `packages` it installs these alone; without, what the settings or the requirements beside the code name.
    """
    return "\n".join(
        [
            *_interpreter(settings, archive, packages),
            *(["USER 0"] if packages and packages.conda else []),  # what it is built on is another user's
            "# The runtime: what `python -m flowc` is. Standard library only. It never changes here: its bytecode is taken as it is.",
            "COPY flowc /opt/flowc/flowc",
            f"RUN {_COMPILE} unchecked-hash /opt/flowc",
            "ENV PYTHONPATH=/opt/flowc PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1",
            "# The code, unpacked: paths of flows are relative to this folder. A file that does not compile fails where it is imported.",
            "ADD code.tar.gz /code",
            f"RUN {_COMPILE} checked-hash /code || true",
            "WORKDIR /code",
            "# Whoever runs it may write there and at home: that user, or any other of group 0.",
            f"ENV HOME={_HOME}",
            f"RUN mkdir -p {_HOME} && chown -R {_USER}:0 /code {_HOME} && chmod -R u+rwX,g=u /code {_HOME}",
            f"USER {_USER}:0",
            "",
        ]
    )


def context(recipes: Mapping[str, str], archive: Archive) -> Mapping[str, bytes]:
    """The files of the build context by their path in it; `recipes` are Dockerfiles by their names.

    Its `.gitignore` keeps it out of the code archive, where it lies in the root.
    """
    return {
        ".gitignore": b"*\n",
        **{name: recipe.encode() for name, recipe in recipes.items()},
        "code.tar.gz": archive.data,
        **(
            {REQUIREMENTS: found}
            if _has_requirements(archive) and (found := _member(archive, REQUIREMENTS)) is not None
            else {}
        ),
        **dict(_runtime()),
    }


_LONGEST_FILE = 250


def recipe_name(variant: str) -> str:
    """The Dockerfile of the flow's image, or of the one that is named after a step."""
    return within(f"Dockerfile.{variant}", _LONGEST_FILE) if variant else "Dockerfile"


def recipes(settings: Settings, archive: Archive, plan: Plan) -> dict[str, str]:
    """Every image's recipe, by the step whose name the image carries; the flow's own, under no name, is the first."""
    found = {"": dockerfile(settings, archive, plan.packages)}
    for task in plan.tasks.values():
        if task.variant and task.image is None and task.variant not in found:
            found[task.variant] = dockerfile(settings, archive, task.packages)
    return found


def build_command(tool: str, tag: str, folder: Path, variant: str = "") -> tuple[str, ...]:
    """The argv that builds a context folder into an image of that name."""
    file = ("--file", str(folder / recipe_name(variant))) if variant else ()
    return (tool, "build", "--tag", tag, *file, str(folder))


def for_store(settings: Settings) -> tuple[str, ...]:
    """What the store of the settings needs in an image besides the runtime."""
    if not for_clouds(settings):
        return ()
    from flowc.store import OBSTORE  # noqa: PLC0415 - most images need nothing

    return (OBSTORE,)


def _interpreter(settings: Settings, archive: Archive, packages: Packages | None) -> Iterator[str]:
    """What Python it is, and what it holds."""
    yield from _python(settings, archive, packages)
    needed = for_store(settings)
    if needed:
        yield "# What the store is asked through."
        yield f"RUN pip install --no-cache-dir {shlex.join(needed)}"


def _python(settings: Settings, archive: Archive, packages: Packages | None) -> Iterator[str]:
    version = str((packages.python if packages else None) or settings.text("python") or PYTHON)
    if packages is None:
        yield from _slim(version)
        yield from _install(settings, archive)
        return
    if packages.conda:
        words = [_conda_python(version), *(("pip",) if packages.pypi or for_store(settings) else ()), *packages.conda]
        yield f"FROM {MICROMAMBA}"
        yield f"RUN micromamba install --yes --name base --channel conda-forge {shlex.join(words)} && micromamba clean --all --yes"
        yield "ENV PATH=/opt/conda/bin:$PATH"
    else:
        yield from _slim(_release(version))
    if packages.pypi:
        yield f"RUN pip install --no-cache-dir {shlex.join(packages.pypi)}"


def _slim(version: str) -> Iterator[str]:
    yield f"FROM python:{version}-slim"
    yield "# Python comes there without bytecode, and who runs a step cannot write any: each container would compile it anew."
    yield f"RUN {_COMPILE} unchecked-hash -x '{_NOT_IMPORTED}' \"{_LIBRARY}\""


def _conda_python(version: str) -> str:
    """The requirement of a version, or of a range as it is written."""
    wanted = "".join(version.split())
    return f"python{wanted}" if wanted[0] in "=<>~" else f"python={wanted}"


def _release(version: str) -> str:
    """The tag of an image that fits: `3.10` of `3.10.*` and of `>=3.10,<3.11`."""
    return version.partition(",")[0].strip(" =>~").removesuffix(".*")


def _install(settings: Settings, archive: Archive) -> Iterator[str]:
    packages = settings.words("packages")
    if packages:
        yield f"RUN pip install --no-cache-dir {shlex.join(packages)}"
    elif _has_requirements(archive):
        yield f"COPY {REQUIREMENTS} /tmp/{REQUIREMENTS}"
        yield f"RUN pip install --no-cache-dir -r /tmp/{REQUIREMENTS}"


def _has_requirements(archive: Archive) -> bool:
    """Whether the code has requirements that are the steps'; those beside an Airflow of Astro's are that Airflow's."""
    return REQUIREMENTS in archive.files and not airflows_own(archive)


def airflows_own(archive: Archive) -> str:
    """The file by which the requirements beside the code are Airflow's; empty where they are the steps', or there are none."""
    if REQUIREMENTS not in archive.files:
        return ""
    return astro_mark(archive.files, (_member(archive, RECIPE) or b"").decode("utf-8", "replace"))


def _member(archive: Archive, name: str) -> bytes | None:
    if name not in archive.files:
        return None
    with tarfile.open(fileobj=io.BytesIO(archive.data)) as tar:
        file = tar.extractfile(name)
        assert file is not None, "the archive holds regular files only"
        return file.read()


def _runtime() -> Iterator[tuple[str, bytes]]:
    """The package `flowc` as it is installed beside the compiler."""
    from importlib.util import find_spec  # noqa: PLC0415 - finds it without importing it

    spec = find_spec("flowc")
    assert spec is not None, "the wheel holds flowc"
    assert spec.submodule_search_locations, "it is a package"
    folder = Path(next(iter(spec.submodule_search_locations)))
    for path in sorted(folder.rglob("*.py")):
        yield f"flowc/{path.relative_to(folder).as_posix()}", path.read_bytes()
