"""The modules of the repository that importing a module imports with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.frontend.text.modules import Import, Module, Modules

_FROM = re.compile(r"^from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+\(?([\w ,\t]*)", re.MULTILINE)
_IMPORT = re.compile(r"^import[ \t]+([\w.]+)((?:[ \t]*,[ \t]*[\w.]+)*)", re.MULTILINE)
_OURS = re.compile(r"\b(?:metaflow|flowc)\b")
_MOST = 300


def followed(modules: Modules, module: Module) -> Iterator[Module]:
    """Those that name the flow language, each once, in the order in which they are met; told by lines that stand outside any block."""
    seen = {module.source.file}
    waiting = [(module.source.file, module.source.text)]
    for file, text in waiting:
        for bound in _imports(text):
            found = modules.file_of(file.parent, bound)
            if found is None or found in seen or len(seen) > _MOST:
                continue
            seen.add(found)
            inner = modules.text_of(found)
            waiting.append((found, inner))
            read = modules.imported_file(found) if _OURS.search(inner) else None
            if read is not None:
                yield read


def _imports(text: str) -> Iterator[Import]:
    """Each module that a line names, with the packages that it lies in."""
    for found in _FROM.finditer(text):
        level, module = len(found[1]), found[2]
        yield from _packages(module, level)
        for name in found[3].split(","):
            words = name.split()
            if words:
                yield Import(f"{module}.{words[0]}".strip("."), None, level)
    for found in _IMPORT.finditer(text):
        for name in (found[1], *found[2].replace(",", " ").split()):
            yield from _packages(name, 0)


def _packages(module: str, level: int) -> Iterator[Import]:
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        yield Import(".".join(parts[:end]), None, level)
