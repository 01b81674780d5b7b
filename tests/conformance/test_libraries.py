"""Libraries with threads of their own, used where the flow's module is imported and in its tasks: no task waits for a lock for ever."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conformance.plan import LONG
from tests.engines import FlowCase
from tests.engines.local import run_local
from tests.engines.venvs import venv

FLOW = """
{imports}
from flowc import FlowSpec, step
def used():
    {used}
AT_IMPORT = used()
class F(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.each, foreach="items")
    @step
    def each(self):
        assert used() == AT_IMPORT
        self.next(self.join)
    @step
    def join(self, inputs):
        self.n = 0
        self.next(self.loop)
    @step
    def loop(self):
        assert used() == AT_IMPORT
        self.n += 1
        self.more = self.n < 3
        self.next({{True: self.loop, False: self.end}}, condition="more")
    @step
    def end(self):
        assert used() == AT_IMPORT
"""

USES = {
    "polars": (
        "import polars as pl",
        "return pl.DataFrame({'a': list(range(50_000)), 'b': [1, 2] * 25_000}).group_by('b').agg(pl.col('a').sum()).height",
    ),
    "lightgbm": (
        "import lightgbm as lgb, numpy as np",
        "return lgb.train({'verbose': -1, 'num_threads': 2}, lgb.Dataset(np.arange(20_000.0).reshape(2_000, 10), "
        "np.arange(2_000.0)), 2).num_trees()",
    ),
    "pyarrow": (
        "import pyarrow as pa",
        "return pa.table({'a': list(range(500_000)), 'b': [1, 2] * 250_000}).group_by('b').aggregate([('a', 'sum')]).num_rows",
    ),
    "scikit-learn": (
        "import numpy as np\nfrom sklearn.ensemble import HistGradientBoostingRegressor",
        "return int(HistGradientBoostingRegressor(max_iter=2).fit(np.arange(20_000.0).reshape(2_000, 10), "
        "np.arange(2_000.0)).n_iter_)",
    ),
    "numpy": ("import numpy as np", "a = np.ones((300, 300))\n    return float((a @ a).sum())"),
}


@pytest.mark.skipif(not LONG, reason="the wheels are large: `make conformance`")
@pytest.mark.parametrize("library", USES)
def test_a_library_with_threads_holds_no_task_up(library: str, tmp_path: Path) -> None:
    imports, used = USES[library]
    (tmp_path / "flow.py").write_text(FLOW.format(imports=imports, used=used), encoding="utf-8")
    packages = venv("libraries") / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    case = FlowCase(tmp_path / "flow.py", "F", environment={"PYTHONPATH": str(packages)})
    assert run_local(case, tmp_path / "run").success
