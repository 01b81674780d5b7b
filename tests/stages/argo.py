"""Workflows of one and two steps for Argo's interpreter."""

from __future__ import annotations

import json

from tests.argo.controller import ECHO, main

OK = "- {name: ok, container: {image: i, command: ['true']}}\n"


BAD = "- {name: bad, container: {image: i, command: ['false']}}\n"


def one(value: str) -> str:
    """A workflow that gives a value to an echo."""
    return main(
        f"- {{name: r, template: echo, arguments: {{parameters: [{{name: x, value: {json.dumps(value)}}}]}}}}", ECHO
    )


def two(item: str) -> str:
    """A workflow that gives one echo's output to another."""
    return main(
        f"""
        - {{name: a, template: echo, arguments: {{parameters: [{{name: x, value: {json.dumps(item)}}}]}}}}
        - name: r
          depends: a.Succeeded
          template: echo
          arguments: {{parameters: [{{name: x, value: '{{{{tasks.a.outputs.parameters.x}}}}'}}]}}
        """,
        ECHO,
    )
