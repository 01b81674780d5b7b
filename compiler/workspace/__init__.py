"""The author's folder: its settings, which files belong to the code, the archive and the image made of them.

May import: backends, ir; the room `closure`, which reads modules as text, also the frontend's text. Start reading in `settings`.
"""
