"""The walk of imports: from a flow's file to all that its tasks can load, and what of that the archive leaves out."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from compiler.diagnostics import Report, Rule
from compiler.frontend.findings import fc1xx
from compiler.frontend.text.import_path import Found, import_folders
from compiler.frontend.text.modules import Known, bind, whole_path
from compiler.frontend.text.source import read, tree
from compiler.ir.flow import Flow, Span
from compiler.reading import is_within, used_again
from compiler.slotted_class import fresh, mutable, record
from compiler.workspace.closure.data import matching
from compiler.workspace.closure.mentions import Import, Mentions, mentions
from compiler.workspace.closure.paths import Named
from compiler.workspace.closure.search import INIT, Search
from compiler.workspace.listing import Listing, Reason, too_large, why_left_out

COMPUTED_IMPORT = Rule(
    "FC850",
    "computed-import",
    "this line decides at run time what is imported, so the flow is made of all the code of the root",
    'import it by its name; or name the files with `include` and write `package = "imports"`',
    severity="note",
)

_EXTENSIONS = "metaflow_extensions"


@mutable
class Code:
    """The code of a root in one call: its folders are listed once, its modules read once.

    `known` are modules that the frontend has read, by `whole_path`.
    """

    root: Path
    known: Known
    listing: Listing
    _real: dict[str, str] = fresh(default_factory=dict)
    _mentions: dict[str, tuple[Path, Mentions | None]] = fresh(default_factory=dict)
    folders: Found = fresh(default_factory=dict)
    """Where imports are looked for."""
    _large: dict[str, Reason | None] = fresh(default_factory=dict)
    _named: dict[tuple[str, str], tuple[tuple[str, int], ...]] = fresh(default_factory=dict)

    def mentions(self, file: str) -> Mentions | None:
        """What a module of the root mentions; None where it cannot be read as Python."""
        if file not in self._real:
            self._real[file] = os.path.realpath(self.listing.root / file)
        real = self._real[file]
        if real not in self._mentions:
            self._mentions[real] = self.root / file, self._read(self.root / file)
        place, found = self._mentions[real]
        used_again(place)
        return found

    def named(self, file: str, found: Mentions, flow: str) -> tuple[tuple[str, int], ...]:
        """The files that the texts of a module name, each with its line, for flows of a folder: looked for once for all of them."""
        key = (file, flow)
        if key not in self._named:
            self._named[key] = tuple(_named(self.listing, file, found.named, flow))
        return self._named[key]

    def too_large(self, file: str) -> Reason | None:
        """Why a file alone is more than an archive holds; None where it is not."""
        if file not in self._large:
            self._large[file] = too_large(self.listing, file)
        return self._large[file]

    def _read(self, file: Path) -> Mentions | None:
        module = self.known.get(whole_path(file))
        if module is None:
            aside = Report()  # mistakes of a module are told where it is checked
            source = read(file, file.as_posix(), aside)
            parsed = tree(source, aside) if source else None
            module = bind(source, parsed) if source and parsed else None
        return mentions(module) if module else None


def code(root: Path, known: Known | None = None) -> Code:
    """The code of a root, of which nothing is read yet."""
    return Code(root, Known() if known is None else known, Listing(root.resolve()))


@record
class LeftOut:
    """An import that the archive leaves unresolved."""

    span: Span
    name: str
    reason: Reason


@record
class Outside:
    """An import of a module that the code does not hold; `always` unless it stands in a function of the flow's file."""

    module: str
    parts: tuple[str, ...]
    """Those of the module, and the first name that is imported from it."""
    span: Span
    always: bool


@record
class Reached:
    """What a flow's tasks can load: modules and the files that their texts name, by their paths in the root, each with why it is there.

    `folders` are packages without a file that nothing else is reached of. `computed` are the lines that import what only a run names.
    """

    flow: str
    files: Mapping[str, str]
    folders: Mapping[str, str]
    computed: tuple[Span, ...]
    left_out: tuple[LeftOut, ...]
    outside: tuple[Outside, ...] = ()

    @property
    def modules(self) -> Iterator[str]:
        """Those that are Python."""
        return (file for file in self.files if file.endswith((".py", ".so")))


def reached(code: Code, path: Path, named: Sequence[Path], flows: Iterable[Flow] = ()) -> Reached:
    """Follow the imports of a flow's file. `named` are more folders of imports; `flows` are those of the file that are known and count."""
    root = code.listing.root
    flow = Path(os.path.realpath(path)).relative_to(root).as_posix()
    bases, added = (
        tuple(_base(folder, root) for folder in import_folders(path, code.root, named, code.folders)),
        tuple[str, ...](),
    )
    while True:
        walk = _Walk(code, flow, bases, added)
        walk.run(flows)
        more = tuple(base for base in walk.added if base not in bases)
        if not more:
            return Reached(
                flow,
                walk.files,
                walk.empty_folders(),
                tuple(walk.computed),
                tuple(walk.left_out.values()),
                tuple(walk.outside),
            )
        bases += more  # some module adds to `sys.path`: what was not found before may be there
        added += more


def _base(folder: Path, root: Path) -> str:
    inside = Path(os.path.realpath(folder)).relative_to(root).as_posix()
    return "" if inside == "." else f"{inside}/"


@mutable
class _Walk:
    """One walk with the folders of imports that are known so far, `put` those that modules add; `added` are those that it has found."""

    code: Code
    flow: str
    bases: tuple[str, ...]
    put: tuple[str, ...] = ()
    files: dict[str, str] = fresh(default_factory=dict)
    folders: dict[str, str] = fresh(default_factory=dict)
    added: list[str] = fresh(default_factory=list)
    computed: list[Span] = fresh(default_factory=list)
    left_out: dict[Span, LeftOut] = fresh(default_factory=dict)
    outside: list[Outside] = fresh(default_factory=list)
    pending: list[str] = fresh(default_factory=list)

    def run(self, flows: Iterable[Flow]) -> None:
        """Follow everything."""
        search = Search(self.code.listing, self.bases, self._exported, self.put)
        self._take(self.flow, "the flow's own file")
        for flow in flows:
            for parameter in flow.parameters:
                if parameter.file and self.code.listing.holds(parameter.file):
                    self._take(parameter.file, f"{self.flow}:{parameter.span.line} includes it")
            self._follow_hooks(flow, search)
        while self.pending:
            file = self.pending.pop()
            found = self.code.mentions(file) if file.endswith(".py") else Mentions()
            if found is None:
                self.computed.append(Span((self.code.root / file).as_posix(), 1, 1, 1, 2))
                continue
            self._follow(file, found, search)

    def _follow(self, file: str, found: Mentions, search: Search) -> None:
        self.computed += found.computed
        for text, from_file in found.folders:
            base = self._added(file, text, from_file)
            if base is not None:
                self.added.append(base)
        if file == self.flow and (found.is_in_package or any(each.level for each in found.imports)):
            self._take_packages_of_flow()
        for each in found.imports:
            self._import(file, each, search)
        for path, line in self.code.named(file, found, _outer(self.flow)):
            self._take(path, f"{file}:{line} names it")
            if path.endswith(".py"):
                self.added.append(_outer(path))  # a script finds what lies beside it

    def _import(self, file: str, wanted: Import, search: Search) -> None:
        found = search.found(file, wanted)
        if not found.files and not found.folders:
            self._note_outside(file, wanted)
        why = f"{file}:{wanted.span.line} imports {wanted.written}"
        for each in found.files:
            if not self.code.listing.holds(each):
                self._leave_out(file, wanted, why_left_out(self.code.root, self.code.root / each))
                return
            if reason := self.code.too_large(each):
                self._leave_out(file, wanted, reason)
                return
            self._take(each, why)
        for folder in found.folders:
            if self.code.listing.holds(folder):
                self.folders.setdefault(folder, why)
        if wanted.parts[:1] == ("metaflow",) and not wanted.level:
            self._take_extensions(why)

    def _note_outside(self, file: str, wanted: Import) -> None:
        """An import of another package that nothing catches, of the same ones as those that are told where they are left out."""
        if wanted.parts and not wanted.level and not wanted.is_caught and (file == self.flow or not wanted.is_inner):
            parts = (*wanted.parts, *wanted.names[:1])
            self.outside.append(Outside(".".join(wanted.parts), parts, wanted.span, not wanted.is_inner))

    def _leave_out(self, file: str, wanted: Import, reason: Reason | None) -> None:
        """An import that nothing catches is told: all of the flow's own file, of others those that run when they are imported."""
        if reason and not wanted.is_caught and (file == self.flow or not wanted.is_inner):
            self.left_out.setdefault(wanted.span, LeftOut(wanted.span, wanted.written, reason))

    def _take(self, file: str, why: str) -> None:
        if file not in self.files:
            self.files[file] = why
            if file.endswith(".py"):
                self.pending.append(file)

    def _take_packages_of_flow(self) -> None:
        """The packages that a flow's file lies in, which its relative imports begin from."""
        base = _outer(self.flow)
        while base and self.code.listing.is_file(f"{base}{INIT}.py"):
            if self.code.listing.holds(f"{base}{INIT}.py"):
                self._take(f"{base}{INIT}.py", "the package that the flow's file lies in")
            base = _outer(base)

    def _take_extensions(self, why: str) -> None:
        """What may add names to `metaflow`, which looks for it by itself."""
        for base in self.bases:
            folder = f"{base}{_EXTENSIONS}/"
            if self.code.listing.folder(folder) and self.code.listing.holds(folder):
                for file in self.code.listing.below(folder).files:
                    self._take(file, why)

    def _follow_hooks(self, flow: Flow, search: Search) -> None:
        """The modules that exit hooks lie in, where a text names them."""
        for decorator in (*flow.decorators, *flow.added):
            for key, value in decorator.arguments if decorator.name == "exit_hook" else ():
                for text in value if isinstance(value, tuple) else ():
                    if isinstance(text, str) and "." in text:
                        span = decorator.span_of(key)
                        self._import(self.flow, Import(span, tuple(text.split(".")), 0, (), True), search)

    def _added(self, file: str, text: str, from_file: bool) -> str | None:
        """The folder of the root that a module adds to `sys.path`, if it is one."""
        start = file if from_file else ""
        inside = posixpath.normpath(posixpath.join(start, text)) if text else start
        base = "" if inside in (".", "") else f"{inside}/"
        place = self.code.listing.root / inside
        if posixpath.isabs(inside) or not is_within(place, self.code.listing.root) or not place.is_dir():
            return None
        return base

    def _exported(self, file: str) -> tuple[str, ...] | None:
        found = self.code.mentions(file) if file.endswith(".py") else None
        return found.exported if found else ()

    def empty_folders(self) -> dict[str, str]:
        """The packages without a file of which nothing is reached: they must be there all the same."""
        return {
            base: why for base, why in self.folders.items() if not any(file.startswith(base) for file in self.files)
        }


def _named(listing: Listing, file: str, named: Iterable[Named], flow: str) -> Iterator[tuple[str, int]]:
    """The files that paths of a module name, wherever in the root each may begin: at the module, at a folder above it, at the flow."""
    own = _outer(file)
    bases = [own]
    while bases[-1]:
        bases.append(_outer(bases[-1]))
    near = (own, flow)
    places = [(base, folder.entries) for base in dict.fromkeys((*bases, flow)) if (folder := listing.folder(base))]
    seen = set[tuple[tuple[str, ...], bool]]()
    for each in named:
        if (each.parts, each.is_folder) in seen:
            continue
        seen.add((each.parts, each.is_folder))
        first = each.parts[0]
        is_pattern = any(letter in first for letter in "*?[")
        for base, entries in places:
            if is_pattern or first in entries:  # most texts name nothing that is there
                for path in matching(listing, base, each, base in near):
                    yield path, each.line


def _outer(path: str) -> str:
    return path[: path.rstrip("/").rfind("/") + 1]


def tell_left_out(found: Reached, report: Report) -> None:
    """Report what the flow imports and the archive leaves out, and, as notes, what only a run names."""
    for each in found.left_out:
        report.add(fc1xx.LEFT_OUT, each.span, name=each.name, reason=each.reason.told, cure=each.reason.cure)
    for span in found.computed:
        report.add(COMPUTED_IMPORT, span)
