"""The tables of settings in docs/settings.md and in the pages of the targets, and what a target refuses."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping

from compiler.backends import Backend
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.commands.config import DEFAULTS
from compiler.policy.table import KEYS
from compiler.workspace.settings.keys import KINDS, OF_FLOW, OF_WORKSPACE, PROJECT, RUN, SHARED
from tests.diagnostics.page import plain, rules
from tests.site.markdown import prose, table

_NOUNS = {
    "flag": "true or false",
    "number": "a whole number from 1",
    "words": "a list of texts",
    "steps": "true, false or a list of steps",
    "portions": "a table of numbers by step",
}


def text() -> str:
    """All settings that are no target's own: a table each for what all targets take, for the project, and for the local run."""
    targets = "".join(f"- [`[tool.flowc.{name}]`](targets/{name}.md#settings)\n" for name in BUILT_IN)
    policy = table(
        ("key", "what it takes", "for example"),
        ((f"`{key}`", one.wants, f"`{one.example}`") for key, one in KEYS.items()),
    )
    return "\n".join(
        (
            "",
            "### Of every target\n\nIn each table of settings; as an option of `create` the same with dashes.\n",
            _ours(SHARED),
            f"### Of the project\n\n{_places()}\n",
            _ours(PROJECT),
            "### Of the local run\n\nIn `[tool.flowc.run]`, beside those of every target.\n",
            _ours(RUN),
            f"### Of one target\n\nEach on its target's page.\n\n{targets}",
            "### Of the policy\n\nIn `[tool.flowc.policy]`; [the policy's page](policy.md) says what each holds.\n",
            policy,
            "",
        )
    )


def _ours(settings: Mapping[str, str]) -> str:
    rows = (
        (f"`{key}`", prose(words), _NOUNS.get(KINDS.get(key, ""), "a text"), prose(DEFAULTS[key]))
        for key, words in settings.items()
    )
    return table(("setting", "what it is", "takes", "where nobody says it"), rows)


def _places() -> str:
    def named(keys: Iterable[str]) -> str:
        return ", ".join(f"`{key}`" for key in keys)

    return f"{named(OF_WORKSPACE)} stand in `[tool.flowc]` alone; {named(OF_FLOW)} may be a flow's own, too."


def of_target(name: str) -> str:
    """The keys of `[tool.flowc.<target>]` and of its table `connection`."""
    backend = _backend(name)
    return "\n".join(("", *_of_target(backend), ""))


def _of_target(backend: Backend) -> Iterator[str]:
    beside = "beside [those of every target](../settings.md#all-settings)"
    yield f"Keys of `[tool.flowc.{backend.name}]`, {beside}. Each is an option of `flowc {backend.name} create`, too.\n"
    yield table(
        ("setting", "what it is"), ((f"`{key}`", prose(words)) for key, words in backend.target_options.items())
    )
    connection = getattr(backend, "connection_options", None)
    if connection:
        yield f"Keys of `[tool.flowc.{backend.name}.connection]`: how its engine is reached. Nothing that is compiled depends on them.\n"
        yield table(("key", "what it is"), ((f"`{key}`", prose(words)) for key, words in connection.items()))


def refused(name: str) -> str:
    """What a target refuses: the features that it lacks, and the rules that its own package holds flows to."""
    backend = _backend(name)
    parts = []
    if backend.gaps:
        rows = ((feature, prose(gap.reason), prose(gap.way_round)) for feature, gap in backend.gaps.items())
        parts.append(table(("feature", "why", "the way round"), rows))
    found = rules(importlib.import_module(type(backend).__module__)).values()
    parts.append(
        table(
            ("code", "what is said", "what to do"),
            (
                (
                    _linked(rule.code, rule.name),
                    prose(plain(rule.message)),
                    prose(plain(rule.help)),
                )
                for rule in found
            ),
        )
    )
    return "\n".join(("", *parts, ""))


def _linked(code: str, name: str) -> str:
    """A code of ours leads to the page of the diagnostics; those of other distributions stand on their target's page alone."""
    return f"[{code}](../diagnostics.md#{code.lower()}-{name})" if code.startswith("FC") else code


def _backend(name: str) -> Backend:
    backend = load_backend(name)
    assert backend is not None, name
    return backend
