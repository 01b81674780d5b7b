"""A run as files to send: its page, a page a task, its cards; no server, no values, nothing outside of the folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.mistakes import CallError
from compiler.reading import read_file
from compiler.ui import pages
from compiler.ui.library import Library

MOST = 2_000
"""Tasks that a copy may have; each is a file."""


def exported(library: Library, flow: str, run: str) -> Mapping[Path, bytes]:
    """The files, by their paths in the folder. Raises HistoryError; CallError for a run of too many tasks."""
    state = library.run(flow, run)
    count = len(state.tasks) + sum(state.unread.values())
    if count > MOST or state.unread:
        raise CallError(f"{flow}/{run} has {count:,} tasks, and a copy holds {MOST:,} at most: `flowc ui` shows it")
    links = pages.Links("", is_static=True)
    files = {Path("index.html"): pages.run_page(links, state, is_live=False).encode()}
    for task in state.tasks:
        address = task.address
        page = pages.task_page(links, task, (), may_show=False)
        files[Path(pages.file_name(address.step, address.index))] = page.encode()
        for at, card in enumerate(task.manifest.cards if task.manifest else ()):
            assert task.manifest is not None
            files[Path(f"card-{address.id}-{at}.html")] = bytes(task.manifest.card(card))
    for name in ("ui.css", "ui.js"):
        files[Path("static") / name] = read_file(pages.STATIC / name, 1 << 20)
    return files
