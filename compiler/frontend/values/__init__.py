"""What expressions and classes of the text are worth, without running any of it.

May import: text, findings. Start reading in `evaluator`; what all expressions of a file share is `scope.FileReading`.
"""
