"""The image of a flow: its recipe and context, and whether what it installs brings what the code imports.

May import: the closure, the settings, the archive. It never builds one: `flowc image --build` calls the tool that does.
"""
