"""Builds the site: `python -m tests.site.build [FOLDER]` (`make docs`). Any page, link or anchor that is not there ends it with 1."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "docs" / "site" / "zensical.toml"
LAID_OUT = (
    "docs",
    "examples",
    "targets",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "runtime_shim/README.md",
    "bench/RESULTS.md",
)
"""What the site holds, at the places where it lies in the repository: so a link that is right there is right here."""

_PATTERN = re.compile(r'"([^"\n]*\*[^"\n]*\.md)"')
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "zensical.toml")


def build(folder: Path) -> Path:
    """Build the site below an empty folder; the folder of its pages. RuntimeError with what the builder says of a mistake."""
    source = folder / "source"
    for name in LAID_OUT:
        _copy(ROOT / name, source / name)
    config = folder / "zensical.toml"
    config.write_text(configuration(), encoding="utf-8")
    command = [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean", "--config-file", config]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stdout + ended.stderr)
    return folder / "html"


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, to, ignore=_LEFT_OUT)
    else:
        shutil.copyfile(path, to)


def configuration() -> str:
    """The builder's configuration, with the pages in place of the patterns that stand for them."""
    text = CONFIG.read_text(encoding="utf-8")
    named = set(re.findall(r'"([^"*\n]+\.md)"', text))

    def pages(match: re.Match[str]) -> str:
        found = [page for page in _pages(match[1]) if page not in named]
        named.update(found)
        return "".join(f'"{page}", ' for page in found)

    # The narrower pattern takes its pages first.
    for pattern in sorted(set(_PATTERN.findall(text)), key=len, reverse=True):
        text = re.sub(f'"({re.escape(pattern)})",? ?', pages, text)
    return text


def _pages(pattern: str) -> Iterator[str]:
    for path in sorted(ROOT.glob(pattern)):
        yield path.relative_to(ROOT).as_posix()


def main(folder: Path) -> int:
    """Build into a folder that is made anew."""
    folder = folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        pages = build(folder)
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{pages / 'index.html'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site")))
