"""What a task leaves in the store and how it is found again: addresses, manifests, pickles, and which attempt counts.

May import: the store and the ground. It never looks at an author's class or module. Start reading in `address`, then
`manifest`; which attempt counts is decided in `ordering`, what `self` keeps in `saving`, what a task starts from in `loading`.
"""
