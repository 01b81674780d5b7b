"""`python -m bench [GROUP...]`: measure and print those groups of rows, or measure all and write `bench/RESULTS.md`."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench import container_rows, data_rows, editor_rows, page_rows, rows, sharing_rows, wide_rows, wire_rows
from bench.results import line_of, page, read
from bench.rows import Rows
from bench.sides import ROOT, open_bench

RESULTS = ROOT / "bench" / "RESULTS.md"
GROUPS: Mapping[str, Rows] = {
    "create": rows.create,
    "large": rows.large,
    "scaling": rows.scaling,
    "hundred": rows.hundred,
    "workspace": rows.workspace,
    "local": rows.local,
    "import": container_rows.dag_import,
    "step": container_rows.step,
    "containers": sharing_rows.containers,
    "more": sharing_rows.one_more_task,
    "wide": wide_rows.wide,
    "pages": page_rows.run_pages,
    "editor": editor_rows.editor,
    "small": data_rows.small_artifacts,
    "s3": data_rows.on_s3,
    "wire": wire_rows.wire,
    "frame": data_rows.data_frame,
    "array": data_rows.big_array,
    "text": data_rows.text_frame,
    "records": data_rows.records,
    "state": data_rows.state_dict,
    "arrow": data_rows.arrow_table,
    "polars": data_rows.polars_table,
}


def main() -> None:
    """Measure the groups that are named, or all."""
    asked = _asked()
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, open_bench(Path(folder)) as bench:
        for name in asked.groups or GROUPS:
            began, used = time.monotonic(), _used()
            found[name] = []
            for row in GROUPS[name](bench, asked.runs):
                sys.stdout.write(f"{line_of(row)}\n")
                sys.stdout.flush()
                found[name].append(line_of(row))
            sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s, {_used() - used:.0f} s CPU\n")
    if asked.write or not asked.groups:
        titles = {name: _first_line(rows) for name, rows in GROUPS.items()}
        RESULTS.write_text(page({**read(RESULTS), **found}, titles, asked.runs), encoding="utf-8")


def _asked() -> argparse.Namespace:
    kinds = "\n".join(f"  {name:12}{_first_line(rows)}" for name, rows in GROUPS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure flowc beside Metaflow. Without a group all are measured, and bench/RESULTS.md is written.",
        epilog=f"groups of rows:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="measure these alone, and print them")
    parser.add_argument("--write", action="store_true", help="put them in their place in bench/RESULTS.md, too")
    parser.add_argument("--runs", type=int, default=5, help="how often a command is repeated (5)")
    asked = parser.parse_args()
    unknown = [name for name in asked.groups if name not in GROUPS]
    if unknown:
        parser.error(f"there is no group {unknown[0]!r}; there are {', '.join(GROUPS)}")
    return asked


def _used() -> float:
    """Processor seconds of this process and its children so far."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, kinds))


def _first_line(rows: Rows) -> str:
    return (rows.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    main()
