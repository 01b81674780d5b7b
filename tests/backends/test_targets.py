"""The targets that other distributions bring are those of importlib.metadata, in its order, without what it costs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from compiler.backends.targets import GROUP, Brought, brought

NAMES = ("One", "one", "o.n_e", "two-three", "Two_Three", "four")
TEXTS = {
    "a target": f"[{GROUP}]\na = x:BACKEND\n",
    "two between others": f"[c]\nf = g:h\n[{GROUP}]\nb=x.y:Z.BACKEND\n\n# c = d:e\n  e = f : BACKEND [more]\n[z]\nq = r:s\n",
    "another group": "[other]\nt = u:v\n",
    "a comment alone": f"# [{GROUP}]\n",
    "nothing": "",
    "none": None,
}  # fmt: skip


def installed(folder: Path, number: int, ending: str, texts: Mapping[str, str | None]) -> Path:
    """A folder of distributions, which have the texts in turn."""
    folder.mkdir()
    for at, name in enumerate((*NAMES[number:], *NAMES[:number], f"own{number}")):
        info = folder / f"{name}-1.{at}{ending}"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.{at}\n")
        text = texts["a target"] if name.startswith("own") else list(texts.values())[(at + number) % len(texts)]
        if text is not None:
            (info / "entry_points.txt").write_text(text.replace("a =", f"{name} ="))
    return folder


def said() -> list[tuple[str, str]]:
    return [(each.name, each.value) for each in entry_points(group=GROUP)]


@pytest.mark.parametrize("number", range(len(NAMES)))
@pytest.mark.parametrize("ending", [".dist-info", ".egg-info", ".DIST-INFO"])
def test_it_is_what_importlib_says(number: int, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [installed(tmp_path / str(at), (number + at) % len(NAMES), ending, TEXTS) for at in range(2)]
    monkeypatch.setattr(sys, "path", [*map(str, folders), str(tmp_path / "nowhere"), *sys.path])
    found = [(each.name, each.value) for each in brought()]
    assert found == said()
    assert len([name for name, _ in found if name.startswith("own")]) == len(folders)


def test_what_only_importlib_reads_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("packed-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: packed\nVersion: 1\n")
        archive.writestr("packed-1.dist-info/entry_points.txt", f"[{GROUP}]\nzipped = packed:BACKEND\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "packed.zip"), *sys.path])
    assert ("zipped", "packed:BACKEND") in said()
    assert [(each.name, each.value) for each in brought()] == said()


@pytest.mark.parametrize("value", ["json.decoder:JSONDecoder.decode", "json.decoder : JSONDecoder.decode [x]"])
def test_a_target_is_loaded_as_its_entry_point_says(value: str) -> None:
    from json.decoder import JSONDecoder

    assert Brought("a", value, "b").load() is JSONDecoder.decode


def test_a_value_that_names_nothing_says_whose_it_is() -> None:
    with pytest.raises(ImportError, match="of `b`"):
        Brought("a", "no name", "b").load()


def test_importlib_metadata_is_not_imported() -> None:
    code = "import sys; from compiler.backends.targets import load_backend as load; assert load('shell')"
    code += "; print('importlib.metadata' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
