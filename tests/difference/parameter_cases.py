"""Prepared pairs whose parameters and configs differ: what is edited, and exactly what that means."""

from __future__ import annotations

from compiler.difference.changes import (
    ConfigAdded,
    ConfigChanged,
    ParameterAdded,
    ParameterAttributeRenamed,
    ParameterDefaultChanged,
    ParameterHelpChanged,
    ParameterListChanged,
    ParameterMadeOptional,
    ParameterMadeRequired,
    ParameterRemoved,
    ParameterRenamed,
    ParametersReordered,
    ParameterTypeChanged,
    RequiredParameterAdded,
)
from compiler.difference.part_changes import (
    ArtifactRead,
    ArtifactUnread,
    StepCodeChanged,
)
from tests.difference.prepared import Case

_ALPHA = '    alpha = Parameter("alpha", help="How fast.", default=0.5)\n'
_ROWS = '    rows = Parameter("rows", help="How many.", type=int, default=10)\n'

PARAMETERS = (
    Case(
        "a parameter is new",
        ((_ROWS, _ROWS + '    beta = Parameter("beta", default=1)\n'),),
        ((ParameterAdded("beta", "1"), "parameter `beta` is new, by default `1`"),),
    ),
    Case(
        "a required parameter is new",
        ((_ROWS, _ROWS + '    beta = Parameter("beta", required=True)\n'),),
        ((RequiredParameterAdded("beta"), "parameter `beta` is new and required"),),
    ),
    Case(
        "a parameter is gone",
        ((_ROWS, ""), ("tidy(self.rows)", "tidy(7)")),
        (
            (ParameterRemoved("rows"), "parameter `rows` is gone"),
            (ArtifactUnread("left", "rows"), "`left` no longer reads `rows`"),
            (StepCodeChanged("left"), "the code of `left` is another"),
        ),
    ),
    Case(
        "a parameter is renamed",
        (('Parameter("rows"', 'Parameter("lines"'),),
        ((ParameterRenamed("rows", "lines"), "parameter `rows` is called `lines` now"),),
    ),
    Case(
        "a parameter is renamed in the code too",
        (('rows = Parameter("rows"', 'lines = Parameter("lines"'), ("self.rows", "self.lines")),
        (
            (ParameterRenamed("rows", "lines"), "parameter `rows` is called `lines` now"),
            (ArtifactRead("left", "lines"), "`left` now reads `lines`"),
            (ArtifactUnread("left", "rows"), "`left` no longer reads `rows`"),
            (StepCodeChanged("left"), "the code of `left` is another"),
        ),
    ),
    Case(
        "a parameter is renamed in the code alone",
        (('rows = Parameter("rows"', 'lines = Parameter("rows"'), ("self.rows", "self.lines")),
        (
            (
                ParameterAttributeRenamed("rows", "rows", "lines"),
                "parameter `rows` is the artifact `lines` now, before `rows`",
            ),
            (ArtifactRead("left", "lines"), "`left` now reads `lines`"),
            (ArtifactUnread("left", "rows"), "`left` no longer reads `rows`"),
            (StepCodeChanged("left"), "the code of `left` is another"),
        ),
    ),
    Case(
        "a parameter has another type and default",
        (("type=int, default=10", "type=float, default=10.5"),),
        (
            (ParameterTypeChanged("rows", "int", "float"), "parameter `rows` is `float` now, before `int`"),
            (ParameterDefaultChanged("rows", "10", "10.5"), "parameter `rows` is `10.5` by default, before `10`"),
        ),
    ),
    Case(
        "a parameter is required now",
        (("type=int, default=10", "type=int, required=True"),),
        ((ParameterMadeRequired("rows", "10"), "parameter `rows` is required now, before it was `10` by default"),),
    ),
    Case(
        "a parameter is not required any more",
        (),
        ((ParameterMadeOptional("rows", "10"), "parameter `rows` need not be given any more, by default it is `10`"),),
        (("type=int, default=10", "type=int, required=True"),),
    ),
    Case(
        "a parameter has another help",
        (("How many.", "How many there are."),),
        ((ParameterHelpChanged("rows"), "the help of parameter `rows` is another"),),
    ),
    Case(
        "a parameter may be given several times",
        (("type=int, default=10", "type=int, default=[10], multiple=True"),),
        (
            (ParameterDefaultChanged("rows", "10", "[10]"), "parameter `rows` is `[10]` by default, before `10`"),
            (
                ParameterListChanged("rows", "one value", "several values"),
                "parameter `rows` takes `several values` now, before `one value`",
            ),
        ),
    ),
    Case(
        "parameters change places",
        ((_ALPHA + _ROWS, _ROWS + _ALPHA),),
        (
            (
                ParametersReordered(("alpha", "rows", "kind"), ("rows", "alpha", "kind")),
                "the parameters stand in another order: `rows`, `alpha`, `kind`",
            ),
        ),
    ),
    Case(
        "a default that is a secret",
        (
            ('"kind", help="Which.", default="big"', '"kind", help="Which.", default="small"'),
            (_ROWS, _ROWS + '    api_token = Parameter("api_token", default="two")\n'),
        ),
        (
            (
                ParameterAdded("api_token", "a value that is not shown"),
                "parameter `api_token` is new, by default `a value that is not shown`",
            ),
            (
                ParameterDefaultChanged("kind", '"big"', '"small"'),
                'parameter `kind` is `"small"` by default, before `"big"`',
            ),
        ),
    ),
    Case(
        "a config is new",
        ((_ROWS, _ROWS + '    sizes = Config("sizes", default_value=\'{"big": 3}\')\n'),),
        ((ConfigAdded("sizes"), "config `sizes` is new"),),
    ),
    Case(
        "a config has another value",
        ((_ROWS, _ROWS + '    sizes = Config("sizes", default_value=\'{"big": {"n": 4}}\')\n'),),
        ((ConfigChanged("sizes", "big.n", "3", "4"), "config `sizes` has another value at `big.n`: `4`, before `3`"),),
        ((_ROWS, _ROWS + '    sizes = Config("sizes", default_value=\'{"big": {"n": 3}}\')\n'),),
    ),
)
