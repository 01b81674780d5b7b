"""A flow as a picture: text, mermaid, dot, SVG, a page, and documents for programs.

May import: difference and what stands below it; never click. networkx is imported in `networks` alone. The regions of a plan are nested and
in series, so where everything stands follows from them: `drawing` says what stands in what, `placing` where.
Start reading in `drawing`.
"""
