"""How steps fail, what retries, catches and ends them, and what a run can be resumed from."""
