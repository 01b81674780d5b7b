"""The page in a browser: no message, no request, keyboard alone, three widths, light, dark and paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.picture.drawing import Since, draw
from compiler.picture.facts import made
from compiler.picture.page.html import page
from compiler.picture.placing import folded_at_first, place
from compiler.workspace.settings import read_settings
from tests.picture.pictures import SOURCE, TABLES, foldings, parsed
from tests.stages.browser import NO_BROWSER, axe, browser, why_none
from tests.stages.plans import flow

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.skipif(bool(why_none()), reason=f"{NO_BROWSER}: {why_none()}"),
    pytest.mark.xdist_group("browser"),
]

WIDTHS = (360, 800, 1400)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


class Opened:
    """A page, and whatever it has said or asked for."""

    def __init__(self, chromium: Browser, path: Path, width: int = 1200, scheme: str = "light", **more: Any) -> None:
        self.context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **more)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda each: self.said.append(each.text))
        self.page.on("pageerror", lambda each: self.said.append(str(each)))
        self.page.on("request", lambda each: self.said.append(each.url) if each.url != path.as_uri() else None)
        self.page.goto(path.as_uri())

    def __enter__(self) -> Page:
        return self.page

    def __exit__(self, *_: object) -> None:
        self.context.close()
        assert [each for each in self.said if not each.startswith("data:")] == []


def _wide() -> Plan:
    """Twenty arms with a foreach each."""
    arms = {}
    for at in range(20):
        arms |= {f"a{at}": f"b{at}*", f"b{at}": f"c{at}", f"c{at}": f"d{at}", f"d{at}": f"e{at}", f"e{at}": "+ j"}
    return plan(flow(start=", ".join(f"a{at}" for at in range(20)), **arms, j="+ end", end=""))


def _write(folder: Path, found: Plan, since: Since | None = None) -> Path:
    targets = made(found.flow, read_settings(folder), (), {})
    path = folder / "page.html"
    path.write_text(page(draw(found, ("schedule 0 4 * * *",), since), found, targets), encoding="utf-8")
    return path


def _told(folder: Path, since: Since | None = None) -> Path:
    return _write(folder, parsed(SOURCE, folder), since)


SINCE = Since("main", {"fit": "changed", "join": "new"}, (("score", "went to end"),))


@pytest.fixture(scope="module")
def checker() -> str:
    return axe()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_shuts_nobody_out(chromium: Browser, checker: str, tmp_path: Path, width: int, scheme: str) -> None:
    with Opened(chromium, _told(tmp_path, SINCE), width, scheme) as opened:
        for _ in range(2):  # before and after a step is told
            opened.evaluate(checker)
            found = opened.evaluate("axe.run({resultTypes: ['violations']})")
            assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]] == []
            opened.locator(".card .face").first.click()
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_keyboard_alone_does_all(chromium: Browser, tmp_path: Path) -> None:
    with Opened(chromium, _told(tmp_path)) as opened:
        for _ in range(7):  # the field, five buttons, the graph
            opened.keyboard.press("Tab")
        name = "document.activeElement.closest('.card')?.dataset.key"
        assert opened.evaluate(name) == "step-start"
        opened.keyboard.press("ArrowDown")
        assert opened.evaluate(name) == "step-fit"
        opened.keyboard.press("Enter")
        panel = opened.locator("#panel")
        assert opened.evaluate("document.activeElement.textContent") == "fit"
        text = panel.inner_text()
        for each in ("flow.py:20", "Fit one.", "@retry(times=2", "foreach-start.fit", "team/fit:1", "4 CPU", "65 min"):
            assert each in text
        opened.keyboard.press("Escape")
        assert panel.is_hidden()
        assert opened.evaluate(name) == "step-fit"
        opened.keyboard.press("Home")
        opened.keyboard.press("f")
        assert not opened.locator('[data-key="step-fit"]').is_visible()
        assert opened.locator(".fold").get_attribute("aria-expanded") == "false"
        opened.keyboard.press("ArrowDown")
        assert opened.evaluate(name) == "step-join"
        opened.keyboard.press("/")
        opened.keyboard.type("8 gib")
        assert opened.locator("#found").inner_text() == "1 found, Enter goes to the next"
        opened.keyboard.press("Enter")
        assert opened.locator('[data-key="step-fit"]').is_visible(), "what is found is unfolded"


def test_the_script_places_as_the_compiler_does(chromium: Browser, tmp_path: Path) -> None:
    """Each fold of each shape: the same boxes and the same paths."""
    for name in ("NESTED", "BODY", "ARMS", "SWITCH", "crosswise", "far", "gang in an arm"):
        found = TABLES[name]
        for each in (plan(found), grouped(plan(found), Grouping(fuse=True))):
            drawing = draw(each)
            with Opened(chromium, _write(tmp_path, each)) as opened:
                for folded in foldings(drawing):
                    opened.evaluate("keys => window.flowcFold(keys)", sorted(folded))
                    told: Mapping[str, Any] = opened.evaluate(
                        "() => { const p = window.flowcPlace(); return {...p, boxes: Object.fromEntries(p.boxes)}; }"
                    )
                    placed = place(drawing, folded)
                    ours = {key: [box.x, box.y, box.width, box.height, box.axis] for key, box in placed.boxes.items()}
                    theirs = {
                        key: [box[side] for side in ("x", "y", "width", "height", "axis")]
                        for key, box in told["boxes"].items()
                    }
                    assert theirs == {key: pytest.approx(box) for key, box in ours.items()}, name
                    assert sorted(told["lines"]) == sorted(path for _, path in placed.paths), name


def test_a_large_flow_begins_folded_and_opens(chromium: Browser, tmp_path: Path) -> None:
    found = _wide()
    with Opened(chromium, _write(tmp_path, found)) as opened:
        seen = (
            "[...document.querySelectorAll('.card')].filter((each) => each.getAttribute('display') !== 'none').length"
        )
        count = opened.evaluate(seen)
        drawing = draw(found)
        assert count == len(
            [card for card in drawing.cards if card.key in place(drawing, folded_at_first(drawing)).boxes]
        )
        opened.get_by_role("button", name="Unfold all").click()
        assert opened.evaluate(seen) == len(found.flow.steps)
        opened.get_by_role("button", name="Fold all", exact=True).click()
        assert opened.evaluate(seen) == 3
        opened.locator(".frame.folded").first.click()
        assert opened.evaluate(seen) > 3
        opened.get_by_role("button", name="Larger").click()
        opened.get_by_role("button", name="Fit").click()


def test_paper_has_the_whole_picture_in_light_colours(chromium: Browser, tmp_path: Path) -> None:
    with Opened(chromium, _told(tmp_path), scheme="dark") as opened:
        opened.emulate_media(media="print")
        assert opened.locator(".tools").is_hidden()
        assert (
            opened.evaluate("getComputedStyle(document.querySelector('.graph')).backgroundColor")
            == "rgb(255, 255, 255)"
        )
        assert opened.evaluate(
            "document.querySelector('#view').scrollWidth <= document.querySelector('#view').clientWidth"
        )


def test_without_a_script_the_picture_is_there(chromium: Browser, tmp_path: Path) -> None:
    with Opened(chromium, _told(tmp_path), java_script_enabled=False) as opened:
        assert opened.locator('[data-key="step-fit"]').is_visible()
        opened.get_by_text("The graph as text").click()
        assert "-> fit for each of items" in opened.locator("pre").inner_text()


@pytest.mark.parametrize("text", ["</script><img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "${alert(1)}"])
def test_no_text_becomes_markup(chromium: Browser, tmp_path: Path, text: str) -> None:
    source = SOURCE.replace("Fit one.", text)
    with Opened(chromium, _write(tmp_path, parsed(source, tmp_path))) as opened:
        opened.locator('[data-key="step-fit"] .face').click()
        assert opened.locator("#panel .doc").inner_text() == text
        assert opened.locator("img").count() == 0


def test_the_policy_lets_nothing_else_in(chromium: Browser, tmp_path: Path) -> None:
    """A script that somebody puts into the file does not run: its digest is not the one of the policy."""
    path = _told(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</footer>", "<script>window.ran = 1</script></footer>"), encoding="utf-8")
    opened = Opened(chromium, path)
    assert opened.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in each for each in opened.said)
    opened.context.close()
