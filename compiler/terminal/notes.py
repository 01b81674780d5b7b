"""What a command tells beside its output: what it has not done, and how it would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.legible import one_line
from compiler.terminal.said import tell
from compiler.workspace.listing import keep_back_cure
from compiler.workspace.trust import VARIABLE, user_file

_SHOWN = 10


def tell_untrusted(folder: Path, environment: Mapping[str, str]) -> None:
    """Say that a repository asks for its code to be imported, that it was not, and who can allow it."""
    import shlex  # noqa: PLC0415 - few repositories ask

    shown = shlex.quote(str(folder.resolve()))
    file = folder / "pyproject.toml"
    tell(
        f"note: {file} asks to import its modules, which runs its code; only you can allow that: --import for this call, for always "
        f"import = [{_quoted(str(folder.resolve()))}] in {user_file(environment)} or {VARIABLE}={shown}; --no-import ends this note"
    )


def tell_packed(secrets: Sequence[str], lines: Sequence[str], flow: Path) -> None:
    """Say what the package of a flow does not hold, and which lines make it all of the root."""
    if secrets:
        tell_secrets(secrets)
    if lines:
        tell_computed(lines, flow)


def tell_computed(lines: Sequence[str], flow: Path) -> None:
    """Name the lines that make a flow all of the root."""
    shown = ", ".join(map(one_line, lines[:_SHOWN]))
    tell(
        f"note: {shown} import{'s' if len(lines) == 1 else ''} what only a run names, so {one_line(str(flow))} is made of all the code "
        'of the root; package = "root" in [tool.flowc] says that it is meant, "imports" that `include` names the files'
    )


def tell_secrets(secrets: Sequence[str]) -> None:
    """Name the files of keys and passwords that the archive of the code does not hold, and how one is packed on purpose."""
    for path in secrets[:_SHOWN]:
        tell(
            f"note: {one_line(path)} stays out of the code's archive, for keys and passwords: {one_line(keep_back_cure(path))}"
        )
    more = len(secrets) - _SHOWN
    if more > 0:
        tell(f"note: {more} more such file{'' if more == 1 else 's'}: `flowc package --list --json` names them all")


def _quoted(text: str) -> str:
    """Text as TOML has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
