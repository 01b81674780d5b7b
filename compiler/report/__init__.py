"""What becomes of findings: text, JSON, annotations, SARIF; and the fixes that they carry, made in the file.

May import: the frontend (to read a mended file again), ir, `compiler.diagnostics`, which has the findings themselves. Start
reading in `render`.
"""
