"""What flowc costs, beside Metaflow in the same run: `python -m bench` prints a table and writes `bench/RESULTS.md`."""
