"""The commands that show flows and runs as pictures and pages: on a terminal, in a browser, in an editor.

May import: everything but another command. Start reading in `show`.
"""
