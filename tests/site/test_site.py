"""The built site: strictly built, no link or anchor leads nowhere, and it is read without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest

from compiler.backends.targets import BUILT_IN
from tests.site import build
from tests.site.build import ROOT
from tests.stages.browser import NO_BROWSER, browser, why_none

pytestmark = pytest.mark.xdist_group("site")


@dataclass
class Seen(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sort an element's attributes."""
        given = {key: value or "" for key, value in attrs}
        self.places |= {given[key] for key in ("id", "name") if key in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag != "a":
            self.loads += [given[key] for key in ("src", "href", "data", "action", "poster") if key in given]
            self.loads += [each.split()[0] for each in given.get("srcset", "").split(",") if each.strip()]
            self.loads += re.findall(r"url\(([^)]*)\)", given.get("style", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly."""
    return build.build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def seen(site: Path) -> dict[Path, Seen]:
    """Each page, read."""
    found = {}
    for path in sorted(site.rglob("*.html")):
        found[path] = page = Seen()
        page.feed(path.read_text(encoding="utf-8"))
    return found


def _elsewhere(address: str) -> bool:
    return bool(urlparse(address).scheme or address.startswith("//"))


def test_every_page_is_there_and_in_the_navigation(site: Path) -> None:
    listed = set(re.findall(r'"([^"\n]+\.md)"', build.configuration()))
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert listed >= pages
    html = {each.replace("README.md", "index.md").removesuffix(".md") + ".html" for each in listed}
    assert [each for each in sorted(html) if not (site / each).is_file()] == []


def test_each_target_has_its_page() -> None:
    missing = [name for name in BUILT_IN if not (ROOT / "docs" / "targets" / f"{name}.md").is_file()]
    assert missing == [], (
        "write docs/targets/<name>.md as the others are, with `<!-- settings -->` and `<!-- refused -->`"
    )


def test_no_link_leads_nowhere(site: Path, seen: dict[Path, Seen]) -> None:
    wrong = [
        f"{path.relative_to(site)}: {link}" for path, page in seen.items() for link in _lost(site, seen, path, page)
    ]
    assert wrong == []


def _lost(site: Path, seen: dict[Path, Seen], path: Path, page: Seen) -> Iterator[str]:
    for link in (*page.links, *page.loads):
        address, anchor = urldefrag(link)
        if _elsewhere(link):
            continue
        # The page of a wrong address is served at any depth, so its links begin at the root.
        start = site if address.startswith("/") else path.parent
        to = (start / unquote(address).lstrip("/").partition("?")[0]).resolve() if address else path
        to = to / "index.html" if to.is_dir() else to
        if not to.is_file() or (anchor and to in seen and unquote(anchor) not in seen[to].places):
            yield link


def test_nothing_is_loaded_from_another_host(site: Path, seen: dict[Path, Seen]) -> None:
    """Links lead where they like; scripts, styles, fonts and pictures are the site's own."""
    assert {
        load for page in seen.values() for load in page.loads if _elsewhere(load) and not load.startswith("data:")
    } == set()
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert [
        url for url in re.findall(r"url\(['\"]?([^)'\"]*)", styles) if _elsewhere(url) and not url.startswith("data:")
    ] == []
    assert "@import" not in styles


def test_a_mistake_ends_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs" / "site").mkdir(parents=True)
    (tmp_path / "docs" / "site" / "zensical.toml").write_text(
        '[project]\nsite_name = "x"\ndocs_dir = "source"\nsite_dir = "html"\n'
    )
    monkeypatch.chdir(tmp_path)  # `make docs` names its folder relatively
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "CONFIG", tmp_path / "docs" / "site" / "zensical.toml")
    monkeypatch.setattr(build, "LAID_OUT", ("README.md",))
    for text, code in (("# A page\n", 0), ("# A page\n\n[gone](gone.md)\n", 1), ("# A page\n\n[gone](#gone)\n", 1)):
        (tmp_path / "README.md").write_text(text)
        assert build.main(Path("built")) == code
    assert "anchor does not exist" in capsys.readouterr().err


def test_it_is_read_and_searched_as_files(site: Path) -> None:
    """In a real browser, from the disk: no request goes anywhere else, nothing fails, and the search finds a page."""
    if why_none():
        pytest.skip(f"{NO_BROWSER}: {why_none()}")
    with browser() as opened:
        page = opened.new_page(viewport={"width": 390, "height": 900})
        asked: list[str] = []
        failed: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: failed.append(str(error)))
        for name in (
            "index.html",
            "docs/tutorial.html",
            "docs/commands.html",
            "docs/targets/index.html",
            "docs/diagnostics.html",
        ):
            page.goto((site / name).as_uri())
            page.wait_for_load_state("networkidle")
            too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert too_wide <= 0, name
        page.keyboard.press("Control+k")
        page.keyboard.type("foreach-without-join")
        page.get_by_role("link", name=re.compile("FC202")).first.wait_for(timeout=20_000)
        assert failed == []
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
