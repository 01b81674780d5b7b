"""What can be wrong with a flow: the rules by the hundreds of their codes, and what a misspelt name was meant to be.

May import: `compiler.diagnostics`. Start reading in `fc2xx`: `fc1xx` is reading a file, `fc2xx` the shape of a flow, `fc4xx` artifacts,
`fc5xx` values and options, `fc6xx` what no target runs or only an import tells. What a target cannot do (FC3xx, some FC6xx) stands in
`compiler.backends`. The cases of a rule are in `tests/diagnostics`: reading, shape and transition, dataflow, option and parameter.
"""
