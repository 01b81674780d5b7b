"""Runs and tasks told to an MLflow server, where `FLOWC_MLFLOW` asks for it: nothing here is imported where it does not.

May import: artifacts and store, and the ground. Start reading in `task_run`, which a task calls: at its begin, with what it leaves, at its
end. `server` has the requests, `runs` which run there belongs to which run and task here, `facts` what is told.
"""
