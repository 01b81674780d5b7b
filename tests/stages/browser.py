"""A browser that opens pages of ours: Debian's Chromium by playwright, and axe of npm, which says whom a page shuts out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.engines.npm import installed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NO_BROWSER = "no page was opened in a browser"
AXE = "axe-core@4.14.1"


def why_none() -> str:
    """Why there is no browser; empty where there is one."""
    try:
        import playwright.sync_api as _  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return "" if _chromium() else "chromium is not installed"


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def browser() -> Iterator[Browser]:
    """The browser, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        try:
            yield opened
        finally:
            opened.close()


def axe() -> str:
    """The text of axe. Skips the test where it cannot be had."""
    return (installed("axe", AXE) / "axe-core/axe.min.js").read_text(encoding="utf-8")
