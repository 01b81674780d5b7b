from metaflow import FlowSpec, step, IncludeFile, Parameter


def script_path(filename):
    """
    A convenience function to get the absolute path to a file in this
    tutorial's directory.
    """
    import os

    filepath = os.path.join(os.path.dirname(__file__))
    return os.path.join(filepath, filename)


class GenreStatsFlow(FlowSpec):
    table = IncludeFile("table", help="The path to a CSV file.", default=script_path("films.csv"))

    @step
    def start(self):
        import csv
        from io import StringIO

        self.rows = list(csv.DictReader(StringIO(self.table)))
        self.genres = {genre for row in self.rows for genre in row["genres"].split("|")}
        self.genres = list(self.genres)
        self.next(self.compute_statistics, foreach="genres")

    @step
    def compute_statistics(self):
        self.genre = self.input
        values = sorted(int(row["gross"]) for row in self.rows if self.genre in row["genres"])
        self.median = values[len(values) // 2]
        self.quartiles = [values[int(len(values) * q)] for q in (0.25, 0.5, 0.75)]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.genre_stats = {
            inp.genre.lower(): {"quartiles": inp.quartiles, "median": inp.median} for inp in inputs
        }
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GenreStatsFlow()
