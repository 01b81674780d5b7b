GREETING = "good " + "day"
LIMITS = {"low": 0, "high": 1}
