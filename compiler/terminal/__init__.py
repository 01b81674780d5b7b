"""What a person sees: findings, files that are written, the progress of a run, colours, a crash.

May import: report, diagnostics, and the events of `compiler.run`. It decides nothing. Start reading in `findings`.
"""
