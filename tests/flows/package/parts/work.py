class Work:
    def __init__(self, names):
        self.names = names

    def line(self, greeting, name):
        return f"{greeting}, {name.title()}"
