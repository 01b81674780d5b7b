from metaflow import FlowSpec, IncludeFile, Parameter, step


def connect(path=":memory:"):
    import duckdb

    return duckdb.connect(path)


class DuckReportFlow(FlowSpec):
    query = IncludeFile("query", default="report.sql", is_text=True, encoding="utf-8")
    since = Parameter("since", default="2024-01-01", help="ISO date")
    top = Parameter("top-n", default=10, type=int)

    @step
    def start(self):
        assert self.query, "the query is empty"
        self.statements = [part.strip() for part in self.query.split(";") if part.strip()]
        self.next(self.run_query, foreach="statements")

    @step
    def run_query(self):
        with connect() as db:
            self.rows = db.execute(self.input, {"since": self.since, "top": self.top}).fetchall()
        self.statement = self.index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.rows for each in sorted(inputs, key=lambda each: each.statement)]
        self.next(self.end)

    @step
    def end(self):
        for rows in self.results:
            print(*rows, sep="\n")


if __name__ == "__main__":
    DuckReportFlow()
