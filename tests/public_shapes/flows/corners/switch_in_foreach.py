from metaflow import FlowSpec, Parameter, step


class RoutingFlow(FlowSpec):
    """Each document takes the way of its kind; the ways meet before the join."""

    documents = Parameter("documents", default="a.pdf,b.txt,c.png", separator=",")

    @step
    def start(self):
        self.queue = list(self.documents)
        self.next(self.route, foreach="queue")

    @step
    def route(self):
        self.document = self.input
        self.kind = self.document.rpartition(".")[2]
        if self.kind not in ("pdf", "txt"):
            self.kind = "other"
        self.next(
            {"pdf": self.parse_pdf, "txt": self.read_text, "other": self.skip},
            condition="kind",
        )

    @step
    def parse_pdf(self):
        self.text = "pdf"
        self.next(self.summarize)

    @step
    def read_text(self):
        self.text = "text"
        self.next(self.summarize)

    @step
    def skip(self):
        self.text = None
        self.next(self.summarize)

    @step
    def summarize(self):
        self.summary = None if self.text is None else self.text.upper()
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.summaries = {each.document: each.summary for each in inputs}
        self.next(self.end)

    @step
    def end(self):
        print(self.summaries)


if __name__ == "__main__":
    RoutingFlow()
