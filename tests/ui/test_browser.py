"""The pages in a real browser: at three widths, by keyboard, with nothing taken by hostile text and nothing asked elsewhere."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flowc.cards.page import page as card_page

from tests.stages.browser import axe
from tests.ui.conftest import Site

PAGES = (
    "/",
    "/flow/Told",
    "/flow/Told/run/good",
    "/flow/Told/run/hostile",
    "/flow/Told/run/bad",
    "/flow/Told/run/killed",
    "/flow/Told/run/resumed",
    "/flow/Told/run/shared",
    "/flow/Told/run/hostile/step/each",
    "/flow/Told/run/hostile/task/start/-",
    "/flow/Told/run/bad/task/work/-",
    "/compare?flow=Told&run=good&run=hostile",
)


@pytest.fixture
def page(site: Site, browser: Any) -> Iterator[Any]:
    """A page of somebody who has the token; its console's errors and the addresses that it asks are kept."""
    context = browser.new_context()
    opened = context.new_page()
    opened.errors, opened.asked = [], []
    opened.on("console", lambda told: opened.errors.append(told.text) if told.type == "error" else None)
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.on("dialog", lambda dialog: (opened.errors.append("a dialog"), dialog.dismiss()))
    opened.goto(f"{site.address}/?token={site.token}")
    yield opened
    context.close()


@pytest.mark.every(4)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_everybody(site: Site, page: Any, path: str) -> None:
    """At three widths nothing sticks out; text is seen against its ground, light and dark (a ratio of 4.5, as WCAG has it); all that can
    be used has a name and is reached by the keyboard; nothing is asked of anybody else, and no text of an author has done anything.
    """
    page.goto(site.address + path)
    for width in (360, 800, 1400):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), (
            f"it scrolls sideways at {width}"
        )
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) == [], scheme
    assert page.evaluate(UNNAMED) == []
    wanted = min(page.evaluate(USABLE), 25)
    reached = set()
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert len(reached) == wanted
    assert page.locator("h1").count() == 1
    assert page.title() != "taken"
    assert page.errors == []
    assert all(url.startswith(site.address) or url.startswith("data:") for url in page.asked)


@pytest.fixture(scope="module")
def checker() -> str:
    return axe()


@pytest.mark.every(4)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_shuts_nobody_out(site: Site, page: Any, checker: str, path: str) -> None:
    """By axe, at three widths, light and dark."""
    page.goto(site.address + path)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (360, 800, 1400):
            page.set_viewport_size({"width": width, "height": 800})
            page.evaluate(checker)
            found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            told = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]
            assert told == [], (scheme, width)


def test_the_words_of_a_card_are_not_parted_in_its_tables(page: Any) -> None:
    """A wide table moves sideways in its own frame; only what is longer than a line by itself is parted."""
    rows = [["pandas.DataFrame"] * 14, ["x" * 400] * 14]
    inner = {"type": "table", "columns": ["a_name"] * 14, "data": rows}
    shown = {"type": "artifacts", "data": [{"name": "frame", "kind": "pandas.core.frame.DataFrame", "shown": inner}]}
    page.set_viewport_size({"width": 500, "height": 800})
    page.goto("about:blank")
    page.set_content(card_page("A card", [shown]))
    heights = page.evaluate("[...document.querySelectorAll('td tbody tr')].map((one) => one.cells[0].clientHeight)")
    assert heights[0] < 40 < heights[1]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")


UNNAMED = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, iframe")].filter((one) =>
    !(one.getAttribute("aria-label") || one.title || one.textContent.trim() || one.labels?.length)).map((one) => one.outerHTML)"""
USABLE = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, [tabindex]")].filter(
    (one) => one.getClientRects().length && !one.disabled).length"""
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("svg") || !element.getClientRects().length) continue;
    const [one, other] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5) found.push(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(found)];
}"""


def test_a_run_is_found_by_the_keyboard_alone(site: Site, page: Any) -> None:
    page.goto(site.address + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "to the content"
    page.get_by_role("link", name="Told", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/flow/Told")
    page.get_by_role("link", name="bad", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/run/bad")
    assert "it broke: plain" in page.locator("main").inner_text()


def test_a_page_of_what_runs_goes_on_by_itself(site: Site, page: Any) -> None:
    go = site.folder / "go"
    go.unlink(missing_ok=True)
    command = site.command("live")
    with subprocess.Popen(
        command,
        env={**os.environ, "NAP": str(go)},
        cwd=site.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        begun = site.folder / "store" / "Told" / "live" / "work" / "-" / "attempt-0001"
        while not begun.exists():
            time.sleep(0.05)
        page.goto(f"{site.address}/flow/Told/run/live")
        assert page.locator(".mark").first.inner_text() == "running"
        go.touch()
        assert running.wait(60) == 0
        page.locator("p .mark.succeeded").first.wait_for(timeout=20_000)
    assert page.errors == []


LIVE = """
import os, time
from flowc import FlowSpec, card, current, step
from flowc.cards import Markdown
class Shown(FlowSpec):
    @card(type="blank", id="films", refresh_interval=0)
    @step
    def start(self):
        for number in range(2):
            current.card.clear()
            current.card.append(Markdown(f"so far {number}"))
            current.card.refresh()
            while not os.path.exists(os.environ["NAP"] + str(number)):
                time.sleep(0.05)
        current.card.append(Markdown("at the end"))
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def test_a_card_is_followed_while_its_step_runs(site: Site, page: Any) -> None:
    go = site.folder / "shown"
    (site.folder / "shown.py").write_text(LIVE)
    command = [*site.command("shown")[:-1], "shown.py"]
    env = {**os.environ, "NAP": str(go)}
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, env=env, cwd=site.folder, stdout=silent, stderr=silent) as running:
        shown = site.folder / "store" / "Shown" / "shown" / "_live" / "start" / "-" / "0001-0~blank~films"
        while not shown.exists():
            time.sleep(0.05)
        page.goto(f"{site.address}/flow/Shown/run/shown/task/start/-")
        assert "blank films" in page.locator("main").inner_text()
        card = page.frame_locator("iframe")
        card.get_by_text("so far 0").wait_for()
        assert card.locator("body").evaluate("() => window.origin") == "null"
        assert site.get("/flow/Shown/run/shown/task/start/-/live/1")[0] == 404
        (site.folder / "shown0").touch()
        card.get_by_text("so far 1").wait_for(timeout=20_000)
        (site.folder / "shown1").touch()
        assert running.wait(60) == 0
        card.get_by_text("at the end").wait_for(timeout=20_000)
    assert not shown.exists()
    assert page.locator("p .mark").first.inner_text() == "succeeded"
    assert page.errors == []


def test_a_value_is_shown_by_a_button(site: Site, page: Any) -> None:
    page.goto(f"{site.address}/flow/Told/run/hostile/task/start/-")
    page.get_by_role("button", name="show danger").focus()
    page.keyboard.press(
        "Enter"
    )  # a click right after a scroll past a frame of another origin misses in a browser without a window
    page.wait_for_url("**/value/danger")
    assert "</script>" in page.locator("pre").inner_text()
    assert page.title() == "danger · flowc"


def test_a_card_has_an_origin_of_its_own(site: Site, page: Any) -> None:
    page.goto(f"{site.address}/flow/Told/run/good/task/start/-")
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame.evaluate("window.origin") == "null"
    with pytest.raises(Exception, match=r"SecurityError|sandboxed"):
        frame.evaluate("document.cookie")
