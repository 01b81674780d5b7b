DEFAULTS = {"horizon": 28, "frequency": "D"}
MEMORY = 4 * 1024
