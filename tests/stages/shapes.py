"""Shapes of flows as scripts, for engines that run a stub in place of the shim."""

from __future__ import annotations

from tests.argo.stage import Script
from tests.stages.plans import flow

SHAPES = {
    "linear": (flow(start="a", a="end", end=""), Script()),
    "underscores": (flow(start="a_b, a__b", a_b="+ j", a__b="+ j", j="+ end", end=""), Script()),
    "reserved": (flow(start="true", true="let", let="nil", nil="end", end=""), Script()),
    "split": (flow(start="a, b", a="c", c="j", b="j", j="+ end", end=""), Script()),
    "nested split": (flow(start="a, b", a="c, d", c="k", d="k", k="+ j", b="j", j="+ end", end=""), Script()),
    "foreach": (flow(start="a*", a="j", j="+ end", end=""), Script({"start": 3})),
    "twice": (flow(start="a*", a="j", j="+ b*", b="k", k="+ end", end=""), Script({"start": 2, "j": 3})),
    "split in foreach": (
        flow(start="a*", a="b, c", b="d", c="d", d="+ j", j="+ end", end=""),
        Script({"start": 2}),
    ),
    "foreach in split": (
        flow(start="a, b", a="c*", c="k", k="+ j", b="j", j="+ end", end=""),
        Script({"a": 2}),
    ),
    "nested foreach": (
        flow(start="a*", a="b*", b="c*", c="k", k="+ l", l="+ m", m="+ end", end=""),
        Script({"start": 2, "a@0": 1, "a@1": 2, "b@0.0": 2, "b": 1}),
    ),
    "foreach after split in foreach": (
        flow(start="a*", a="b, c", b="d*", d="e", e="+ f", f="g", c="g", g="+ h", h="+ end", end=""),
        Script({"start": 2, "b@0": 1, "b@1": 3}),
    ),
    "switch": (
        flow(start="l1 | r1", l1="l2", l2="meet", r1="meet", meet="end", end=""),
        Script(case={"start": 1}),
    ),
    "straight case": (
        flow(start="l1 | meet", l1="l2", l2="meet", meet="end", end=""),
        Script(case={"start": 1}),
    ),
    "straight case not taken": (
        flow(start="l1 | meet", l1="l2", l2="meet", meet="end", end=""),
        Script(case={"start": 0}),
    ),
    "straight case of a switch that is not reached": (
        flow(start="sw | l", sw="m | meet", m="meet", l="meet", meet="end", end=""),
        Script(case={"start": 1}),
    ),
    "straight case of a nested switch": (
        flow(start="sw | l", sw="m | meet", m="meet", l="meet", meet="end", end=""),
        Script(case={"start": 0, "sw": 1}),
    ),
    "switch in foreach": (
        flow(start="a*", a="l1 | r1", l1="l2", l2="m", r1="m", m="j", j="+ end", end=""),
        Script({"start": 3}, {"a@0": 0, "a@1": 1, "a@2": 0}),
    ),
    "switch in switch": (
        flow(start="a | b", a="c | d", c="m", d="m", m="n", b="n", n="end", end=""),
        Script(case={"start": 0, "a": 1}),
    ),
    "foreach in an arm": (
        flow(start="a | b", a="x*", x="k", k="+ m", b="m", m="end", end=""),
        Script({"a": 2}, {"start": 0}),
    ),
    "foreach in the other arm": (
        flow(start="a | b", a="x*", x="k", k="+ m", b="m", m="end", end=""),
        Script({"a": 2}, {"start": 1}),
    ),
}
