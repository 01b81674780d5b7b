"""What a flow is made of: its import closure, and the files that belong to it.

May import: frontend's text and findings, and the rooms below. It reads modules as text and runs nothing. Start reading in `members`.
"""
