"""What can be wrong with a flow: the rules by the hundreds of their codes, and what a misspelt name was meant to be.

`fc1xx` reading a file, `fc2xx` the shape of a flow, `fc4xx` artifacts, `fc5xx` values and options, `fc6xx` what no target runs or
only an import tells; a target's own gaps (FC3xx) stand in its backend. May import: `compiler.diagnostics`. A rule's cases are in
`tests/diagnostics`.
"""
