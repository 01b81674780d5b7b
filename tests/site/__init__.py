"""The documents as a site: what is printed from code, how it is built (`python -m tests.site.build`), and that what pages show happens.

Start reading in `build`; `session` runs a page's commands as a reader would.
"""
