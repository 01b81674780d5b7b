"""The modules of the repository that importing a module imports with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from compiler.frontend.text.modules import Import, Module, Modules

_FROM = re.compile(r"from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+\(?([\w ,\t]*)")
_IMPORT = re.compile(r"import[ \t]+([\w.]+)((?:[ \t]*,[ \t]*[\w.]+)*)")
_NAMES = ("metaflow", "flowc")
_OURS = rf"\b(?:{'|'.join(_NAMES)})\b"
_MOST = 300


def followed(modules: Modules, module: Module) -> Iterator[Module]:
    """Those that name the flow language, each once, in the order in which they are met; told by lines that stand outside any block."""
    seen = {module.source.file}
    waiting = [module.source.file]
    for file in waiting:
        for found in _files(modules, file, module.source.text if file == module.source.file else modules.text_of(file)):
            if found in seen or len(seen) > _MOST:
                continue
            seen.add(found)
            waiting.append(found)
            text = modules.text_of(found)
            is_ours = any(name in text for name in _NAMES) and re.search(_OURS, text)
            read = modules.imported_file(found) if is_ours else None
            if read is not None:
                yield read


def _files(modules: Modules, file: Path, text: str) -> tuple[Path, ...]:
    """The files that the lines of one name; looked up once for all flows that look in the same folders."""
    key = (file, modules.folders)
    if key not in modules.known.imports:
        found = (modules.file_of(file.parent, bound) for bound in dict.fromkeys(_imports(text)))
        modules.known.imports[key] = tuple(dict.fromkeys(each for each in found if each is not None))
    return modules.known.imports[key]


def _imports(text: str) -> Iterator[Import]:
    """Each module that a line names, with the packages that it lies in."""
    lines = text.split("\n")
    for found in filter(None, (_FROM.match(line) for line in lines if line.startswith("from"))):
        level, module = len(found[1]), found[2]
        yield from _packages(module, level)
        for name in found[3].split(","):
            words = name.split()
            if words:
                yield Import(f"{module}.{words[0]}".strip("."), None, level)
    for found in filter(None, (_IMPORT.match(line) for line in lines if line.startswith("import"))):
        for name in (found[1], *found[2].replace(",", " ").split()):
            yield from _packages(name, 0)


def _packages(module: str, level: int) -> Iterator[Import]:
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        yield Import(".".join(parts[:end]), None, level)
