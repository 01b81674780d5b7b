"""Whether this Python holds what `@pypi` and `@conda` ask for: a local run starts no other one, and pretends nothing."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from compiler.ir.plan import Packages, Plan

_REQUIREMENT = r"(?:[\w-]+::)?(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?(?P<bounds>.*)"
_BOUND = r"\s*(===|==|>=|<=|!=|~=|=|>|<)\s*([A-Za-z0-9.*+!_-]+)\s*"
_NUMBER = r"\d+"


def lacking(plan: Plan) -> dict[str, list[str]]:
    """By step, what its interpreter must hold and this one does not: `pandas==2.1.0 (here: 2.2.0)`."""
    found: dict[str, list[str]] = {}
    known: dict[Packages, list[str]] = {}
    for task in plan.tasks.values():
        if task.packages and task.packages not in known:
            known[task.packages] = list(_lacking(task.packages))
        if task.packages and known[task.packages]:
            found[task.step] = known[task.packages]
    return found


def install_line(plan: Plan) -> str:
    """What puts them into this Python."""
    wanted = dict.fromkeys(each for task in plan.tasks.values() if task.packages for each in task.packages.pypi)
    conda = dict.fromkeys(each for task in plan.tasks.values() if task.packages for each in task.packages.conda)
    pip = f"{Path(sys.executable).name} -m pip install {shlex.join(wanted)}" if wanted else ""
    return " && ".join(filter(None, (f"conda install {shlex.join(conda)}" if conda else "", pip)))


def other_python(plan: Plan) -> str | None:
    """A version of Python that a step asks for and that is not this one's."""
    here = ".".join(map(str, sys.version_info[:3]))
    asked = (task.packages.python for task in plan.tasks.values() if task.packages and task.packages.python)
    return next((each for each in asked if not f"{here}.".startswith(f"{each}.")), None)


def _lacking(packages: Packages) -> Iterator[str]:
    for requirement in (*packages.conda, *packages.pypi):
        match = re.fullmatch(_REQUIREMENT, requirement)
        if match is None or "://" in requirement.partition("@")[0]:
            continue  # an address: nobody knows the name of what lies there
        here = _installed(match["name"])
        if here is None:
            yield requirement
        elif not match["bounds"].strip().startswith("@") and not all(
            _fits(here, bound) for bound in _bounds(match["bounds"])
        ):
            yield f"{requirement} (here: {here})"


def _installed(name: str) -> str | None:
    """The version of a distribution, or of a package of conda that is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        found = sorted((Path(sys.prefix) / "conda-meta").glob(f"{name.lower()}-[0-9]*.json"))
        return found[0].name.removeprefix(f"{name.lower()}-").partition("-")[0] if found else None


def _bounds(text: str) -> list[tuple[str, str]]:
    matches = (re.fullmatch(_BOUND, part) for part in text.split(",") if part.strip())
    return [(match[1], match[2]) for match in matches if match]


def _fits(here: str, bound: tuple[str, str]) -> bool:
    """Whether a version is within a bound; parts that are no numbers (`rc1`, `+cu118`) count only where all is compared."""
    operator, wanted = bound
    starts = wanted.removesuffix(".*")
    if operator in ("=", "~=") or wanted.endswith(".*"):
        parts = _release(starts) if operator != "~=" else _release(starts)[:-1]
        same = _release(here)[: len(parts)] == parts
        above = operator != "~=" or _padded(here, wanted)[0] >= _padded(here, wanted)[1]
        return (same and above) is not (operator == "!=")
    if operator in ("==", "===", "!="):
        one, other = _padded(here.partition("+")[0], wanted)
        same = here == wanted or (one == other and _release_only(here) and _release_only(wanted))
        return same is not (operator == "!=")
    one, other = _padded(here, wanted)
    return {">=": one >= other, "<=": one <= other, ">": one > other, "<": one < other}[operator]


def _release(text: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in text.partition("+")[0].split("."):
        match = re.match(_NUMBER, part)
        if not match:
            break
        numbers.append(int(match[0]))
    return tuple(numbers)


def _release_only(text: str) -> bool:
    return all(part.isdecimal() for part in text.partition("+")[0].split("."))


def _padded(one: str, other: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two releases of the same length, so that `2.1` and `2.1.0` are the same."""
    first, second = _release(one), _release(other)
    length = max(len(first), len(second))
    return first + (0,) * (length - len(first)), second + (0,) * (length - len(second))
