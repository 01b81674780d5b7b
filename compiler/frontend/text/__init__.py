"""Files as text and trees: decoding, places, syntax errors, and which names a module binds. It knows nothing of flows or values.

May import: findings. Start reading in `source`, then `modules`, which follows names across the repository.
"""
