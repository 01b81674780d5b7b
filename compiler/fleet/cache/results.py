"""What comes of the files of a call: from the cache what is there and still right, anew the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence

from compiler.call.sources import FlowName, Surroundings
from compiler.documents import NotParsed, parse_json
from compiler.fleet.cache.folder import Folder, cache_folder
from compiler.fleet.cache.key import Keys
from compiler.fleet.cache.observed import Observed, Observer, World, holds
from compiler.fleet.cache.spelling import NotSpelled, read, spelled
from compiler.fleet.parts import Part
from compiler.fleet.processes import FEW, results
from compiler.mistakes import CallError, FoundError
from compiler.reading import journal
from compiler.slotted_class import fresh, mutable

Work = Callable[[FlowName], Part]


def kept_results(
    work: Work, files: Sequence[FlowName], jobs: int | None, surroundings: Surroundings, words: tuple[object, ...]
) -> list[Part]:
    """What `work` makes of each file. `words` are what it depends on beside the file, its settings and what it reads.

    Of few files, and where there is no place to keep anything, all is made anew.
    """
    place = cache_folder(os.environ) if len(files) >= FEW else None
    if place is None:
        return results(work, files, jobs)
    cache = Cache(surroundings, Folder(place), Keys(surroundings, words))
    keys = [cache.key(name) for name in files]
    found = [cache.get(name, key) for name, key in zip(files, keys, strict=True)]
    missing = [at for at, part in enumerate(found) if part is None]
    made = cache.made(work, [files[at] for at in missing], jobs) if missing else []
    cache.put([(keys[at], *each) for at, each in zip(missing, made, strict=True)])
    anew = iter(made)
    return [next(anew)[0] if part is None else part for part in found]


@mutable
class Cache:
    """The results of one call's files, before and after."""

    surroundings: Surroundings
    folder: Folder
    keys: Keys
    world: World = fresh(default_factory=World)

    def key(self, name: FlowName) -> str | None:
        """The key of a file; None where code that is not flowc's decides about it, or its settings cannot be read."""
        try:
            reading, settings = self.surroundings.reading(name.path), self.surroundings.settings(name.path)
            if reading.imports or settings.policy.get("rules"):
                return None
            return self.keys.of(name)
        except (FoundError, CallError, OSError):
            return None  # whoever reads the flow meets it again, and says so

    def get(self, name: FlowName, key: str | None) -> Part | None:
        """What is kept of a file and still right."""
        text = self.folder.get(key) if key else None
        if text is None:
            return None
        seen, _, part = text.partition("\n")
        try:
            observed = parse_json(seen)
            if isinstance(observed, dict) and holds(observed, self.surroundings.root(name.path), self.world):
                return read(part)
        except (NotParsed, NotSpelled, ValueError, TypeError, KeyError, RecursionError):
            pass  # it was not written by this flowc, whatever it says
        return None

    def made(self, work: Work, files: Sequence[FlowName], jobs: int | None) -> list[tuple[Part, Observed | None]]:
        """What comes of files, and what each was seen to depend on; None where that cannot be told."""
        with journal() as kept:
            observer = Observer(kept, self.world, self.surroundings)
            for name in files:
                observer.begin(name.path)  # here, too: other processes may do the work

            def observed(name: FlowName) -> tuple[Part, Observed | None]:
                observer.begin(name.path)
                part = work(name)
                return part, observer.end(name.path)

            return results(observed, files, jobs)

    def put(self, made: Sequence[tuple[str | None, Part, Observed | None]]) -> None:
        """Keep what was made of files, by their keys, unless names have changed meanwhile."""
        known = [(key, part, observed) for key, part, observed in made if key and observed]
        if not known or not self.world.is_as_it_was():
            return
        for key, part, observed in known:
            try:
                text = f"{json.dumps(observed)}\n{spelled(part)}"
            except ValueError:
                continue  # it holds what cannot be written, and is made anew each time
            self.folder.put(key, text)
        if self.folder.is_written:
            self.folder.sweep()
