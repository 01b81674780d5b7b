"""What the released files hold, and that they are the same however and whenever they are built."""

from __future__ import annotations

import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from compiler.backends.targets import SEPARATE
from tests.release.build import FOLDERS, ROOT, TARGETS, Files, build
from tests.release.conftest import NEEDS_RELEASE

pytestmark = pytest.mark.xdist_group("release")

PACKAGES = {
    "flowc": {"compiler", "flowc"},
    "flowc-runtime": {"flowc"},
    **{name: {f"flowc_{target}"} for name, target in TARGETS.items()},
}
TYPED = ("flowc", "flowc-runtime")
"""Those whose packages others import."""
DATA = {".css", ".html", ".j2", ".js", ".json", ".template", ".txt", ".typed"}
"""The ends of files of a package that are no Python."""
BESIDE = {**PACKAGES, "flowc": {"CHANGELOG.md", "compiler", "runtime_shim"}}
"""What an sdist holds beside what every sdist does."""
NAMES = sorted(FOLDERS)


def _in_wheel(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _in_sdist(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {one.name: file.read() for one in archive if (file := archive.extractfile(one)) is not None}


def _metadata(path: Path) -> Metadata:
    (text,) = (data for name, data in _in_wheel(path).items() if name.endswith(".dist-info/METADATA"))
    return Metadata.from_email(text, validate=True)


@pytest.mark.parametrize("name", NAMES)
def test_wheel_holds_its_packages_their_types_and_the_licence_and_nothing_else(
    released: dict[str, Files], name: str
) -> None:
    names = _in_wheel(released[name].wheel)
    info = {each for each in names if ".dist-info/" in each}
    code = {each for each in names if each not in info}
    assert {each.partition("/")[0] for each in code} == PACKAGES[name]
    typed = PACKAGES[name] if name in TYPED else ()
    assert {each for each in code if each.endswith("/py.typed")} == {f"{package}/py.typed" for package in typed}
    assert {Path(each).suffix for each in code} <= {".py", *DATA}
    assert not [each for each in code if {"tests", "bench", "__pycache__"} & set(Path(each).parts)]
    beside = {"METADATA", "WHEEL", "RECORD", "licenses/LICENSE"}
    beside |= {"entry_points.txt"} if name != "flowc-runtime" else set()
    assert {each.partition(".dist-info/")[2] for each in info} == beside


@pytest.mark.parametrize("name", NAMES)
def test_wheel_holds_every_file_of_its_packages(released: dict[str, Files], name: str) -> None:
    inside = {each for each in _in_wheel(released[name].wheel) if ".dist-info/" not in each}
    homes = {"compiler": ROOT} | {each: FOLDERS[name] for name in FOLDERS for each in PACKAGES[name] - {"compiler"}}
    here = {
        path.relative_to(homes[package]).as_posix()
        for package in PACKAGES[name]
        for path in (homes[package] / package).rglob("*")
        if path.suffix in {".py", *DATA}
    }
    assert inside == here


@pytest.mark.parametrize("name", NAMES)
def test_sdist_holds_the_source_without_tests(released: dict[str, Files], name: str) -> None:
    names = {each.partition("/")[2] for each in _in_sdist(released[name].sdist)}
    top = {each.partition("/")[0] for each in names}
    assert top == {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore"} | BESIDE[name]
    assert not [each for each in names if {"tests", "__pycache__"} & set(Path(each).parts)]


@NEEDS_RELEASE
@pytest.mark.parametrize("name", NAMES)
def test_sdist_builds_the_same_wheel_and_a_second_build_the_same_files(
    released: dict[str, Files], name: str, tmp_path: Path
) -> None:
    first = released[name]
    build(first.sdist, tmp_path / "from-sdist", "--wheel")
    assert (tmp_path / "from-sdist" / first.wheel.name).read_bytes() == first.wheel.read_bytes()
    build(FOLDERS[name], tmp_path / "again")
    for path in first:
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_both_hold_the_same_package_flowc_so_that_installing_one_over_the_other_changes_no_file(
    released: dict[str, Files],
) -> None:
    both = [_in_wheel(released[name].wheel) for name in TYPED]
    shared = [{name: data for name, data in one.items() if name.startswith("flowc/")} for one in both]
    assert shared[0] == shared[1]


def test_metadata_is_valid_and_all_have_the_version_of_the_package(released: dict[str, Files]) -> None:
    import flowc

    for name, files in released.items():
        metadata = _metadata(files.wheel)
        assert (metadata.name, str(metadata.version)) == (name, flowc.__version__)
        assert (metadata.metadata_version, metadata.license_expression) == ("2.4", "Apache-2.0")
        assert metadata.description_content_type == "text/markdown"
        assert metadata.description == (FOLDERS[name] / "README.md").read_text()
        assert ("Typing :: Typed" in (metadata.classifiers or [])) == (name in TYPED)


def test_a_target_asks_for_a_flowc_that_is_no_older_than_it_and_for_nothing_else(released: dict[str, Files]) -> None:
    """Beside what its verbs alone need, which is an extra."""
    for name in TARGETS:
        metadata = _metadata(released[name].wheel)
        wanted = [each for each in metadata.requires_dist or [] if str(each.marker) != 'extra == "operate"']
        assert [str(each) for each in wanted] == [f"flowc>={metadata.version}"]
        assert metadata.requires_python == _metadata(released["flowc"].wheel).requires_python


def test_extras_of_flowc_name_the_released_targets_which_are_all_but_the_template(released: dict[str, Files]) -> None:
    wanted = _metadata(released["flowc"].wheel).requires_dist or []
    ours = {each.name: str(each.marker) for each in wanted if each.name.startswith("flowc-")}
    assert ours == {name: f'extra == "{target}"' for name, target in TARGETS.items()}
    assert {path.parent.name for path in ROOT.glob("targets/*/pyproject.toml")} == {*TARGETS.values(), "shell"}
    assert tuple(TARGETS.values()) == SEPARATE


def test_sdist_of_a_target_asks_for_the_builder_of_flowc() -> None:
    builders = [tomllib.loads((folder / "pyproject.toml").read_text())["build-system"] for folder in FOLDERS.values()]
    assert all(each == builders[0] for each in builders)


def test_runtime_asks_for_nothing_but_python_3_9(released: dict[str, Files]) -> None:
    metadata = _metadata(released["flowc-runtime"].wheel)
    wanted = [each for each in metadata.requires_dist or [] if not each.marker or each.marker.evaluate({"extra": ""})]
    assert not wanted
    assert metadata.provides_extra == ["obstore", "zstd"]
    assert str(metadata.requires_python) == ">=3.9"


def test_changelog_tells_of_this_version() -> None:
    import flowc

    assert f"\n## {flowc.__version__}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_licence_is_one_text() -> None:
    texts = {(folder / "LICENSE").read_text() for folder in FOLDERS.values()}
    assert len(texts) == 1
    assert "Apache License" in texts.pop()
