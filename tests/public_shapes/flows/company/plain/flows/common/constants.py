BATCH = 10
TAGS = ["team:growth"]
