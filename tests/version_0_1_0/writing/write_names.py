"""Write `flows/names.json`: the name, where it is public, the pickle and what it says, of all that is in `reached`."""

from __future__ import annotations

import base64
import inspect
import json
import pickle
import pickletools
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import flowc

from tests.version_0_1_0.texts import text_of
from tests.version_0_1_0.writing.reached import instances, references

DATA = Path(__file__).resolve().parents[1]


def main() -> None:
    """Print the table's size and what has no instance."""
    sys.path.append(str(Path(flowc.__path__[0]) / "_compat"))
    public = _public()
    kinds = references()
    rows = [_row("reference", path, value, public.get(path), 4) for path, value in kinds.items()]
    for path, value in instances().items():
        try:
            rows.append(_row("instance", path, value, public.get(_whole(type(value))), 5))
        except Exception as error:  # noqa: BLE001 - a value's own __reduce__ may raise anything
            sys.stdout.write(f"no pickle of an instance of {path}: {error}\n")
    for number, row in enumerate(rows):
        row["artifact"] = f"row_{number:03}"
    inside = {name for row in rows for name in row["names"]}
    sys.stdout.write(f"{len(rows)} rows; only inside others: {sorted(inside - set(kinds))}\n")
    sys.stdout.write(f"without a public name: {[row['of'] for row in rows if not row['public']]}\n")
    (DATA / "flows" / "names.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _row(kind: str, path: str, value: Any, public: str | None, protocol: int) -> dict[str, Any]:
    data = pickle.dumps(value, protocol)
    again = pickle.loads(data)
    said = text_of(again) if kind == "instance" else f"{again.__qualname__}"
    names = sorted({name for name in _globals(data) if name.startswith("flowc")})
    return {
        "kind": kind,
        "of": path,
        "public": public,
        "said": said,
        "names": names,
        "pickle": base64.b64encode(data).decode(),
    }


def _globals(data: bytes) -> Iterator[str]:
    """The whole names that a pickle refers to."""
    texts: list[str] = []
    memo: dict[int, str] = {}
    last = ""
    for opcode, argument, _ in pickletools.genops(data):
        if "UNICODE" in opcode.name:
            last = str(argument)
            texts.append(last)
        elif opcode.name == "MEMOIZE":
            memo[len(memo)] = last
        elif opcode.name in ("BINGET", "LONG_BINGET"):
            last = memo.get(int(str(argument)), "")
            texts.append(last)
        elif opcode.name == "STACK_GLOBAL":
            yield ".".join(texts[-2:])
            last = ""
        else:
            last = last if opcode.name in ("FRAME", "PROTO") else ""


def _whole(kind: Any) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _public() -> Mapping[str, str]:
    """The name under which flows of the language import each object, by its whole name: `flowc:X` before `metaflow.y:X`."""
    homes: Mapping[str, str] = import_module("metaflow._elsewhere")._HOMES
    places = ["flowc", "metaflow.exception", *(f"metaflow.{name}" for name in homes)]
    found: dict[str, str] = {}
    for place in places:
        home = import_module(homes.get(place.removeprefix("metaflow."), place))
        for name in getattr(home, "__all__", vars(home)):
            value = getattr(home, name)
            is_own = hasattr(home, "__all__") or getattr(value, "__module__", "") == home.__name__
            if is_own and name[:1] != "_" and (inspect.isclass(value) or inspect.isfunction(value)):
                found.setdefault(_whole(value), f"{place}:{name}")
    return found


if __name__ == "__main__":
    main()
