"""A task of any run done again here: which one and with what (`chosen`, `code`, `scratch`), done (`doing`), compared and told.

May import: call and what stands below it; only its command imports it. Start reading in `replaying`.
"""
