"""What `python -m flowc` is where the stub stands in for the shim."""
