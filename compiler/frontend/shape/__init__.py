"""The shape of a flow: reached from the start, no circles, every split joined.

May import: findings, and `compiler.ir`. It never looks at a syntax tree. Start reading in `topology`, then `levels`.
"""
