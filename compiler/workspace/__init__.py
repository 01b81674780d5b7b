"""The author's folder: its settings, which files belong to the code, the archive and the image made of them.

May import: backends, ir. It never reads a flow. Start reading in `settings`.
"""
