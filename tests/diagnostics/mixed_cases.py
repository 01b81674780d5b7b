"""Several mistakes in one file, several flows in one file, and letters that are not ASCII."""

CASES = {
    "mistakes of every kind at once": """
from metaflow import FlowSpec, Parameter, retry, schedule, step

@schedule(cron="0 6 * *")
          ^^^^^^^^^^^^^^ FC520
class Many(FlowSpec):
    size = Parameter("size", type=int, default="big")
                                       ^^^^^^^^^^^^^ FC546

    @retry(times=-1)
           ^^^^^^^^ FC511
    @step
    def start(self):
        self.items = [1]
        self.next(self.wrok, foreach="items")
                  ^^^^^^^^^ FC242

    @step
    def work(self):
        self.size = 3
        ^^^^^^^^^ FC401
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def Alone(self):
        ^^^^^ FC210
        ^^^^^ FC266
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "a wrong option hides nothing of what a join lets go": """
from metaflow import FlowSpec, schedule, step

@schedule(cron="61 * * * *")
          ^^^^^^^^^^^^^^^^^ FC520
class Many(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.j)

    @step
    def b(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        print(self.x)
              ^^^^^^ FC407
""",
    "a wrong shape hides no misspelt artifact, and is none itself": """
from metaflow import FlowSpec, step

class Many(FlowSpec):
    @step
    def start(self):
        self.total = 1
        self.next(self.load)

    def load(self):
        ^^^^ FC271
        self.rows = self.total
        self.next(self.show)

    @step
    def show(self):
        print(self.rows, self.totl)
                         ^^^^^^^^^ FC404
        if hasattr(self, "maybe"):
            print(self.maybe)
        self.next(self.end)

    @step
    def end(self):
        print(self.total)
""",
    "two flows, each with a mistake": """
from metaflow import FlowSpec, step

class A(FlowSpec):
      ^ FC217
    @step
    def begin(self):
        self.next(self.end)

    @step
    def end(self):
        pass

class B(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.end, foreach="x")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC202

    @step
    def end(self):
        pass
""",
    "a mistake in a base is found once, where it is": """
from metaflow import FlowSpec, step

class Base(FlowSpec):
    @step
    def start(self):
        self.next(self.work)

    @step
    def end(self):
        self.next(self.start)
        ^^^^^^^^^^^^^^^^^^^^^ FC236

class A(Base):
    @step
    def work(self):
        self.next(self.end)

class B(Base):
    @step
    def work(self):
        self.next(self.end)
""",
    "columns are letters, not bytes": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        "é漢🎬"; self.next(self.ende)
                         ^^^^^^^^^ FC242

    @step
    def end(self):
        pass
""",
    "tabs count as one column": """
from metaflow import FlowSpec, step

class F(FlowSpec):
	@step
	def start(self):
		self.next(self.ende)
            ^^^^^^^^^ FC242

	@step
	def end(self):
		pass
""",
    "a transition over several lines": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.xs = [1]
        self.next(
        ^^^^^^^^^^ FC202
            self.a,
            foreach="xs",
        )

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "the join of a branch whose transition is wrong is not blamed": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next("j")
                  ^^^ FC241

    @step
    def b(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
}
