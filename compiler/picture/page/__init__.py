"""The picture as one page that needs nothing else: its elements, its style and its script in one file.

Start reading in `html`; the script beside it folds, finds, moves and tells, and places what is left by the rules of `placing`.
"""
