"""What a notebook shows of an object of the client: a small table of HTML.

May import: nothing of the client, whose objects it is given. Start reading in `html`.
"""
